// The few 128-bit vector operations that the JPEG kernels are written in: WebAssembly SIMD128, SSE2, or the compiler's
// vectors anywhere else. All of them give the same bits.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace photo_core::vectors {

// Arithmetic (+ - * & | ^ << >> and comparisons) is the compiler's, lane by lane, wrapping.
typedef std::uint8_t U8x16 __attribute__((vector_size(16)));
typedef std::int8_t I8x16 __attribute__((vector_size(16)));
typedef std::int16_t I16x8 __attribute__((vector_size(16)));
typedef std::int32_t I32x4 __attribute__((vector_size(16)));
typedef std::int64_t I64x2 __attribute__((vector_size(16)));

// The same 128 bits under another type.
template <typename To, typename From>
inline To as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return reinterpret_cast<To>(from);
}

template <typename Vector>
inline Vector load(const void* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}
template <typename Vector>
inline void store(void* to, Vector vector) {
  std::memcpy(to, &vector, sizeof vector);
}

inline I16x8 splat16(int value) {
  const auto v = static_cast<std::int16_t>(value);
  return I16x8{v, v, v, v, v, v, v, v};
}
inline I32x4 splat32(int value) { return I32x4{value, value, value, value}; }
// a, b, a, b, …: the constants for dot().
inline I16x8 pairs(int a, int b) {
  const auto x = static_cast<std::int16_t>(a);
  const auto y = static_cast<std::int16_t>(b);
  return I16x8{x, y, x, y, x, y, x, y};
}

