#include "codec/png_filter.hpp"

#include <cstdlib>
#include <cstring>

#if defined(__SSE2__) && !defined(PHOTO_CORE_SCALAR)
#include <emmintrin.h>
#define PHOTO_CORE_PNG_SIMD 1
#else
#define PHOTO_CORE_PNG_SIMD 0
#endif

namespace photo_core {
namespace {

// PNG 9.4: of left, above and upper left, the one nearest to left + above - upper left; ties in this order.
inline std::uint8_t paeth(int left, int above, int upper_left) {
  const int from_left = std::abs(above - upper_left);
  const int from_above = std::abs(left - upper_left);
  const int from_upper_left = std::abs(left + above - 2 * upper_left);
  if (from_left <= from_above && from_left <= from_upper_left) return static_cast<std::uint8_t>(left);
  return static_cast<std::uint8_t>(from_above <= from_upper_left ? above : upper_left);
}

void undo_sub(std::uint8_t* row, std::size_t size, std::size_t step) {
  for (std::size_t i = step; i < size; ++i) row[i] = static_cast<std::uint8_t>(row[i] + row[i - step]);
}

void undo_up(std::uint8_t* row, const std::uint8_t* previous, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) row[i] = static_cast<std::uint8_t>(row[i] + previous[i]);
}

void undo_average(std::uint8_t* row, const std::uint8_t* previous, std::size_t size, std::size_t step) {
  for (std::size_t i = 0; i < size; ++i) {
    const int left = i >= step ? row[i - step] : 0;
    row[i] = static_cast<std::uint8_t>(row[i] + ((left + previous[i]) >> 1));
  }
}

void undo_paeth(std::uint8_t* row, const std::uint8_t* previous, std::size_t size, std::size_t step) {
  for (std::size_t i = 0; i < size; ++i) {
    const int left = i >= step ? row[i - step] : 0;
    const int upper_left = i >= step ? previous[i - step] : 0;
    row[i] = static_cast<std::uint8_t>(row[i] + paeth(left, previous[i], upper_left));
  }
}

#if PHOTO_CORE_PNG_SIMD

// One pixel of 3, 4, 6 or 8 bytes. Loads may read behind the pixel; stores write it alone.
template <std::size_t step>
inline __m128i load_pixel(const std::uint8_t* p) {
  if constexpr (step <= 4) {
    std::int32_t bits;
    std::memcpy(&bits, p, 4);
    return _mm_cvtsi32_si128(bits);
  } else {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  }
}

template <std::size_t step>
inline void store_pixel(std::uint8_t* p, __m128i pixel) {
  if constexpr (step <= 4) {
    const std::int32_t bits = _mm_cvtsi128_si32(pixel);
    std::memcpy(p, &bits, step);
  } else {
    std::uint8_t bytes[8];
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes), pixel);
    std::memcpy(p, bytes, step);
  }
}

template <std::size_t step>
void undo_sub_by_pixel(std::uint8_t* row, std::size_t size) {
  __m128i left = _mm_setzero_si128();
  for (std::size_t i = 0; i + step <= size; i += step) {
    left = _mm_add_epi8(left, load_pixel<step>(row + i));
    store_pixel<step>(row + i, left);
  }
}

template <std::size_t step>
void undo_average_by_pixel(std::uint8_t* row, const std::uint8_t* previous, std::size_t size) {
  const __m128i one = _mm_set1_epi8(1);
  __m128i left = _mm_setzero_si128();
  for (std::size_t i = 0; i + step <= size; i += step) {
    const __m128i above = load_pixel<step>(previous + i);
    // pavgb rounds up; take the carried bit off again.
    const __m128i half = _mm_sub_epi8(_mm_avg_epu8(left, above), _mm_and_si128(_mm_xor_si128(left, above), one));
    left = _mm_add_epi8(load_pixel<step>(row + i), half);
    store_pixel<step>(row + i, left);
  }
}

