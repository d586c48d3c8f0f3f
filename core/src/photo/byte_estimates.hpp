// What a picture gives at the settings that a byte limit may need: whole files, and guesses that cost less.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "image/planes.hpp"
#include "photo/byte_search.hpp"
#include "photo/encode.hpp"

namespace photo_core {

// libjpeg's scale of its quantiser tables for a quality, in percent, and back.
double step_of(double quality);
double quality_of(double step);

// What a file of at most `limit` bytes has beside its picture's data, about, in bytes: less than the limit.
double headers_of(const OutputSpec& spec, const PlaneLayout& layout, double limit);

// An edge of which the picture has `fewer` log pixels.
std::uint32_t scaled(std::uint32_t edge, double fewer);

// A JPEG whose chroma is whole: where it is halved, with quantisers so much finer that the bytes do not jump.
struct ChromaSwitch {
  double at = std::numeric_limits<double>::infinity();  // of `coarser`
  double finer = 0;

  bool is_on(double coarser) const { return coarser > at; }
  // The log quantiser step of luma and chroma alike.
  double step(double coarser) const { return coarser - (is_on(coarser) ? finer : 0); }
};

// Keeps the frame and the spec by reference.
class ByteEstimates {
 public:
  // A setting, and about the log bytes of its data.
  struct Estimate {
    Setting setting;
    double log_bytes = 0;
  };

  // `header_bytes` of a file are not its picture's data.
  ByteEstimates(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double header_bytes);

  double pixels_of(const Setting& setting) const;
  // Half a megapixel or less: then estimates of the whole picture cost little.
  bool is_small(const Setting& setting) const;
  double log_body(double file_bytes) const { return natural_log(std::max(1.0, file_bytes - header_bytes_)); }

  // The file.
  Result<Bytes> encode(const Setting& setting) const;

  // Where quality is to fall from full chroma: says where chroma is halved, and how the bytes go on from there.
  void halve_chroma();
  const ChromaSwitch& chroma() const { return chroma_; }

  // About the log bytes of the picture's data. Empty when twelve times the frame's pixels have been estimated (or four
  // megapixels, which are more of a small one), or where the picture cannot be encoded.
  std::optional<double> of_whole(const Setting& setting);
  const std::vector<Estimate>& whole() const { return whole_; }
  // Forgets those estimates: from now on they are files that are not kept, and take as long.
  void be_exact();
  bool is_exact() const { return is_exact_; }

  // The log bytes of the data of strips of the picture: only differences between them count. Empty when the picture is
  // too low for strips.
  std::optional<double> of_strips(const Setting& setting);
  // Before the first strips: the log pixels that may have to be given up.
  void expect_fewer(double fewer) { fewer_ = fewer; }

 private:
  static const Estimate* find(const std::vector<Estimate>& all, const Setting& setting);
  OutputSpec spec_at(const Setting& setting) const;

  const Frame& frame_;
  const OutputSpec& spec_;
  const bool drop_alpha_;
  const double header_bytes_;
  ChromaSwitch chroma_;
  std::vector<Estimate> whole_;
  double pixels_left_;
  bool is_exact_ = false;
  std::optional<Frame> strips_;
  std::vector<Estimate> of_strips_;
  double fewer_ = 0;
};

}  // namespace photo_core