// a[0], b[0], a[1], b[1], … of the lower or upper half.
inline I16x8 interleave_low(I16x8 a, I16x8 b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline I16x8 interleave_high(I16x8 a, I16x8 b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
inline I32x4 interleave_low(I32x4 a, I32x4 b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
inline I32x4 interleave_high(I32x4 a, I32x4 b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
inline I64x2 interleave_low(I64x2 a, I64x2 b) { return __builtin_shufflevector(a, b, 0, 2); }
inline I64x2 interleave_high(I64x2 a, I64x2 b) { return __builtin_shufflevector(a, b, 1, 3); }
inline U8x16 interleave_low(U8x16 a, U8x16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline U8x16 interleave_high(U8x16 a, U8x16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
// The two halves of one vector, byte by byte in turn.
inline U8x16 interleave_halves(U8x16 a) {
  return __builtin_shufflevector(a, a, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

#if defined(__wasm_simd128__)
// a[2i] * b[2i] + a[2i + 1] * b[2i + 1] in 32 bits.
inline I32x4 dot(I16x8 a, I16x8 b) { return as<I32x4>(wasm_i32x4_dot_i16x8(as<v128_t>(a), as<v128_t>(b))); }
// a's lanes, then b's, with signed saturation.
inline I16x8 narrow(I32x4 a, I32x4 b) { return as<I16x8>(wasm_i16x8_narrow_i32x4(as<v128_t>(a), as<v128_t>(b))); }
inline I8x16 narrow(I16x8 a, I16x8 b) { return as<I8x16>(wasm_i8x16_narrow_i16x8(as<v128_t>(a), as<v128_t>(b))); }
// |a|, 32767 for -32768.
inline I16x8 magnitude(I16x8 a) {
  const v128_t v = as<v128_t>(a);
  return as<I16x8>(wasm_i16x8_max(v, wasm_i16x8_sub_sat(wasm_i16x8_const_splat(0), v)));
}
// (a * b + 16384) >> 15 for lanes that are not negative and give less than 32768.
inline I16x8 multiply_rounded(I16x8 a, I16x8 b) {
  return as<I16x8>(wasm_i16x8_q15mulr_sat(as<v128_t>(a), as<v128_t>(b)));
}
inline bool any(I32x4 a) { return wasm_v128_any_true(as<v128_t>(a)); }
// The sign bits of the lanes, the first lane's lowest.
inline unsigned sign_bits(I8x16 a) { return static_cast<unsigned>(wasm_i8x16_bitmask(as<v128_t>(a))); }
#elif defined(__SSE2__)
inline I32x4 dot(I16x8 a, I16x8 b) { return as<I32x4>(_mm_madd_epi16(as<__m128i>(a), as<__m128i>(b))); }
inline I16x8 narrow(I32x4 a, I32x4 b) { return as<I16x8>(_mm_packs_epi32(as<__m128i>(a), as<__m128i>(b))); }
inline I8x16 narrow(I16x8 a, I16x8 b) { return as<I8x16>(_mm_packs_epi16(as<__m128i>(a), as<__m128i>(b))); }
inline I16x8 magnitude(I16x8 a) {
  const __m128i v = as<__m128i>(a);
  return as<I16x8>(_mm_max_epi16(v, _mm_subs_epi16(_mm_setzero_si128(), v)));
}
inline I16x8 multiply_rounded(I16x8 a, I16x8 b) {
  const __m128i high = _mm_mulhi_epi16(as<__m128i>(a), as<__m128i>(b));
  const __m128i low = _mm_mullo_epi16(as<__m128i>(a), as<__m128i>(b));
  const __m128i upper = _mm_or_si128(_mm_slli_epi16(high, 2), _mm_srli_epi16(low, 14));
  return as<I16x8>(_mm_avg_epu16(upper, _mm_setzero_si128()));
}
inline bool any(I32x4 a) { return _mm_movemask_epi8(_mm_cmpeq_epi32(as<__m128i>(a), _mm_setzero_si128())) != 0xffff; }
inline unsigned sign_bits(I8x16 a) { return static_cast<unsigned>(_mm_movemask_epi8(as<__m128i>(a))); }
#else
inline I32x4 dot(I16x8 a, I16x8 b) {
  I32x4 sum{};
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t first = static_cast<std::uint32_t>(a[2 * i] * b[2 * i]);
    sum[i] = static_cast<std::int32_t>(first + static_cast<std::uint32_t>(a[2 * i + 1] * b[2 * i + 1]));
  }
  return sum;
}
inline I16x8 narrow(I32x4 a, I32x4 b) {
  I16x8 out{};
  for (int i = 0; i < 8; ++i) {
    const int value = i < 4 ? a[i] : b[i - 4];
    out[i] = static_cast<std::int16_t>(value < -32768 ? -32768 : value > 32767 ? 32767 : value);
  }
  return out;
}
inline I8x16 narrow(I16x8 a, I16x8 b) {
  I8x16 out{};
  for (int i = 0; i < 16; ++i) {
    const int value = i < 8 ? a[i] : b[i - 8];
    out[i] = static_cast<std::int8_t>(value < -128 ? -128 : value > 127 ? 127 : value);
  }
  return out;
}
inline I16x8 magnitude(I16x8 a) {
  I16x8 out{};
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::int16_t>(a[i] == -32768 ? 32767 : a[i] < 0 ? -a[i] : a[i]);
  return out;
}
inline I16x8 multiply_rounded(I16x8 a, I16x8 b) {
  I16x8 out{};
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::int16_t>((a[i] * b[i] + 16384) >> 15);
  return out;
}
inline bool any(I32x4 a) { return (a[0] | a[1] | a[2] | a[3]) != 0; }
inline unsigned sign_bits(I8x16 a) {
  unsigned bits = 0;
  for (int i = 0; i < 16; ++i) bits |= (a[i] < 0 ? 1u : 0u) << i;
  return bits;
}
#endif

// The bytes of one lane, to an address of any alignment.
template <int Lane>
inline void store64(std::uint8_t* to, I64x2 vector) {
#if defined(__wasm_simd128__)
  wasm_v128_store64_lane(to, as<v128_t>(vector), Lane);
#else
  const std::int64_t lane = vector[Lane];
  std::memcpy(to, &lane, sizeof lane);
#endif
}
template <int Lane>
inline void store32(std::uint8_t* to, I32x4 vector) {
#if defined(__wasm_simd128__)
  wasm_v128_store32_lane(to, as<v128_t>(vector), Lane);
#else
  const std::int32_t lane = vector[Lane];
  std::memcpy(to, &lane, sizeof lane);
#endif
}

}  // namespace photo_core::vectors
