#include "codec/jpeg_idct.hpp"

#include <array>
#include <bit>

#include "codec/jpeg_idct_matrix.hpp"
#include "codec/jpeg_vectors.hpp"

namespace photo_core {
namespace {

using namespace idct;
using namespace vectors;

// The products of one pair of inputs with their constants in row `Row`, even without odd, or nothing when both are 0.
template <int N, int Row, int A, int B>
inline void add_products(I32x4& sum, I16x8 inputs) {
  constexpr int a = matrix<N>[Row][A];
  constexpr int b = B < 8 ? matrix<N>[Row][B & 7] : 0;
  if constexpr (a == 32768) {
    sum += dot(inputs, pairs(16384, 16384));  // the pair is the input twice
  } else if constexpr (a != 0 || b != 0) {
    sum += dot(inputs, pairs(a, b));
  }
}

// What one pass takes of four lanes: pairs (0, 4), (2, 6), (1, 3), (5, 7) of the inputs, interleaved. With `Low`
// inputs 4..7 are zero.
template <int N, bool Low>
struct Pairs {
  static constexpr bool has4 = !Low && N != 2 && N != 3 && N != 4;
  static constexpr bool has6 = !Low && (N == 8 || N == 7 || N == 4);
  static constexpr bool has2 = N != 2;
  static constexpr bool has3 = N != 3;
  static constexpr bool has5 = !Low && N != 5 && N != 3;
  static constexpr bool has7 = !Low && (N == 8 || N == 4 || N == 2);
  I16x8 p04, p26, p13, p57;
};

template <int N, bool Low, bool Upper>
inline Pairs<N, Low> make_pairs(const I16x8* x) {
  using P = Pairs<N, Low>;
  const auto both = [](I16x8 a, I16x8 b) { return Upper ? interleave_high(a, b) : interleave_low(a, b); };
  P out{};
  out.p04 = both(x[0], P::has4 ? x[4] : x[0]);
  if constexpr (P::has2) out.p26 = both(x[2], P::has6 ? x[6] : x[2]);
  out.p13 = both(x[1], P::has3 ? x[3] : x[1]);
  if constexpr (P::has5) out.p57 = both(x[5], P::has7 ? x[7] : x[5]);
  return out;
}

// Samples Row and N - 1 - Row share the even inputs' part; the odd inputs' part is added and subtracted.
template <int N, bool Low, int Row>
inline void make_samples(const Pairs<N, Low>& in, I32x4 rounding, I32x4* out) {
  using P = Pairs<N, Low>;
  I32x4 even = rounding;
  add_products<N, Row, 0, P::has4 ? 4 : 8>(even, in.p04);
  if constexpr (P::has2) add_products<N, Row, 2, P::has6 ? 6 : 8>(even, in.p26);
  if constexpr (Row == N - 1 - Row) {
    out[Row] = even;
  } else {
    I32x4 odd{};
    add_products<N, Row, 1, P::has3 ? 3 : 8>(odd, in.p13);
    if constexpr (P::has5) add_products<N, Row, 5, P::has7 ? 7 : 8>(odd, in.p57);
    out[Row] = even + odd;
    out[N - 1 - Row] = even - odd;
  }
}

template <int N, bool Low, bool Upper>
inline void make_column(const I16x8* x, I32x4 rounding, I32x4* out) {
  const Pairs<N, Low> in = make_pairs<N, Low, Upper>(x);
  if constexpr (N == 8) {
    // The even part in two steps, which shares products between samples 0, 3 and 1, 2.
    const I32x4 sum = rounding + dot(in.p04, pairs(8192, Low ? 0 : 8192));
    const I32x4 difference = Low ? sum : rounding + dot(in.p04, pairs(8192, -8192));
    constexpr Column row0 = matrix<8>[0];
    constexpr Column row1 = matrix<8>[1];
    const I32x4 e3 = dot(in.p26, pairs(row0[2], Low ? 0 : row0[6]));
    const I32x4 e2 = dot(in.p26, pairs(row1[2], Low ? 0 : row1[6]));
    const I32x4 even[4] = {sum + e3, difference + e2, difference - e2, sum - e3};
    I32x4 odd[4] = {};
    add_products<8, 0, 1, 3>(odd[0], in.p13);
    add_products<8, 1, 1, 3>(odd[1], in.p13);
    add_products<8, 2, 1, 3>(odd[2], in.p13);
    add_products<8, 3, 1, 3>(odd[3], in.p13);
    if constexpr (!Low) {
      add_products<8, 0, 5, 7>(odd[0], in.p57);
      add_products<8, 1, 5, 7>(odd[1], in.p57);
      add_products<8, 2, 5, 7>(odd[2], in.p57);
      add_products<8, 3, 5, 7>(odd[3], in.p57);
    }
    for (int i = 0; i < 4; ++i) {
      out[i] = even[i] + odd[i];
      out[7 - i] = even[i] - odd[i];
    }
  } else {
    make_samples<N, Low, 0>(in, rounding, out);
    if constexpr (N > 2) make_samples<N, Low, 1>(in, rounding, out);
    if constexpr (N > 4) make_samples<N, Low, 2>(in, rounding, out);
    if constexpr (N > 6) make_samples<N, Low, 3>(in, rounding, out);
  }
}

// Columns of `rows` as vectors. Rows past Rows and columns past what the second pass reads do not matter.
template <int Rows, bool Low>
inline void transpose(const I16x8* rows, I16x8* columns) {
  const auto row = [rows](int i) { return rows[i < Rows ? i : Rows - 1]; };
  const auto pair = [](I16x8 a) { return as<I32x4>(a); };
  const I32x4 a0 = pair(interleave_low(row(0), row(1)));
  const I32x4 a2 = pair(interleave_low(row(2), row(3)));
  const I32x4 b0 = interleave_low(a0, a2);   // columns 0, 1 of rows 0..3
  const I32x4 b1 = interleave_high(a0, a2);  // columns 2, 3
  I32x4 c0 = b0;
  I32x4 c1 = b1;
  if constexpr (Rows > 4) {
    const I32x4 a4 = pair(interleave_low(row(4), row(5)));
    const I32x4 a6 = Rows > 6 ? pair(interleave_low(row(6), row(7))) : a4;
    c0 = interleave_low(a4, a6);
    c1 = interleave_high(a4, a6);
  }
  const auto join = [columns](int i, I32x4 upper, I32x4 lower) {
    columns[i] = as<I16x8>(interleave_low(as<I64x2>(upper), as<I64x2>(lower)));
    columns[i + 1] = as<I16x8>(interleave_high(as<I64x2>(upper), as<I64x2>(lower)));
  };
  join(0, b0, c0);
  join(2, b1, c1);
  if constexpr (!Low) {
    const I32x4 a1 = pair(interleave_high(row(0), row(1)));
    const I32x4 a3 = pair(interleave_high(row(2), row(3)));
    const I32x4 b2 = interleave_low(a1, a3);
    const I32x4 b3 = interleave_high(a1, a3);
    I32x4 c2 = b2;
    I32x4 c3 = b3;
    if constexpr (Rows > 4) {
      const I32x4 a5 = pair(interleave_high(row(4), row(5)));
      const I32x4 a7 = Rows > 6 ? pair(interleave_high(row(6), row(7))) : a5;
      c2 = interleave_low(a5, a7);
      c3 = interleave_high(a5, a7);
    }
    join(4, b2, c2);
    join(6, b3, c3);
  }
}

// Columns of samples, centred on 0, to rows of bytes at `out`.
template <int N>
inline void store_samples(const I16x8* columns, std::uint8_t* out, std::size_t stride) {
  const auto column_pair = [columns](int i) {
    const I16x8 second = i + 1 < N ? columns[i + 1] : columns[i];
    const U8x16 bytes = as<U8x16>(narrow(columns[i], second)) ^ 0x80;
    return as<I16x8>(interleave_halves(bytes));
  };
  const I16x8 p0 = column_pair(0);
  if constexpr (N == 2) {
    for (int i = 0; i < 2; ++i) {
      const auto value = static_cast<std::uint16_t>(p0[i]);
      std::memcpy(out + static_cast<std::size_t>(i) * stride, &value, sizeof value);
    }
  } else {
    const I16x8 p2 = column_pair(2);
    const I32x4 upper = as<I32x4>(interleave_low(p0, p2));
    if constexpr (N <= 4) {
      store32<0>(out, upper);
      store32<1>(out + stride, upper);
      store32<2>(out + 2 * stride, upper);
      if constexpr (N == 4) store32<3>(out + 3 * stride, upper);
    } else {
      const I16x8 p4 = column_pair(4);
      const I16x8 p6 = N > 6 ? column_pair(6) : p4;
      const I32x4 upper_right = as<I32x4>(interleave_low(p4, p6));
      const I32x4 lower = as<I32x4>(interleave_high(p0, p2));
      const I32x4 lower_right = as<I32x4>(interleave_high(p4, p6));
      const I64x2 rows01 = as<I64x2>(interleave_low(upper, upper_right));
      const I64x2 rows23 = as<I64x2>(interleave_high(upper, upper_right));
      const I64x2 rows45 = as<I64x2>(interleave_low(lower, lower_right));
      store64<0>(out, rows01);
      store64<1>(out + stride, rows01);
      store64<0>(out + 2 * stride, rows23);
      store64<1>(out + 3 * stride, rows23);
      store64<0>(out + 4 * stride, rows45);
      if constexpr (N > 5) store64<1>(out + 5 * stride, rows45);
      if constexpr (N > 6) {
        const I64x2 rows67 = as<I64x2>(interleave_high(lower, lower_right));
        store64<0>(out + 6 * stride, rows67);
        if constexpr (N > 7) store64<1>(out + 7 * stride, rows67);
      }
    }
  }
}

template <int N, bool Low>
bool inverse(const std::int16_t* coefficients, const std::uint16_t* quantization, std::uint8_t* out,
             std::size_t stride) {
  using P = Pairs<N, Low>;
  constexpr bool used[8] = {true, true, P::has2, P::has3, P::has4, P::has5, P::has6, P::has7};
  I16x8 x[8] = {};
  I32x4 magnitudes{};
  for (int row = 0; row < 8; ++row) {
    if (!used[row]) continue;
    const I16x8 values = load<I16x8>(coefficients + row * 8);
    const I16x8 steps = load<I16x8>(quantization + row * 8);
    magnitudes += dot(magnitude(values), steps);
    x[row] = values * steps;
  }
  // Each lane has the sum of two columns. It cannot overflow: 16 * 32767 * idct_largest_step is below 2^31.
  if (any(as<I32x4>(magnitudes > splat32(largest_column_sum<N>())))) return false;

  constexpr int shift1 = constant_bits - pass1_bits + extra_bits<N>;
  const I32x4 rounding1 = splat32(1 << (shift1 - 1));
  I32x4 left[8];
  make_column<N, Low, false>(x, rounding1, left);
  I16x8 rows[8];
  if constexpr (Low || N == 3) {
    for (int i = 0; i < N; ++i) rows[i] = narrow(left[i] >> shift1, left[i] >> shift1);
  } else {
    I32x4 right[8];
    make_column<N, Low, true>(x, rounding1, right);
    for (int i = 0; i < N; ++i) rows[i] = narrow(left[i] >> shift1, right[i] >> shift1);
  }

  // The library takes ten bits of the result modulo 1024 through a table that limits them: the shift up drops what is
  // above those, the shift down extends the tenth's sign, and the narrowing limits.
  constexpr int shift2 = constant_bits + pass1_bits + 3 + extra_bits<N>;
  const I32x4 rounding2 = splat32(1 << (shift2 - 1));
  I16x8 columns[8];
  transpose<N, Low || N == 3>(rows, columns);
  I32x4 upper[8];
  make_column<N, Low, false>(columns, rounding2, upper);
  if constexpr (N <= 4) {
    for (int i = 0; i < N; ++i) {
      const I32x4 value = upper[i] << (22 - shift2) >> 22;
      columns[i] = narrow(value, value);
    }
  } else {
    I32x4 lower[8];
    make_column<N, Low, true>(columns, rounding2, lower);
    for (int i = 0; i < N; ++i) columns[i] = narrow(upper[i] << (22 - shift2) >> 22, lower[i] << (22 - shift2) >> 22);
  }
  store_samples<N>(columns, out, stride);
  return true;
}

// All samples are an eighth of the first coefficient.
template <int N>
bool flat(const std::int16_t* coefficients, const std::uint16_t* quantization, std::uint8_t* out, std::size_t stride) {
  const int value = (coefficients[0] * static_cast<std::int16_t>(quantization[0]) + 4) >> 3;
  const int wrapped = ((value & 1023) ^ 512) - 512;
  const int sample = wrapped < -128 ? 0 : wrapped > 127 ? 255 : wrapped + 128;
  for (int row = 0; row < N; ++row)
    std::memset(out + static_cast<std::size_t>(row) * stride, sample, std::bit_ceil(static_cast<unsigned>(N)));
  return true;
}

template <int N>
constexpr IdctKernels kernels = {inverse<N, false>, inverse<N, true>, flat<N>};

constexpr IdctKernels all_kernels[8] = {
    {flat<1>, flat<1>, flat<1>}, kernels<2>, kernels<3>, kernels<4>, kernels<5>, kernels<6>, kernels<7>, kernels<8>};

}  // namespace

const IdctKernels& idct_kernels(int size) { return all_kernels[(size - 1) & 7]; }

}  // namespace photo_core
