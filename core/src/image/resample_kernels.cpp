#include "image/resample_kernels.hpp"

#include <algorithm>

#include "base/simd.hpp"

namespace photo_core::resample {
namespace {

constexpr int weight_bits = 14;
constexpr int fraction_bits = 6;  // of the row between the passes, for 8-bit samples

std::int16_t saturate(std::int32_t value) { return static_cast<std::int16_t>(std::clamp(value, -32768, 32767)); }

template <int shift, typename Sample>
void vertical_scalar(const Sample* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t begin,
                     std::uint32_t width, std::int16_t* out) {
  for (std::uint32_t x = begin; x < width; ++x) {
    std::int32_t sum = 1 << (shift - 1);
    for (std::uint32_t tap = 0; tap < taps; ++tap) sum += rows[tap][x] * weights[tap];
    out[x] = saturate(sum >> shift);
  }
}

template <int shift, std::int32_t highest, typename Sample>
void horizontal_scalar(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights,
                       std::uint32_t taps, std::uint32_t begin, std::uint32_t count, Sample* out) {
  for (std::uint32_t i = begin; i < count; ++i) {
    std::int32_t sum = 1 << (shift - 1);
    const std::int16_t* samples = in + first[i];
    const std::int16_t* weight = weights + std::size_t{i} * taps;
    for (std::uint32_t tap = 0; tap < taps; ++tap) sum += samples[tap] * weight[tap];
    out[i] = static_cast<Sample>(std::clamp(sum >> shift, 0, highest));
  }
}

#if PHOTO_CORE_SIMD

__m128i load(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
void store(void* p, __m128i v) { _mm_storeu_si128(static_cast<__m128i*>(p), v); }

// Two weights in every 32-bit lane, as madd wants them.
__m128i weight_pair(const std::int16_t* weights) {
  return _mm_set1_epi32(
      static_cast<std::int32_t>(static_cast<std::uint16_t>(weights[0]) |
                                static_cast<std::uint32_t>(static_cast<std::uint16_t>(weights[1])) << 16));
}

// The four sums of the lanes of a, b, c and d.
__m128i add_lanes(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
  const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
  return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

__m128i dot(const std::int16_t* samples, const std::int16_t* weights, std::uint32_t taps) {
  __m128i sum = _mm_madd_epi16(load(samples), load(weights));
  for (std::uint32_t tap = 8; tap < taps; tap += 8) {
    sum = _mm_add_epi32(sum, _mm_madd_epi16(load(samples + tap), load(weights + tap)));
  }
  return sum;
}

// Four target samples as 32-bit sums.
__m128i dot4(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps) {
  return add_lanes(dot(in + first[0], weights, taps), dot(in + first[1], weights + taps, taps),
                   dot(in + first[2], weights + 2 * std::size_t{taps}, taps),
                   dot(in + first[3], weights + 3 * std::size_t{taps}, taps));
}

template <int shift>
__m128i round_shift(__m128i sum) {
  return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (shift - 1))), shift);
}

#endif

}  // namespace

void vertical(const std::uint8_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out) {
  constexpr int shift = weight_bits - fraction_bits;
  std::uint32_t x = 0;
#if PHOTO_CORE_SIMD
  const __m128i zero = _mm_setzero_si128();
  for (; x + 16 <= width; x += 16) {
    __m128i sum0 = _mm_set1_epi32(1 << (shift - 1)), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (std::uint32_t tap = 0; tap < taps; tap += 2) {
      const __m128i weight = weight_pair(weights + tap);
      const __m128i a = load(rows[tap] + x), b = load(rows[tap + 1] + x);
      const __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
      sum0 = _mm_add_epi32(sum0, _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), weight));
      sum1 = _mm_add_epi32(sum1, _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), weight));
      sum2 = _mm_add_epi32(sum2, _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), weight));
      sum3 = _mm_add_epi32(sum3, _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), weight));
    }
    store(out + x, _mm_packs_epi32(_mm_srai_epi32(sum0, shift), _mm_srai_epi32(sum1, shift)));
    store(out + x + 8, _mm_packs_epi32(_mm_srai_epi32(sum2, shift), _mm_srai_epi32(sum3, shift)));
  }
#endif
  vertical_scalar<shift>(rows, weights, taps, x, width, out);
}

void vertical(const std::int16_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out) {
  std::uint32_t x = 0;
#if PHOTO_CORE_SIMD
  for (; x + 8 <= width; x += 8) {
    __m128i sum0 = _mm_set1_epi32(1 << (weight_bits - 1)), sum1 = sum0;
    for (std::uint32_t tap = 0; tap < taps; tap += 2) {
      const __m128i weight = weight_pair(weights + tap);
      const __m128i a = load(rows[tap] + x), b = load(rows[tap + 1] + x);
      sum0 = _mm_add_epi32(sum0, _mm_madd_epi16(_mm_unpacklo_epi16(a, b), weight));
      sum1 = _mm_add_epi32(sum1, _mm_madd_epi16(_mm_unpackhi_epi16(a, b), weight));
    }
    store(out + x, _mm_packs_epi32(_mm_srai_epi32(sum0, weight_bits), _mm_srai_epi32(sum1, weight_bits)));
  }
#endif
  vertical_scalar<weight_bits>(rows, weights, taps, x, width, out);
}

void widen(const std::uint8_t* row, std::uint32_t width, std::int16_t* out) {
  for (std::uint32_t x = 0; x < width; ++x) out[x] = static_cast<std::int16_t>(row[x] << fraction_bits);
}

void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::uint8_t* out) {
  constexpr int shift = weight_bits + fraction_bits;
  std::uint32_t i = 0;
#if PHOTO_CORE_SIMD
  for (; i + 8 <= count; i += 8) {
    const std::int16_t* weight = weights + std::size_t{i} * taps;
    const __m128i low = round_shift<shift>(dot4(in, first + i, weight, taps));
    const __m128i high = round_shift<shift>(dot4(in, first + i + 4, weight + 4 * std::size_t{taps}, taps));
    const __m128i words = _mm_packs_epi32(low, high);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(words, words));
  }
#endif
  horizontal_scalar<shift, 255>(in, first, weights, taps, i, count, out);
}

void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::int16_t* out) {
  std::uint32_t i = 0;
#if PHOTO_CORE_SIMD
  const __m128i zero = _mm_setzero_si128();
  for (; i + 8 <= count; i += 8) {
    const std::int16_t* weight = weights + std::size_t{i} * taps;
    const __m128i low = round_shift<weight_bits>(dot4(in, first + i, weight, taps));
    const __m128i high = round_shift<weight_bits>(dot4(in, first + i + 4, weight + 4 * std::size_t{taps}, taps));
    store(out + i, _mm_max_epi16(_mm_packs_epi32(low, high), zero));
  }
#endif
  horizontal_scalar<weight_bits, 32767>(in, first, weights, taps, i, count, out);
}

void narrow(const std::int16_t* in, std::uint32_t width, std::uint8_t* out) {
  for (std::uint32_t x = 0; x < width; ++x) {
    out[x] = static_cast<std::uint8_t>(std::clamp((in[x] + (1 << (fraction_bits - 1))) >> fraction_bits, 0, 255));
  }
}

void narrow(const std::int16_t* in, std::uint32_t width, std::int16_t* out) {
  for (std::uint32_t x = 0; x < width; ++x) out[x] = std::max<std::int16_t>(in[x], 0);
}

}  // namespace photo_core::resample
