#include "photo/sample_strips.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace photo_core {
namespace {

constexpr double strip_rows = 32;          // a sample is strips of so many rows after scaling,
constexpr double strip_share = 6;          // one in so many before it,
constexpr double sample_pixels = 250'000;  // or of so many pixels, up to half of the picture

}  // namespace

Frame sample_strips(const Frame& frame, double shrink) {
  const double width = frame.layout.width_px;
  const std::uint32_t height = frame.layout.height_px;
  const double rows = std::min(std::max(sample_pixels / width, height / strip_share) * shrink, height / 2.0);
  const std::uint32_t strip = static_cast<std::uint32_t>(std::min(strip_rows * shrink, height / 4.0)) / 2 * 2;
  Frame out;
  if (strip < strip_rows / 2) return out;
  const std::uint32_t strips = std::max(1u, static_cast<std::uint32_t>(rows / strip));
  const std::uint32_t period = height / strips / 2 * 2;  // even: chroma rows stay with their luma rows
  PlaneLayout layout = frame.layout;
  layout.height_px = strips * strip;
  out.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t divisor = layout.is_chroma(plane) ? layout.v_subsampling : 1;
    for (std::uint32_t i = 0; i < strips; ++i) {
      for (std::uint32_t y = 0; y < strip / divisor; ++y) {
        std::memcpy(out.row(plane, i * (strip / divisor) + y), frame.row(plane, i * period / divisor + y),
                    layout.plane_width(plane));
      }
    }
  }
  return out;
}

}  // namespace photo_core
