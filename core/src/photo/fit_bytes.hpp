// Under a byte limit in at most three encodes.
#pragma once

#include <cstdint>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "image/planes.hpp"
#include "photo/encode.hpp"

namespace photo_core {

struct FittedImage {
  Bytes bytes;
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  int encodes = 0;  // of the whole picture, the caller's first among them
};

// Encodes a frame, whose first encode gave `first_bytes` (it counts as one of the three) and was too large, so that the
// file has at most `max_bytes`: by lower quality first, then by fewer pixels. It lands at 90 percent of the limit or
// more unless the picture's bytes jump over that at every setting. Encodes go on after the third, up to twelve, only
// where none fits. Errors: output_too_large.
Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes);

}  // namespace photo_core
