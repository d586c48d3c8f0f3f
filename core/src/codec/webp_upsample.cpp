#include "codec/webp_upsample.hpp"

#if defined(__SSE2__) && !defined(PHOTO_CORE_SCALAR)
#include <emmintrin.h>
#define PHOTO_CORE_WEBP_SIMD 1
#else
#define PHOTO_CORE_WEBP_SIMD 0
#endif

namespace photo_core {
namespace {

inline int high(int value, int factor) { return (value * factor) >> 8; }
inline std::uint8_t clip(int value) {
  return static_cast<std::uint8_t>(value < 0 ? 0 : value > 0x3fff ? 255 : value >> 6);
}

}  // namespace

void webp_upsample_chroma(const WebpChromaRows& rows, std::uint32_t width, std::uint8_t* out) {
  const std::uint8_t* const near = rows.near;
  const std::uint8_t* const far = rows.far;
  const std::uint32_t last = (width + 1) / 2 - 1;
  const auto vertical = [&](std::uint32_t i) { return 3 * near[i] + far[i]; };
  const auto edge = [&](std::uint32_t i) { return static_cast<std::uint8_t>((vertical(i) + 2) >> 2); };
  out[0] = edge(0);
  std::uint32_t i = 0;
#if PHOTO_CORE_WEBP_SIMD
  const __m128i zero = _mm_setzero_si128();
  const __m128i eight = _mm_set1_epi16(8);
  const auto column = [&](std::uint32_t at) {
    const __m128i a = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(near + at)), zero);
    const __m128i b = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(far + at)), zero);
    return _mm_add_epi16(_mm_add_epi16(a, _mm_slli_epi16(a, 1)), b);
  };
  for (; i + 9 <= last + 1; i += 8) {
    const __m128i left = column(i), right = column(i + 1);
    const __m128i left_3 = _mm_add_epi16(left, _mm_slli_epi16(left, 1));
    const __m128i right_3 = _mm_add_epi16(right, _mm_slli_epi16(right, 1));
    const __m128i odd = _mm_srli_epi16(_mm_add_epi16(_mm_add_epi16(left_3, right), eight), 4);
    const __m128i even = _mm_srli_epi16(_mm_add_epi16(_mm_add_epi16(right_3, left), eight), 4);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i + 1), _mm_or_si128(odd, _mm_slli_epi16(even, 8)));
  }
#endif
  for (; i < last; ++i) {
    const int left = vertical(i), right = vertical(i + 1);
    out[2 * i + 1] = static_cast<std::uint8_t>((3 * left + right + 8) >> 4);
    out[2 * i + 2] = static_cast<std::uint8_t>((3 * right + left + 8) >> 4);
  }
  out[2 * last + 1] = edge(last);
}

void webp_convert_row(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v, std::uint32_t width,
                      std::uint8_t* red, std::uint8_t* green, std::uint8_t* blue) {
  std::uint32_t x = 0;
#if PHOTO_CORE_WEBP_SIMD
  const __m128i zero = _mm_setzero_si128();
  const auto scaled = [&](__m128i samples_high, int factor) {
    return _mm_mulhi_epu16(samples_high, _mm_set1_epi16(static_cast<short>(factor)));
  };
  struct Three {
    __m128i red, green, blue;
  };
  const auto convert = [&](__m128i y_high, __m128i u_high, __m128i v_high) {
    const __m128i luma = scaled(y_high, 19077);
    const __m128i r = _mm_add_epi16(_mm_sub_epi16(luma, _mm_set1_epi16(14234)), scaled(v_high, 26149));
    const __m128i g = _mm_sub_epi16(_mm_add_epi16(luma, _mm_set1_epi16(8708)),
                                    _mm_add_epi16(scaled(u_high, 6419), scaled(v_high, 13320)));
    const __m128i b = _mm_subs_epu16(_mm_adds_epu16(scaled(u_high, 33050), luma), _mm_set1_epi16(17685));
    return Three{_mm_srai_epi16(r, 6), _mm_srai_epi16(g, 6), _mm_srli_epi16(b, 6)};
  };
  for (; x + 16 <= width; x += 16) {
    const __m128i y16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(y + x));
    const __m128i u16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(u + x));
    const __m128i v16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(v + x));
    const Three low = convert(_mm_unpacklo_epi8(zero, y16), _mm_unpacklo_epi8(zero, u16), _mm_unpacklo_epi8(zero, v16));
    const Three up = convert(_mm_unpackhi_epi8(zero, y16), _mm_unpackhi_epi8(zero, u16), _mm_unpackhi_epi8(zero, v16));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(red + x), _mm_packus_epi16(low.red, up.red));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(green + x), _mm_packus_epi16(low.green, up.green));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(blue + x), _mm_packus_epi16(low.blue, up.blue));
  }
#endif
  for (; x < width; ++x) {
    const int luma = high(y[x], 19077);
    red[x] = clip(luma + high(v[x], 26149) - 14234);
    green[x] = clip(luma - high(u[x], 6419) - high(v[x], 13320) + 8708);
    blue[x] = clip(luma + high(u[x], 33050) - 17685);
  }
}

}  // namespace photo_core
