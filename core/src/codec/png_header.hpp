// What a PNG says before its image data: IHDR, PLTE, tRNS, acTL (specification, third edition, 11.2, 11.3).
#pragma once

#include <cstddef>
#include <cstdint>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "codec/decoder.hpp"
#include "codec/png_rows.hpp"

namespace photo_core {

// Where a frame lies in the picture: not empty, and wholly inside.
struct PngFrame {
  std::uint32_t x = 0, y = 0, width = 0, height = 0;
};

// Everything before the image data.
struct PngHeader {
  ImageInfo info;
  PngPixelFormat format;
  bool is_interlaced = false;
  // Offset of the first IDAT chunk, or of the first fdAT chunk where that is the animation's first frame.
  std::size_t image_data = 0;
  // What the image data holds: the whole picture, or an animation's first frame with nothing around it. The picture
  // has alpha then, whatever the format.
  PngFrame frame;

  bool fills_picture() const { return frame.width == info.width_px && frame.height == info.height_px; }
};

// Rows of `width` pixels that the decoder inflates at a time.
std::uint32_t png_rows_in_band(const PngPixelFormat& format, std::uint32_t width);

// corrupt_image or truncated_image when there is no picture behind it. Ancillary chunks never fail it.
Result<PngHeader> read_png_header(ByteView source);

}  // namespace photo_core
