// The seven passes of an interlaced PNG (PNG specification, third edition, section 8.2).
#pragma once

#include <array>
#include <cstdint>

namespace photo_core {

struct PngPass {
  std::uint32_t x0, y0, dx, dy;
  std::uint32_t width(std::uint32_t full) const { return full > x0 ? (full - x0 + dx - 1) / dx : 0; }
  std::uint32_t height(std::uint32_t full) const { return full > y0 ? (full - y0 + dy - 1) / dy : 0; }
  // The block that a pixel of this pass stands for until finer passes come.
  std::uint32_t block_width() const { return dx - x0; }
  std::uint32_t block_height() const { return dy - y0; }
};

inline constexpr std::array<PngPass, 7> adam7 = {
    {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}};

}  // namespace photo_core