// With bound = 3 * upper left - left - above: the smaller of left and above where the bound is not below the larger,
// the larger where it is not above the smaller, else upper left. The same as paeth(), and few steps wait for `left`.
template <std::size_t step>
void undo_paeth_by_pixel(std::uint8_t* row, const std::uint8_t* previous, std::size_t size) {
  const __m128i zero = _mm_setzero_si128();
  __m128i left = zero, upper_left = zero;  // 16-bit lanes
  for (std::size_t i = 0; i + step <= size; i += step) {
    const __m128i above = _mm_unpacklo_epi8(load_pixel<step>(previous + i), zero);
    const __m128i filtered = _mm_unpacklo_epi8(load_pixel<step>(row + i), zero);
    const __m128i twice_more = _mm_sub_epi16(_mm_add_epi16(upper_left, _mm_add_epi16(upper_left, upper_left)), above);
    const __m128i bound = _mm_sub_epi16(twice_more, left);
    const __m128i smaller = _mm_min_epi16(left, above), larger = _mm_max_epi16(left, above);
    const __m128i not_smaller = _mm_cmpgt_epi16(larger, bound), not_larger = _mm_cmpgt_epi16(bound, smaller);
    // Where both the smaller and the larger are taken they are equal.
    const __m128i predicted =
        _mm_or_si128(_mm_or_si128(_mm_andnot_si128(not_smaller, smaller), _mm_andnot_si128(not_larger, larger)),
                     _mm_and_si128(_mm_and_si128(not_smaller, not_larger), upper_left));
    left = _mm_add_epi8(filtered, predicted);  // the upper halves of the lanes are 0
    upper_left = above;
    store_pixel<step>(row + i, _mm_packus_epi16(left, left));
  }
}

// False when there is no such code for this pixel size.
bool unfilter_by_pixel(PngFilter filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                       std::size_t pixel_bytes) {
  const auto run = [&]<std::size_t step>() {
    switch (filter) {
      case PngFilter::sub: undo_sub_by_pixel<step>(row, size); break;
      case PngFilter::average: undo_average_by_pixel<step>(row, previous, size); break;
      case PngFilter::paeth: undo_paeth_by_pixel<step>(row, previous, size); break;
      default: break;
    }
  };
  switch (pixel_bytes) {
    case 3: run.template operator()<3>(); return true;
    case 4: run.template operator()<4>(); return true;
    case 6: run.template operator()<6>(); return true;
    case 8: run.template operator()<8>(); return true;
    default: return false;
  }
}

#endif

}  // namespace

bool png_unfilter(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                  std::size_t pixel_bytes) {
  if (filter > static_cast<std::uint8_t>(PngFilter::paeth)) return false;
  const PngFilter kind{filter};
  if (kind == PngFilter::none) return true;
  if (kind == PngFilter::up) {
    undo_up(row, previous, size);
    return true;
  }
#if PHOTO_CORE_PNG_SIMD
  if (unfilter_by_pixel(kind, row, previous, size, pixel_bytes)) return true;
#endif
  switch (kind) {
    case PngFilter::sub: undo_sub(row, size, pixel_bytes); break;
    case PngFilter::average: undo_average(row, previous, size, pixel_bytes); break;
    default: undo_paeth(row, previous, size, pixel_bytes); break;
  }
  return true;
}

std::uint64_t png_filter(PngFilter filter, const std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                         std::size_t pixel_bytes, std::uint8_t* out) {
  const std::size_t head = pixel_bytes < size ? pixel_bytes : size;
  switch (filter) {
    case PngFilter::none: std::memcpy(out, row, size); break;
    case PngFilter::sub:
      std::memcpy(out, row, head);
      for (std::size_t i = head; i < size; ++i) out[i] = static_cast<std::uint8_t>(row[i] - row[i - pixel_bytes]);
      break;
    case PngFilter::up:
      for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(row[i] - previous[i]);
      break;
    case PngFilter::average:
      for (std::size_t i = 0; i < head; ++i) out[i] = static_cast<std::uint8_t>(row[i] - (previous[i] >> 1));
      for (std::size_t i = head; i < size; ++i) {
        out[i] = static_cast<std::uint8_t>(row[i] - ((row[i - pixel_bytes] + previous[i]) >> 1));
      }
      break;
    case PngFilter::paeth:
      for (std::size_t i = 0; i < head; ++i) out[i] = static_cast<std::uint8_t>(row[i] - previous[i]);
      for (std::size_t i = head; i < size; ++i) {
        const int left = row[i - pixel_bytes], above = previous[i], upper_left = previous[i - pixel_bytes];
        const int from_left = std::abs(above - upper_left);
        const int from_above = std::abs(left - upper_left);
        const int from_upper_left = std::abs(left + above - 2 * upper_left);
        const int nearer = from_above <= from_upper_left ? above : upper_left;
        const bool take_left = from_left <= from_above && from_left <= from_upper_left;
        out[i] = static_cast<std::uint8_t>(row[i] - (take_left ? left : nearer));
      }
      break;
  }
  std::uint64_t sum = 0;
  for (std::size_t start = 0; start < size;) {
    const std::size_t end = size - start < 65'536 ? size : start + 65'536;
    std::uint32_t part = 0;
    for (; start < end; ++start) part += static_cast<std::uint32_t>(out[start] < 128 ? out[start] : 256 - out[start]);
    sum += part;
  }
  return sum;
}

}  // namespace photo_core
