// The RIFF container of WebP (WebP Container Specification): which bytes are the picture, and how large it is.
#pragma once

#include <cstdint>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"

namespace photo_core {

// The one picture that is decoded: a still, or the first frame of an animation.
struct WebpContainer {
  std::uint32_t canvas_width_px = 0;
  std::uint32_t canvas_height_px = 0;
  std::uint32_t frames = 1;  // as many as the file has, whole or not
  bool is_lossless = false;
  bool has_alpha = false;  // of the picture itself; a frame smaller than its canvas has transparency around it
  ByteView bitstream;      // payload of the VP8 or VP8L chunk, cut to what is there
  ByteView alpha;          // payload of the ALPH chunk, empty without one
  std::uint32_t x_px = 0;  // where the frame lies on the canvas
  std::uint32_t y_px = 0;
  std::uint32_t width_px = 0;  // of the frame
  std::uint32_t height_px = 0;
  std::size_t end = 0;  // offset behind the RIFF chunk, cut to the size of the source
  bool is_cut = false;  // the RIFF chunk says more bytes than there are

  bool fills_canvas() const { return width_px == canvas_width_px && height_px == canvas_height_px; }
};

// Walks the chunks; allocates nothing. Errors: truncated_image when the source ends before the picture's own header,
// corrupt_image for sizes that contradict each other.
Result<WebpContainer> read_webp_container(ByteView source);

}  // namespace photo_core
