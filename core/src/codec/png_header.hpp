// What a PNG says before its image data: IHDR, PLTE, tRNS, acTL (specification, third edition, 11.2, 11.3).
#pragma once

#include <cstddef>
#include <cstdint>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "codec/decoder.hpp"
#include "codec/png_rows.hpp"

namespace photo_core {

// Everything before the image data.
struct PngHeader {
  ImageInfo info;
  PngPixelFormat format;
  bool is_interlaced = false;
  // Offset of the first IDAT chunk, or of the first fdAT chunk where that is the animation's first frame.
  std::size_t image_data = 0;
};

// Rows of `width` pixels that the decoder inflates at a time.
std::uint32_t png_rows_in_band(const PngPixelFormat& format, std::uint32_t width);

// corrupt_image or truncated_image when there is no picture behind it. Ancillary chunks never fail it.
Result<PngHeader> read_png_header(ByteView source);

}  // namespace photo_core
