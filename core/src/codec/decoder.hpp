// The one shape that every decoder has: open (header only, may fail), info, start (at a scale), next band.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "image/planes.hpp"

namespace photo_core {

enum class ImageFormat : std::uint8_t { jpeg, png, webp };

// What the header tells, before any pixel is decoded.
struct ImageInfo {
  ImageFormat format = ImageFormat::jpeg;
  std::uint32_t width_px = 0;  // as stored, before orientation
  std::uint32_t height_px = 0;
  std::uint32_t bits_per_sample = 8;
  // The file has an alpha channel or a transparent colour (used or not), or a frame that leaves some of it empty.
  bool has_alpha = false;
  std::uint32_t frames = 1;  // more than 1 for APNG and animated WebP: the first one is decoded
  bool is_palette = false;
  bool is_cmyk = false;  // CMYK or YCCK; decoded to rgb planes without a profile unless one is given
  bool is_gray = false;
  // JPEG
  bool is_progressive = false;
  bool is_arithmetic = false;
  bool needs_full_frame =
      false;            // the coefficients (an unusual JPEG of several scans) or the pixels (interlaced) are held whole
  bool is_ycc = false;  // three components in Y'CbCr
  std::uint32_t h_subsampling = 1;
  std::uint32_t v_subsampling = 1;
  // Bytes of memory that decoding at full size needs besides the source itself: an upper bound.
  std::uint64_t decode_bytes = 0;
};

// How to decode. Scaling is by N/8 (JPEG's DCT scaling; WebP and PNG decode at full size and ignore it).
struct DecodeRequest {
  std::uint32_t scale_eighths = 8;  // 1..8, size = ceil(stored * N / 8)
  // Truncated data: an error `truncated_image` (false), or what is there with the rest filled (true).
  bool allow_truncated = false;
  // CMYK sources: give the four ink planes as they are (0 = full ink after undoing Adobe's inversion is done by the
  // decoder: 255 = full ink) in planes 0..3 with model rgb + alpha, so that the colour step can apply the profile.
  bool raw_cmyk = false;
  // JPEG: where chroma is stored as much coarser across as down, and the scale leaves its blocks as many coefficients,
  // make it as fine as the luma (no subsampling then). False: keep it as it is stored.
  bool full_chroma = false;
  // PNG: 65 536 codes that colour samples of 16 bits become (ColourTransform::codes_of_16_bits), the caller's while
  // decoding lasts. null: the upper 8 bits, rounded.
  const std::uint8_t* codes_of_16_bits = nullptr;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const ImageInfo& info() const = 0;
  // Begins decoding; the layout says what `next` will give. Once only.
  virtual Result<PlaneLayout> start(const DecodeRequest& request) = 0;
  // The next rows. A band without rows in any plane means the end. Rows are valid until the next call.
  // Errors: corrupt_image, truncated_image, out_of_memory.
  virtual Result<Band> next() = 0;
  // Valid at the end: bytes of the source that the picture took (what follows is trailing data); 0 when unknown.
  virtual std::size_t consumed_bytes() const { return 0; }
  // Valid at the end: adds the pieces of the source within the coded picture that nothing was decoded from. A file
  // without them is the same picture. False when they cannot be told, or not be taken out.
  virtual bool find_surplus(ByteRanges&) const { return true; }
  // Valid at the end: data was missing and is filled in (only with `allow_truncated`).
  virtual bool was_cut() const { return false; }
};

// Each codec's door. `source` must outlive the decoder. Errors: corrupt_image, truncated_image, unsupported_type
// (a kind of this format that is not decoded, named in `detail`: "12-bit JPEG").
Result<std::unique_ptr<Decoder>> open_jpeg(ByteView source);
Result<std::unique_ptr<Decoder>> open_png(ByteView source);
Result<std::unique_ptr<Decoder>> open_webp(ByteView source);

}  // namespace photo_core
