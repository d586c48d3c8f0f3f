// The one shape that every encoder has: begin with a layout, take rows top to bottom, finish with the file's bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "image/planes.hpp"

namespace photo_core {

constexpr std::uint32_t webp_max_side_px = 16'383;      // RFC 9649, 3.4; RFC 6386, 9.1
constexpr std::uint64_t webp_quick_pixels = 512 * 512;  // up to here a thumbnail, made fast
constexpr double full_chroma_quality = 90;              // of a JPEG: from here on chroma is not subsampled

struct EncodeRequest {
  double quality = 82;       // 1..100, fractions allowed (a byte limit may need them); JPEG and WebP
  bool progressive = false;  // JPEG
  bool half_chroma = false;  // JPEG: 4:2:0 at quality 90 and above too
  ByteView icc_profile;      // written when not empty (JPEG APP2, PNG iCCP, WebP ICCP)
  // Gives a TIFF structure ("II*\0…") for a picture as it is stored, written when not empty, in the format's own
  // wrapping.
  std::function<Bytes(const PlaneLayout&)> exif;
  bool palette = false;           // PNG: write a palette when the picture has at most 256 colours
  bool is_limited = false;        // WebP: small, whatever the size, since a byte limit is to be met
  bool is_estimate = false;       // estimate() ends it: nothing needs to be written
  std::function<void()> on_turn;  // called every few rows, also within finish(); may do something else in between

  Bytes exif_of(const PlaneLayout& layout) const { return exif ? exif(layout) : Bytes{}; }
  void turn() const {
    if (on_turn) on_turn();
  }
};

// Takes a picture as rows in the layout it asked for and gives a whole file.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // The layout the encoder wants for a picture of this size and content: JPEG wants ycc (4:2:0 below quality 90, else
  // 4:4:4) or gray; WebP wants ycc 4:2:0 full range when opaque, rgb + alpha else; PNG wants gray or rgb (+ alpha).
  virtual PlaneLayout wanted(const PlaneLayout& source) const = 0;
  // `layout` must be what wanted() gave.
  virtual Status begin(const PlaneLayout& layout) = 0;
  // The next rows of every plane, in step: rows [y, y + n) of luma and the chroma rows that belong to them, where y is
  // a multiple of the vertical subsampling and n too except at the end. The encoder copies what it needs.
  virtual Status rows(const Band& band) = 0;
  virtual Result<Bytes> finish() = 0;
  // Instead of finish(), under `is_estimate`: how many bytes that would give, about. JPEG counts its symbols and writes
  // none: within 0.5 percent, of a progressive file the bytes that it has as a sequential one. WebP is encoded quickly:
  // 2 to 5 percent too many. PNG looks for hardly any matches: photos have none, some
  // drawings have a quarter too many then.
  virtual Result<std::size_t> estimate() {
    auto file = finish();
    if (!file) return std::move(file).error();
    return file->size();
  }
};

std::unique_ptr<Encoder> make_jpeg_encoder(const EncodeRequest& request);
std::unique_ptr<Encoder> make_png_encoder(const EncodeRequest& request);
std::unique_ptr<Encoder> make_webp_encoder(const EncodeRequest& request);

}  // namespace photo_core
