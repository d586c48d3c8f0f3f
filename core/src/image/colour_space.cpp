#include "image/colour_space.hpp"

#include <cmath>
#include <cstddef>

namespace photo_core {

Matrix3 multiply(const Matrix3& a, const Matrix3& b) {
  Matrix3 out{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      for (std::size_t i = 0; i < 3; ++i) out[row][column] += a[row][i] * b[i][column];
    }
  }
  return out;
}

Vector3 multiply(const Matrix3& a, const Vector3& v) {
  Vector3 out{};
  for (std::size_t row = 0; row < 3; ++row) out[row] = a[row][0] * v[0] + a[row][1] * v[1] + a[row][2] * v[2];
  return out;
}

std::optional<Matrix3> inverse(const Matrix3& m) {
  Matrix3 cofactors{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      const std::size_t r1 = (row + 1) % 3, r2 = (row + 2) % 3, c1 = (column + 1) % 3, c2 = (column + 2) % 3;
      cofactors[row][column] = m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
    }
  }
  const double determinant = m[0][0] * cofactors[0][0] + m[0][1] * cofactors[0][1] + m[0][2] * cofactors[0][2];
  if (!(std::abs(determinant) > 1e-6)) return std::nullopt;
  Matrix3 out{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) out[row][column] = cofactors[column][row] / determinant;
  }
  return out;
}

std::optional<Matrix3> rgb_to_xyz_d50(const std::array<double, 8>& chromaticities) {
  // Bradford's cone responses (ICC.1:2022, annex E.3).
  constexpr Matrix3 bradford = {{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
  std::array<Vector3, 4> xyz{};  // white, red, green, blue with a sum of 1
  for (std::size_t i = 0; i < 4; ++i) {
    const double x = chromaticities[i * 2];
    const double y = chromaticities[i * 2 + 1];
    if (!(y >= 0) || !(x >= 0) || !(x <= 1) || !(y <= 1)) return std::nullopt;
    xyz[i] = {x, y, 1 - x - y};
  }
  auto& [white, red, green, blue] = xyz;
  if (!(white[1] > 1e-4)) return std::nullopt;
  white = {white[0] / white[1], 1, white[2] / white[1]};
  Matrix3 primaries{};
  for (std::size_t row = 0; row < 3; ++row) primaries[row] = {red[row], green[row], blue[row]};
  const std::optional<Matrix3> unscaled = inverse(primaries);
  if (!unscaled) return std::nullopt;
  const Vector3 scale = multiply(*unscaled, white);
  for (Vector3& row : primaries) {
    for (std::size_t i = 0; i < 3; ++i) row[i] *= scale[i];
  }
  const Vector3 from = multiply(bradford, white);
  const Vector3 to = multiply(bradford, d50_white);
  Matrix3 adaptation{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(from[i] > 1e-4)) return std::nullopt;
    for (std::size_t column = 0; column < 3; ++column) adaptation[i][column] = bradford[i][column] * to[i] / from[i];
  }
  const std::optional<Matrix3> back = inverse(bradford);
  return multiply(multiply(*back, adaptation), primaries);
}

const Matrix3& xyz_d50_to_srgb() {
  static const Matrix3 matrix = inverse(*rgb_to_xyz_d50(srgb_chromaticities)).value_or(Matrix3{});
  return matrix;
}

Vector3 lab_to_xyz(const Vector3& lab) {
  const auto linear = [](double t) {
    constexpr double knee = 24.0 / 116.0;
    return t > knee ? t * t * t : (108.0 / 841.0) * (t - 16.0 / 116.0);
  };
  const double y = (lab[0] + 16) / 116;
  return {linear(y + lab[1] / 500) * d50_white[0], linear(y) * d50_white[1], linear(y - lab[2] / 200) * d50_white[2]};
}

}  // namespace photo_core
