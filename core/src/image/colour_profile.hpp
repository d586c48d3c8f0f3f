// An ICC profile's parts, read within its bytes (ICC.1:2022, and ICC.1:2001-04 for version 2).
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "image/colour.hpp"
#include "image/colour_curve.hpp"
#include "image/colour_lut.hpp"
#include "image/colour_space.hpp"

namespace photo_core {

// The transform from device values to the connection space that a profile gives. Views point into the profile.
struct IccProfile {
  ProfileKind kind = ProfileKind::broken;  // matrix, gray, lut, cmyk or broken
  bool pcs_is_lab = false;
  // matrix: curves and matrix of red, green, blue. gray: the first curve.
  std::array<ToneCurve, 3> curves;
  Matrix3 to_xyz{};
  // lut and cmyk: the perceptual table, or the colorimetric one where that is all there is.
  ColourLut lut;
  // lut and cmyk: of the darkest that there is, for black point compensation. 0 … 50.
  double black_lightness = 0;
  // A cicp tag (ICC.1:2022, 9.2.17) of an RGB profile whose curve is PQ or HLG: its other tags are but a stand-in then.
  std::optional<CodePoints> high_range;
};

IccProfile read_icc_profile(ByteView bytes);
// The profile's own name: ASCII printable characters only, at most 64.
std::string icc_description(ByteView bytes);

}  // namespace photo_core
