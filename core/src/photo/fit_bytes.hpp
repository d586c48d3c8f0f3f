// Under a byte limit in at most three encodes, or the work of so many.
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
  int encodes = 0;  // of more than half a megapixel, and the caller's first
};

// Encodes a frame, whose first encode gave `first_bytes` (it counts as one of the three) and was too large, so that the
// file has at most `max_bytes`: by lower quality first, then by fewer pixels. It lands at 90 percent of the limit or
// more unless the picture's bytes jump over that at every quality and size tried. A picture that comes out with half a
// megapixel or less takes milliseconds and is tried up to 16 times, with four megapixels in all. Errors:
// output_too_large.
Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes);

}  // namespace photo_core
