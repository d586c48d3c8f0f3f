#include "image/convert_stage.hpp"

#include <algorithm>
#include <cstring>

#include "base/simd.hpp"

namespace photo_core {
namespace {

constexpr std::uint32_t unit_rows = 2;
constexpr int fixed_bits = 16;
constexpr std::int32_t fixed(double value) { return static_cast<std::int32_t>(value * (1 << fixed_bits) + 0.5); }
constexpr std::int32_t one_fixed = 1 << fixed_bits;
constexpr std::int32_t half_fixed = 1 << (fixed_bits - 1);

std::uint8_t clamp_byte(std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void flatten_row(std::uint8_t* color, const std::uint8_t* alpha, std::int32_t background, std::uint32_t width) {
  for (std::uint32_t x = 0; x < width; ++x) {
    const std::int32_t sum = color[x] * alpha[x] + background * (255 - alpha[x]);
    color[x] = static_cast<std::uint8_t>((sum + 127) / 255);
  }
}

// Averages two by two samples, halves rounded up and down in turn as the library does, so that colours do not drift; an
// odd column, the last or the first, stands for itself.
void halve_rows(const std::uint8_t* upper, const std::uint8_t* lower, std::uint32_t width, bool from_right,
                std::uint8_t* out) {
  if (from_right && width % 2 != 0) {
    *out++ = static_cast<std::uint8_t>((*upper++ + *lower++ + 1) >> 1);
    --width;
  }
  const std::uint32_t pairs = width / 2;
  for (std::uint32_t x = 0; x < pairs; ++x) {
    const std::uint32_t bias = 1 + x % 2;
    out[x] = static_cast<std::uint8_t>((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + bias) >> 2);
  }
  if (width % 2 != 0) out[pairs] = static_cast<std::uint8_t>((upper[width - 1] + lower[width - 1] + 1) >> 1);
}

#if PHOTO_CORE_SIMD

__m128i load8(const std::uint8_t* from) {
  return _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), _mm_setzero_si128());
}
void store8(std::uint8_t* to, __m128i words) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}

__m128i weights(std::int32_t first, std::int32_t second) {
  return _mm_set1_epi32(static_cast<std::int32_t>((static_cast<std::uint32_t>(second) << 16) |
                                                  (static_cast<std::uint32_t>(first) & 0xffff)));
}

// (first * weight + second * weight + start) >> fixed_bits.
__m128i high_products(__m128i first, __m128i second, __m128i weight, __m128i start = _mm_setzero_si128()) {
  const __m128i low = _mm_add_epi32(_mm_madd_epi16(_mm_unpacklo_epi16(first, second), weight), start);
  const __m128i high = _mm_add_epi32(_mm_madd_epi16(_mm_unpackhi_epi16(first, second), weight), start);
  return _mm_packs_epi32(_mm_srai_epi32(low, fixed_bits), _mm_srai_epi32(high, fixed_bits));
}

// The same with a third input, weighed twice.
__m128i high_products(__m128i first, __m128i second, __m128i weight, __m128i third, __m128i third_weight,
                      __m128i start) {
  const __m128i low = _mm_add_epi32(_mm_madd_epi16(_mm_unpacklo_epi16(first, second), weight),
                                    _mm_madd_epi16(_mm_unpacklo_epi16(third, third), third_weight));
  const __m128i high = _mm_add_epi32(_mm_madd_epi16(_mm_unpackhi_epi16(first, second), weight),
                                     _mm_madd_epi16(_mm_unpackhi_epi16(third, third), third_weight));
  return _mm_packs_epi32(_mm_srai_epi32(_mm_add_epi32(low, start), fixed_bits),
                         _mm_srai_epi32(_mm_add_epi32(high, start), fixed_bits));
}

#endif

}  // namespace

