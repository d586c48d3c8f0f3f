// Three-by-three matrices between linear RGB, CIE XYZ under D50 (the profile connection space) and linear sRGB.
#pragma once

#include <array>
#include <optional>

namespace photo_core {

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

// ICC.1:2022, 7.2.16.
inline constexpr Vector3 d50_white = {0.9642, 1.0, 0.8249};

Matrix3 multiply(const Matrix3& a, const Matrix3& b);
Vector3 multiply(const Matrix3& a, const Vector3& v);
std::optional<Matrix3> inverse(const Matrix3& m);  // nullopt when there is none worth the name

// Linear RGB of the given primaries and white (CIE x, y: white, red, green, blue) to XYZ under D50 (Bradford). The
// primaries may be without light (y = 0), as those of XYZ itself.
std::optional<Matrix3> rgb_to_xyz_d50(const std::array<double, 8>& chromaticities);
// XYZ under D50 to linear sRGB.
const Matrix3& xyz_d50_to_srgb();
inline constexpr std::array<double, 8> srgb_chromaticities = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};

// CIE L*a*b* under D50 to XYZ, and Y for a lightness alone.
Vector3 lab_to_xyz(const Vector3& lab);

}  // namespace photo_core
