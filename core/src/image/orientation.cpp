#include "image/orientation.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace photo_core {
namespace {

constexpr std::uint32_t tile = 16;  // rows and columns transposed at a time, so that both sides stay in the cache

// out(y, x) = in(source of (x, y)); `flip_x` and `flip_y` mirror the result.
void transpose_plane(const std::uint8_t* in, std::uint32_t width, std::uint32_t height, std::uint8_t* out, bool flip_x,
                     bool flip_y) {
  const std::uint32_t out_width = height, out_height = width;
  for (std::uint32_t top = 0; top < height; top += tile) {
    const std::uint32_t bottom = std::min(top + tile, height);
    for (std::uint32_t left = 0; left < width; left += tile) {
      const std::uint32_t right = std::min(left + tile, width);
      for (std::uint32_t x = left; x < right; ++x) {
        std::uint8_t* out_row = out + std::size_t{flip_y ? out_height - 1 - x : x} * out_width;
        for (std::uint32_t y = top; y < bottom; ++y) {
          out_row[flip_x ? out_width - 1 - y : y] = in[std::size_t{y} * width + x];
        }
      }
    }
  }
}

void mirror_plane(const std::uint8_t* in, std::uint32_t width, std::uint32_t height, std::uint8_t* out, bool flip_x,
                  bool flip_y) {
  for (std::uint32_t y = 0; y < height; ++y) {
    const std::uint8_t* row = in + std::size_t{y} * width;
    std::uint8_t* out_row = out + std::size_t{flip_y ? height - 1 - y : y} * width;
    if (flip_x) {
      std::reverse_copy(row, row + width, out_row);
    } else {
      std::memcpy(out_row, row, width);
    }
  }
}

}  // namespace

Frame turn_upright(Frame frame, int orientation) {
  if (orientation <= 1 || orientation > 8) return frame;
  Frame out;
  PlaneLayout layout = frame.layout;
  if (swaps_axes(orientation)) {
    std::swap(layout.width_px, layout.height_px);
    std::swap(layout.h_subsampling, layout.v_subsampling);
  }
  layout.pairs_from_right = layout.pairs_from_bottom = false;
  out.layout = layout;
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t width = frame.layout.plane_width(plane), height = frame.layout.plane_height(plane);
    out.planes[plane].resize(frame.planes[plane].size());
    const std::uint8_t* in = frame.planes[plane].data();
    std::uint8_t* to = out.planes[plane].data();
    switch (orientation) {
      case 2: mirror_plane(in, width, height, to, true, false); break;
      case 3: mirror_plane(in, width, height, to, true, true); break;
      case 4: mirror_plane(in, width, height, to, false, true); break;
      case 5: transpose_plane(in, width, height, to, false, false); break;
      case 6: transpose_plane(in, width, height, to, true, false); break;
      case 7: transpose_plane(in, width, height, to, true, true); break;
      default: transpose_plane(in, width, height, to, false, true); break;
    }
    frame.planes[plane] = {};  // one plane at a time: never two whole pictures
  }
  return out;
}

}  // namespace photo_core
