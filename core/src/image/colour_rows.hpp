// The row functions behind colour transforms. Integers all the way, so that every build gives the same samples.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "image/colour.hpp"
#include "image/colour_space.hpp"

namespace photo_core {

// Curves to linear light, a matrix to linear sRGB, sRGB's own curve. `curve(channel, x)` maps a sample of 0 … 1 to
// light (clamped to 0 … 1), which `to_srgb` takes.
std::unique_ptr<ColourTransform> make_matrix_rows(const std::function<double(std::size_t, double)>& curve,
                                                  const Matrix3& to_srgb);

// A table for the one plane of a gray picture; `light` of its codes (0 … 32767) where it is told.
std::unique_ptr<ColourTransform> make_table_rows(const std::array<std::uint8_t, 256>& table,
                                                 const std::array<std::int16_t, 256>* light = nullptr);

// A table of three or four dimensions. `curve(channel, x)` maps a sample of 0 … 1 to a place of 0 … 1 along its axis;
// `node(places)` gives encoded sRGB there (0 … 1, and beyond for colours outside of it). 2 <= points; points^inputs * 6
// bytes are allocated.
std::unique_ptr<ColourTransform> make_grid_rows(std::size_t inputs, int points,
                                                const std::function<double(std::size_t, double)>& curve,
                                                const std::function<Vector3(const std::array<double, 4>&)>& node);

}  // namespace photo_core
