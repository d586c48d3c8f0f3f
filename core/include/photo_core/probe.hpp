// What the header alone tells about a picked file: no pixel is decoded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <photo_core/errors.gen.hpp>
#include <photo_core/result.hpp>

namespace photo_core {

// Facts of the moment of capture. Absent means not recorded or not believable.
struct CaptureData {
  std::string time;  // ISO 8601 as recorded: "2024-05-01T12:34:56.78+02:00"; no offset when the camera wrote none
  std::string make;
  std::string model;
  std::string lens;
  std::optional<double> exposure_seconds;
  std::optional<double> f_number;
  std::optional<std::uint32_t> iso;
  std::optional<double> focal_length_mm;
  std::optional<double> focal_length_35mm;
  // WGS 84, decimal degrees; only when asked for.
  std::optional<double> latitude;
  std::optional<double> longitude;
  std::optional<double> altitude_m;
};

// What a file's header says. Of a damaged or cut file whose header is whole it says the same.
struct PhotoProbe {
  std::string format;  // "jpeg", "png", "webp"
  std::string mime_type;
  std::uint32_t width_px = 0;  // as displayed, upright
  std::uint32_t height_px = 0;
  int orientation = 1;                // Exif 1..8, as stored
  std::uint32_t bits_per_sample = 8;  // 1, 2, 4, 8 or 16
  bool has_alpha = false;             // whether there is a channel, or a transparent colour, used or not
  std::uint32_t frames = 1;           // above 1: an animation, of which the first is taken
  bool progressive = false;
  std::string profile;    // description of the colour profile, empty without one
  bool gain_map = false;  // an HDR part beside the picture (Ultra HDR, Apple), which is reported and left out
  CaptureData capture;
  std::vector<WarningCode> warnings;
  std::uint64_t heap_bytes = 0;  // what preparing it with default options needs at most, source included
};

struct ProbeOptions {
  bool gps = false;                    // the position too
  std::string claimed_type;            // MIME type as claimed, may be empty; a difference is a warning
  std::uint64_t max_source_bytes = 0;  // 0: the contract's, here and below
  std::uint64_t max_pixels = 0;        // of the source
  std::uint64_t max_heap_bytes = 0;    // of the plan for one photo, the source included
  bool strict_type = false;            // a type that is claimed wrongly is an error
};

// Reads the header and the metadata; keeps nothing of `source`. Errors: empty_file, source_too_large, unsupported_type,
// type_mismatch (strict only), corrupt_image, truncated_image, too_many_pixels.
Result<PhotoProbe> probe_photo(std::span<const std::uint8_t> source, const ProbeOptions& options);

}  // namespace photo_core