// Multipliers above 16 bits are written as a whole number and a rest: 1.402 c is c + 0.402 c. The sums are the same
// integers, and the rests fit the vectors' products.
void ycc_to_rgb_row(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, std::uint8_t* r,
                    std::uint8_t* g, std::uint8_t* b, std::uint32_t width) {
  constexpr std::int32_t red_rest = fixed(1.402) - one_fixed, blue_rest = fixed(1.772) - 2 * one_fixed;
  constexpr std::int32_t green_blue = -fixed(0.34414), green_red = one_fixed - fixed(0.71414);
  std::uint32_t x = 0;
#if PHOTO_CORE_SIMD
  const __m128i centre = _mm_set1_epi16(128), two = _mm_set1_epi16(2), half = _mm_set1_epi32(half_fixed);
  for (; x + 8 <= width; x += 8) {
    const __m128i luma = load8(y + x);
    const __m128i blue = _mm_sub_epi16(load8(cb + x), centre), red = _mm_sub_epi16(load8(cr + x), centre);
    const __m128i red_part = high_products(red, two, weights(red_rest, half_fixed / 2));
    const __m128i blue_part = high_products(blue, two, weights(blue_rest, half_fixed / 2));
    const __m128i green_part = high_products(blue, red, weights(green_blue, green_red), half);
    store8(r + x, _mm_add_epi16(luma, _mm_add_epi16(red, red_part)));
    store8(g + x, _mm_add_epi16(luma, _mm_sub_epi16(green_part, red)));
    store8(b + x, _mm_add_epi16(luma, _mm_add_epi16(_mm_add_epi16(blue, blue), blue_part)));
  }
#endif
  for (; x < width; ++x) {
    const std::int32_t luma = y[x], blue = cb[x] - 128, red = cr[x] - 128;
    r[x] = clamp_byte(luma + red + ((red_rest * red + half_fixed) >> fixed_bits));
    g[x] = clamp_byte(luma - red + ((green_blue * blue + green_red * red + half_fixed) >> fixed_bits));
    b[x] = clamp_byte(luma + 2 * blue + ((blue_rest * blue + half_fixed) >> fixed_bits));
  }
}

void rgb_to_ycc_row(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, std::uint8_t* y,
                    std::uint8_t* cb, std::uint8_t* cr, std::uint32_t width) {
  constexpr std::int32_t centre = (128 << fixed_bits) + half_fixed - 1;  // so that pure blue and red stay below 256
  constexpr std::int32_t green_rest = fixed(0.587) - one_fixed;
  std::uint32_t x = 0;
#if PHOTO_CORE_SIMD
  const __m128i half = _mm_set1_epi32(half_fixed), middle = _mm_set1_epi32(centre);
  for (; x + 8 <= width; x += 8) {
    const __m128i red = load8(r + x), green = load8(g + x), blue = load8(b + x);
    store8(y + x, _mm_add_epi16(green, high_products(red, green, weights(fixed(0.299), green_rest), blue,
                                                     weights(fixed(0.114), 0), half)));
    const __m128i quarters = weights(fixed(0.25), fixed(0.25));  // a half is too large for one product
    store8(cb + x, high_products(red, green, weights(-fixed(0.168736), -fixed(0.331264)), blue, quarters, middle));
    store8(cr + x, high_products(green, blue, weights(-fixed(0.418688), -fixed(0.081312)), red, quarters, middle));
  }
#endif
  for (; x < width; ++x) {
    const std::int32_t red = r[x], green = g[x], blue = b[x];
    const std::int32_t rest = fixed(0.299) * red + green_rest * green + fixed(0.114) * blue + half_fixed;
    y[x] = static_cast<std::uint8_t>(green + (rest >> fixed_bits));
    cb[x] = static_cast<std::uint8_t>((centre - fixed(0.168736) * red - fixed(0.331264) * green + fixed(0.5) * blue) >>
                                      fixed_bits);
    cr[x] = static_cast<std::uint8_t>((centre + fixed(0.5) * red - fixed(0.418688) * green - fixed(0.081312) * blue) >>
                                      fixed_bits);
  }
}

bool needs_conversion(const ConvertMap& map) {
  return map.is_ink || map.transform != nullptr || map.source.model != map.target.model ||
         map.source.has_alpha != map.target.has_alpha || map.source.h_subsampling != map.target.h_subsampling ||
         map.source.v_subsampling != map.target.v_subsampling;
}

