// The inverse transforms of JPEG as integer matrices, made when this is compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace photo_core::idct {

inline constexpr int constant_bits = 13;  // fraction bits of the multipliers
inline constexpr int pass1_bits = 2;      // extra fraction bits kept between the passes

constexpr int fixed(double value) { return static_cast<int>(value * (1 << constant_bits) + 0.5); }

// A one-dimensional inverse transform as the library computes it is linear up to its one rounding shift. So each is
// given by its integer matrix, here derived from the library's butterflies by feeding them the unit vectors: the sums
// of products are then the same integers, whatever the order of operations.
using Column = std::array<int, 8>;

// Loeffler, Ligtenberg and Moschytz, 8 points (jidctint.c).
constexpr Column transform8(const Column& x) {
  const int e1 = (x[2] + x[6]) * fixed(0.541196100);
  const int e2 = e1 - x[6] * fixed(1.847759065);
  const int e3 = e1 + x[2] * fixed(0.765366865);
  const int sum = (x[0] + x[4]) * 8192;
  const int difference = (x[0] - x[4]) * 8192;
  const int z5 = (x[7] + x[3] + x[5] + x[1]) * fixed(1.175875602);
  const int z1 = (x[7] + x[1]) * -fixed(0.899976223);
  const int z2 = (x[5] + x[3]) * -fixed(2.562915447);
  const int z3 = (x[7] + x[3]) * -fixed(1.961570560) + z5;
  const int z4 = (x[5] + x[1]) * -fixed(0.390180644) + z5;
  const int o0 = x[7] * fixed(0.298631336) + z1 + z3;
  const int o1 = x[5] * fixed(2.053119869) + z2 + z4;
  const int o2 = x[3] * fixed(3.072711026) + z2 + z3;
  const int o3 = x[1] * fixed(1.501321110) + z1 + z4;
  return {sum + e3 + o3, difference + e2 + o2, difference - e2 + o1, sum - e3 + o0,
          sum - e3 - o0, difference - e2 - o1, difference + e2 - o2, sum + e3 - o3};
}

constexpr Column transform7(const Column& x) {
  const int base = x[0] * 8192;
  const int a = (x[4] - x[6]) * fixed(0.881747734);
  const int b = (x[2] - x[4]) * fixed(0.314692123);
  const int c = (x[2] + x[6]) * fixed(1.274162392) + base;
  const int e0 = a + c - x[6] * fixed(0.077722536);
  const int e1 = a + b + base - x[4] * fixed(1.841218003);
  const int e2 = b + c - x[2] * fixed(2.470602249);
  const int e3 = base + (x[4] - x[2] - x[6]) * fixed(1.414213562);
  const int p = (x[1] + x[3]) * fixed(0.935414347);
  const int q = (x[1] - x[3]) * fixed(0.170262339);
  const int r = (x[3] + x[5]) * -fixed(1.378756276);
  const int s = (x[1] + x[5]) * fixed(0.613604268);
  const int o0 = p - q + s;
  const int o1 = p + q + r;
  const int o2 = r + s + x[5] * fixed(1.870828693);
  return {e0 + o0, e1 + o1, e2 + o2, e3, e2 - o2, e1 - o1, e0 - o0, 0};
}

constexpr Column transform6(const Column& x) {
  const int base = x[0] * 8192;
  const int a = x[4] * fixed(0.707106781);
  const int b = x[2] * fixed(1.224744871);
  const int c = (x[1] + x[5]) * fixed(0.366025404);
  const int o0 = c + (x[1] + x[3]) * 8192;
  const int o1 = (x[1] - x[3] - x[5]) * 8192;
  const int o2 = c + (x[5] - x[3]) * 8192;
  const int e0 = base + a + b;
  const int e1 = base - a - a;
  const int e2 = base + a - b;
  return {e0 + o0, e1 + o1, e2 + o2, e2 - o2, e1 - o1, e0 - o0, 0, 0};
}

constexpr Column transform5(const Column& x) {
  const int base = x[0] * 8192;
  const int a = (x[2] + x[4]) * fixed(0.790569415);
  const int b = (x[2] - x[4]) * fixed(0.353553391);
  const int c = (x[1] + x[3]) * fixed(0.831253876);
  const int o0 = c + x[1] * fixed(0.513743148);
  const int o1 = c - x[3] * fixed(2.176250899);
  const int e0 = base + b + a;
  const int e1 = base + b - a;
  return {e0 + o0, e1 + o1, base - b * 4, e1 - o1, e0 - o0, 0, 0, 0};
}

// Four and two points are made from all eight coefficients (jidctred.c), with one and two more fraction bits.
constexpr Column transform4(const Column& x) {
  const int base = x[0] * 16384;
  const int e = x[2] * fixed(1.847759065) - x[6] * fixed(0.765366865);
  const int o1 =
      -x[7] * fixed(0.211164243) + x[5] * fixed(1.451774981) - x[3] * fixed(2.172734803) + x[1] * fixed(1.061594337);
  const int o0 =
      -x[7] * fixed(0.509795579) - x[5] * fixed(0.601344887) + x[3] * fixed(0.899976223) + x[1] * fixed(2.562915447);
  return {base + e + o0, base - e + o1, base - e - o1, base + e - o0, 0, 0, 0, 0};
}

constexpr Column transform3(const Column& x) {
  const int base = x[0] * 8192;
  const int a = x[2] * fixed(0.707106781);
  const int o = x[1] * fixed(1.224744871);
  return {base + a + o, base - a - a, base + a - o, 0, 0, 0, 0, 0};
}

constexpr Column transform2(const Column& x) {
  const int base = x[0] * 32768;
  const int o =
      -x[7] * fixed(0.720959822) + x[5] * fixed(0.850430095) - x[3] * fixed(1.272758580) + x[1] * fixed(3.624509785);
  return {base + o, base - o, 0, 0, 0, 0, 0, 0};
}

template <int N>
constexpr Column transform(const Column& x) {
  if constexpr (N == 8) return transform8(x);
  if constexpr (N == 7) return transform7(x);
  if constexpr (N == 6) return transform6(x);
  if constexpr (N == 5) return transform5(x);
  if constexpr (N == 4) return transform4(x);
  if constexpr (N == 3) return transform3(x);
  if constexpr (N == 2) return transform2(x);
}

template <int N>
constexpr int extra_bits = N == 4   ? 1
                           : N == 2 ? 2
                                    : 0;

// matrix[i][j]: what coefficient j gives to sample i.
template <int N>
constexpr std::array<Column, N> make_matrix() {
  std::array<Column, N> matrix{};
  for (std::size_t j = 0; j < 8; ++j) {
    Column unit{};
    unit[j] = 1;
    const Column column = transform<N>(unit);
    for (std::size_t i = 0; i < N; ++i) matrix[i][j] = column[i];
  }
  return matrix;
}

template <int N>
constexpr std::array<Column, N> matrix = make_matrix<N>();

// Sums of magnitudes of the dequantised coefficients of a column up to here keep the first pass within 16 bits.
template <int N>
constexpr int largest_column_sum() {
  int largest = 0;
  for (const Column& row : matrix<N>) {
    for (const int value : row) largest = value > largest ? value : -value > largest ? -value : largest;
  }
  return static_cast<int>((std::int64_t{32767} << (constant_bits - pass1_bits + extra_bits<N>)) / largest) - 1;
}

}  // namespace photo_core::idct
