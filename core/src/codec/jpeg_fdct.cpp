#include "codec/jpeg_fdct.hpp"

#include <array>

#include "codec/jpeg_vectors.hpp"

namespace photo_core {
namespace {

using namespace vectors;

constexpr int constant_bits = 13;
constexpr int pass1_bits = 2;

constexpr int fixed(double value) { return static_cast<int>(value * (1 << constant_bits) + 0.5); }

inline void transpose(I16x8* rows) {
  const auto pair = [](I16x8 a) { return as<I32x4>(a); };
  I32x4 a[8];
  for (int i = 0; i < 4; ++i) {
    a[2 * i] = pair(interleave_low(rows[2 * i], rows[2 * i + 1]));
    a[2 * i + 1] = pair(interleave_high(rows[2 * i], rows[2 * i + 1]));
  }
  for (int i = 0; i < 2; ++i) {
    const I32x4 low0 = interleave_low(a[i], a[i + 2]);
    const I32x4 high0 = interleave_high(a[i], a[i + 2]);
    const I32x4 low1 = interleave_low(a[i + 4], a[i + 6]);
    const I32x4 high1 = interleave_high(a[i + 4], a[i + 6]);
    rows[4 * i] = as<I16x8>(interleave_low(as<I64x2>(low0), as<I64x2>(low1)));
    rows[4 * i + 1] = as<I16x8>(interleave_high(as<I64x2>(low0), as<I64x2>(low1)));
    rows[4 * i + 2] = as<I16x8>(interleave_low(as<I64x2>(high0), as<I64x2>(high1)));
    rows[4 * i + 3] = as<I16x8>(interleave_high(as<I64x2>(high0), as<I64x2>(high1)));
  }
}

// One output of the odd part: four inputs' products, rounded.
template <int Shift>
inline I16x8 odd_output(const I16x8* p45, const I16x8* p67, int c4, int c5, int c6, int c7) {
  const I32x4 rounding = splat32(1 << (Shift - 1));
  const I32x4 low = dot(p45[0], pairs(c4, c5)) + dot(p67[0], pairs(c6, c7)) + rounding;
  const I32x4 high = dot(p45[1], pairs(c4, c5)) + dot(p67[1], pairs(c6, c7)) + rounding;
  return narrow(low >> Shift, high >> Shift);
}

// Eight transforms at once, lane by lane (Loeffler, Ligtenberg and Moschytz). The products are the sums of those of the
// library's butterflies: the same integers. Everything between stays within 16 bits for 8-bit samples.
template <bool First>
inline void transform(I16x8* x) {
  constexpr int shift = First ? constant_bits - pass1_bits : constant_bits + pass1_bits;
  const I16x8 t0 = x[0] + x[7];
  const I16x8 t7 = x[0] - x[7];
  const I16x8 t1 = x[1] + x[6];
  const I16x8 t6 = x[1] - x[6];
  const I16x8 t2 = x[2] + x[5];
  const I16x8 t5 = x[2] - x[5];
  const I16x8 t3 = x[3] + x[4];
  const I16x8 t4 = x[3] - x[4];
  const I16x8 t10 = t0 + t3;
  const I16x8 t13 = t0 - t3;
  const I16x8 t11 = t1 + t2;
  const I16x8 t12 = t1 - t2;
  if constexpr (First) {
    x[0] = (t10 + t11) << pass1_bits;
    x[4] = (t10 - t11) << pass1_bits;
  } else {
    const I16x8 rounding = splat16(1 << (pass1_bits - 1));
    x[0] = (t10 + t11 + rounding) >> pass1_bits;
    x[4] = (t10 - t11 + rounding) >> pass1_bits;
  }
  constexpr int a = fixed(0.541196100);
  const I32x4 rounding = splat32(1 << (shift - 1));
  const I16x8 even_low = interleave_low(t12, t13);
  const I16x8 even_high = interleave_high(t12, t13);
  const auto even_output = [&](int c12, int c13) {
    return narrow((dot(even_low, pairs(c12, c13)) + rounding) >> shift,
                  (dot(even_high, pairs(c12, c13)) + rounding) >> shift);
  };
  x[2] = even_output(a, a + fixed(0.765366865));
  x[6] = even_output(a - fixed(1.847759065), a);

  const I16x8 p45[2] = {interleave_low(t4, t5), interleave_high(t4, t5)};
  const I16x8 p67[2] = {interleave_low(t6, t7), interleave_high(t6, t7)};
  constexpr int z1 = -fixed(0.899976223);  // of t4 + t7
  constexpr int z2 = -fixed(2.562915447);  // of t5 + t6
  constexpr int z3 = -fixed(1.961570560);  // of t4 + t6
  constexpr int z4 = -fixed(0.390180644);  // of t5 + t7
  constexpr int z5 = fixed(1.175875602);   // of all
  x[7] = odd_output<shift>(p45, p67, fixed(0.298631336) + z1 + z3 + z5, z5, z3 + z5, z1 + z5);
  x[5] = odd_output<shift>(p45, p67, z5, fixed(2.053119869) + z2 + z4 + z5, z2 + z5, z4 + z5);
  x[3] = odd_output<shift>(p45, p67, z3 + z5, z2 + z5, fixed(3.072711026) + z2 + z3 + z5, z5);
  x[1] = odd_output<shift>(p45, p67, z1 + z5, z4 + z5, z5, fixed(1.501321110) + z1 + z4 + z5);
}

inline U8x16 load_row(const std::uint8_t* from) {
  std::int64_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return as<U8x16>(I64x2{bytes, 0});
}

// Columns of samples, less 128.
inline void load_columns(const std::uint8_t* samples, std::size_t stride, I16x8* columns) {
  U8x16 rows[8];
  for (std::size_t i = 0; i < 8; ++i) rows[i] = load_row(samples + i * stride);
  U8x16 a[4];
  for (int i = 0; i < 4; ++i) a[i] = interleave_low(rows[i], rows[i + 4]);  // rows i, i + 4 in turn
  const U8x16 b0 = interleave_low(a[0], a[2]);                              // rows 0, 2, 4, 6 of columns 0..3
  const U8x16 b1 = interleave_high(a[0], a[2]);
  const U8x16 b2 = interleave_low(a[1], a[3]);  // rows 1, 3, 5, 7
  const U8x16 b3 = interleave_high(a[1], a[3]);
  const U8x16 pairs_of_columns[4] = {interleave_low(b0, b2), interleave_high(b0, b2), interleave_low(b1, b3),
                                     interleave_high(b1, b3)};
  const I16x8 center = splat16(128);
  for (int i = 0; i < 4; ++i) {
    const U8x16 zero{};
    columns[2 * i] = as<I16x8>(interleave_low(pairs_of_columns[i], zero)) - center;
    columns[2 * i + 1] = as<I16x8>(interleave_high(pairs_of_columns[i], zero)) - center;
  }
}

constexpr std::uint8_t zigzag_index[64] = {0,  1,  5,  6,  14, 15, 27, 28, 2,  4,  7,  13, 16, 26, 29, 42,
                                           3,  8,  12, 17, 25, 30, 41, 43, 9,  11, 18, 24, 31, 40, 44, 53,
                                           10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60,
                                           21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63};

// For four coefficients of a row at a time: their bits in zigzag order.
constexpr std::array<std::array<std::uint64_t, 16>, 16> make_zigzag_bits() {
  std::array<std::array<std::uint64_t, 16>, 16> bits{};
  for (std::size_t group = 0; group < 16; ++group) {
    for (std::size_t mask = 0; mask < 16; ++mask) {
      for (std::size_t i = 0; i < 4; ++i) {
        if (mask >> i & 1) bits[group][mask] |= std::uint64_t{1} << zigzag_index[group * 4 + i];
      }
    }
  }
  return bits;
}
constexpr auto zigzag_bits = make_zigzag_bits();

}  // namespace

void ForwardSteps::set(const std::uint16_t* quantization) {
  for (int i = 0; i < 64; ++i) {
    // The transform leaves its values 8 times too large. With 1 <= 2^shift / step < 2, a product with 2^(14 + shift) /
    // step rounded, then shifted with rounding, is the exact rounded quotient of any value below 2^14: the first
    // rounding's error, and the reciprocal's, are together less than the distance to the next value's quotient.
    const int step = quantization[i] * 8;
    int shift = 3;
    while ((1 << shift) < step) ++shift;
    reciprocal[i] = static_cast<std::int16_t>((((1 << (15 + shift)) / step) + 1) >> 1);
    scale[i] = static_cast<std::int16_t>(1 << (15 - shift));
  }
}

void forward_transform(const std::uint8_t* samples, std::size_t stride, const ForwardSteps& steps,
                       std::int16_t* coefficients) {
  I16x8 x[8];
  load_columns(samples, stride, x);
  transform<true>(x);
  transpose(x);
  transform<false>(x);
  for (int row = 0; row < 8; ++row) {
    const I16x8 sign = x[row] >> 15;
    const I16x8 size = (x[row] ^ sign) - sign;
    const I16x8 scaled = multiply_rounded(size + size, load<I16x8>(steps.reciprocal + row * 8));
    const I16x8 quotient = multiply_rounded(scaled, load<I16x8>(steps.scale + row * 8));
    store(coefficients + row * 8, (quotient ^ sign) - sign);
  }
}

std::uint64_t set_coefficients(const std::int16_t* coefficients) {
  std::uint64_t found = 0;
  for (int pair = 0; pair < 4; ++pair) {
    const I16x8 zero{};
    const I16x8 first = load<I16x8>(coefficients + pair * 16) == zero;
    const I16x8 second = load<I16x8>(coefficients + pair * 16 + 8) == zero;
    const unsigned clear = sign_bits(narrow(first, second));
    if (clear == 0xffff) continue;
    const unsigned set = ~clear;
    const auto* bits = &zigzag_bits[static_cast<std::size_t>(pair) * 4];
    found |= bits[0][set & 15] | bits[1][set >> 4 & 15] | bits[2][set >> 8 & 15] | bits[3][set >> 12 & 15];
  }
  return found;
}

}  // namespace photo_core