ConvertStage::ConvertStage(const ConvertMap& map, RowSink& next) : map_(map), next_(next) {
  for (auto& rows : full_) rows.resize(std::size_t{map_.target.width_px} * unit_rows);
  for (auto& row : half_) row.resize((map_.target.width_px + 1) / 2);
}

void ConvertStage::convert_row(const Band& band, std::uint32_t y, std::uint32_t index) {
  const std::uint32_t width = map_.target.width_px;
  std::array<std::uint8_t*, max_planes> out{};
  for (int plane = 0; plane < max_planes; ++plane) out[plane] = full_[plane].data() + std::size_t{index} * width;
  const auto in = [&](int plane) { return band.planes[plane].row(y); };

  bool gray = map_.source.model == ColorModel::gray;
  const int colors = color_plane_count(map_.source.model);
  if (map_.is_ink) {
    const std::array<const std::uint8_t*, max_planes> inks{in(0), in(1), in(2), in(3)};
    map_.transform->row(inks.data(), out.data(), width);
  } else {
    if (map_.source.model == ColorModel::ycc) {
      if (map_.target.model == ColorModel::ycc && map_.transform == nullptr) {
        for (int plane = 0; plane < 3; ++plane) std::memcpy(out[plane], in(plane), width);
        return;  // only the subsampling changes
      }
      ycc_to_rgb_row(in(0), in(1), in(2), out[0], out[1], out[2], width);
    } else {
      for (int plane = 0; plane < colors; ++plane) std::memcpy(out[plane], in(plane), width);
    }
    if (map_.transform) map_.transform->row(out.data(), out.data(), width);
    if (map_.source.has_alpha && map_.target.has_alpha) {
      std::memcpy(out[color_plane_count(map_.target.model)], in(colors), width);
    } else if (map_.source.has_alpha) {
      if (gray && map_.target.model != ColorModel::gray) {  // the background has a colour of its own
        std::memcpy(out[1], out[0], width);
        std::memcpy(out[2], out[0], width);
        gray = false;
      }
      const std::int32_t red = map_.background >> 16 & 0xff, green = map_.background >> 8 & 0xff,
                         blue = map_.background & 0xff;
      flatten_row(out[0], in(colors), gray ? (red * 299 + green * 587 + blue * 114 + 500) / 1000 : red, width);
      if (!gray) {
        flatten_row(out[1], in(colors), green, width);
        flatten_row(out[2], in(colors), blue, width);
      }
    }
  }

  if (map_.target.model == ColorModel::gray) return;
  if (gray) {
    const int first_copy = map_.target.model == ColorModel::rgb ? 1 : 3;
    for (int plane = first_copy; plane < 3; ++plane) std::memcpy(out[plane], out[0], width);
    if (map_.target.model == ColorModel::ycc) {
      std::memset(out[1], 128, width);
      std::memset(out[2], 128, width);
    }
  } else if (map_.target.model == ColorModel::ycc) {
    rgb_to_ycc_row(out[0], out[1], out[2], out[0], out[1], out[2], width);
  }
}

Status ConvertStage::push(const Band& band) {
  const PlaneRows& luma = band.planes[0];
  const std::uint32_t width = map_.target.width_px;
  const bool halve = map_.target.model == ColorModel::ycc && map_.target.v_subsampling == 2;
  for (std::uint32_t done = 0, rows = 0; done < luma.row_count; done += rows) {
    const std::uint32_t y = luma.first_row + done;
    rows = std::min(y == 0 ? first_unit_rows(map_.target, unit_rows) : unit_rows, luma.row_count - done);
    for (std::uint32_t i = 0; i < rows; ++i) convert_row(band, y + i, i);
    Band out;
    for (int plane = 0; plane < map_.target.plane_count(); ++plane) {
      out.planes[plane] = {full_[plane].data(), width, y, rows};
      if (halve && map_.target.is_chroma(plane)) {
        const std::uint8_t* upper = full_[plane].data();
        halve_rows(upper, rows == 2 ? upper + width : upper, width, map_.target.pairs_from_right, half_[plane].data());
        out.planes[plane] = {half_[plane].data(), (width + 1) / 2, (y + 1) / 2, 1};
      }
    }
    if (Status status = next_.push(out); !status) return status;
  }
  return {};
}

}  // namespace photo_core
