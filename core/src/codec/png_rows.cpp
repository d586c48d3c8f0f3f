#include "codec/png_rows.hpp"

#include <algorithm>
#include <cstring>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace photo_core {
namespace {

// Rounded v * 255 / 65535, as in libpng's png_set_scale_16.
inline std::uint8_t to_8_bit(std::uint32_t value_16) {
  return static_cast<std::uint8_t>((value_16 * 255 + 32'895) >> 16);
}
inline std::uint32_t read_16(const std::uint8_t* p) { return static_cast<std::uint32_t>(p[0] << 8 | p[1]); }

// Calls `use(x, sample)` for each packed sample of 1, 2, 4 or 8 bits.
template <typename Use>
void for_each_packed(const std::uint8_t* row, std::uint32_t width, std::uint32_t bit_depth, Use use) {
  if (bit_depth == 8) {
    for (std::uint32_t x = 0; x < width; ++x) use(x, std::uint32_t{row[x]});
    return;
  }
  const std::uint32_t mask = (1u << bit_depth) - 1;
  for (std::uint32_t x = 0; x < width; ++x) {
    const std::uint32_t bit = x * bit_depth;
    use(x, row[bit >> 3] >> (8 - bit_depth - (bit & 7)) & mask);
  }
}

// Pixels of 16-bit samples: `colors` of colour, and alpha where the format has more.
void split_16(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width, int colors,
              const std::array<std::uint8_t*, 4>& planes) {
  const int channels = static_cast<int>(format.samples_per_pixel());
  for (int channel = 0; channel < channels; ++channel) {
    std::uint8_t* const out = planes[channel];
    const std::uint8_t* p = row + 2 * channel;
    if (const std::uint8_t* const codes = format.codes_of_16_bits; codes != nullptr && channel < colors) {
      for (std::uint32_t x = 0; x < width; ++x, p += 2 * channels) out[x] = codes[read_16(p)];
    } else {
      for (std::uint32_t x = 0; x < width; ++x, p += 2 * channels) out[x] = to_8_bit(read_16(p));
    }
  }
}

void expand_gray(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                 const std::array<std::uint8_t*, 4>& planes) {
  std::uint8_t* const gray = planes[0];
  const std::uint32_t depth = format.bit_depth;
  if (depth == 16) {
    split_16(format, row, width, 1, planes);
    if (format.has_transparent_color) {
      for (std::uint32_t x = 0; x < width; ++x) {
        planes[1][x] = read_16(row + 2 * std::size_t{x}) == format.transparent_color[0] ? 0 : 255;
      }
    }
    return;
  }
  const std::uint32_t largest = (1u << depth) - 1;
  const std::uint32_t scale = 255 / largest;
  if (depth == 8) {
    std::memcpy(gray, row, width);
  } else {
    for_each_packed(row, width, depth, [&](std::uint32_t x, std::uint32_t sample) {
      gray[x] = static_cast<std::uint8_t>(sample * scale);
    });
  }
  if (format.has_transparent_color) {
    const std::uint32_t key = format.transparent_color[0] & largest;
    for_each_packed(row, width, depth,
                    [&](std::uint32_t x, std::uint32_t sample) { planes[1][x] = sample == key ? 0 : 255; });
  }
}

void split_rgb(const std::uint8_t* row, std::uint32_t width, const std::array<std::uint8_t*, 4>& planes) {
  std::uint32_t x = 0;
#if defined(__wasm_simd128__)
  for (; x + 16 <= width; x += 16) {
    const v128_t a = wasm_v128_load(row + 3 * std::size_t{x});
    const v128_t b = wasm_v128_load(row + 3 * std::size_t{x} + 16);
    const v128_t c = wasm_v128_load(row + 3 * std::size_t{x} + 32);
    const v128_t red = wasm_i8x16_shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
    const v128_t green = wasm_i8x16_shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
    const v128_t blue = wasm_i8x16_shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
    wasm_v128_store(planes[0] + x, wasm_i8x16_shuffle(red, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    wasm_v128_store(planes[1] + x, wasm_i8x16_shuffle(green, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    wasm_v128_store(planes[2] + x, wasm_i8x16_shuffle(blue, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
  }
#endif
  for (; x < width; ++x) {
    planes[0][x] = row[3 * std::size_t{x}];
    planes[1][x] = row[3 * std::size_t{x} + 1];
    planes[2][x] = row[3 * std::size_t{x} + 2];
  }
}

void split_rgba(const std::uint8_t* row, std::uint32_t width, const std::array<std::uint8_t*, 4>& planes) {
  std::uint32_t x = 0;
#if defined(__wasm_simd128__)
  for (; x + 16 <= width; x += 16) {
    const std::uint8_t* const p = row + 4 * std::size_t{x};
    const v128_t a = wasm_v128_load(p), b = wasm_v128_load(p + 16), c = wasm_v128_load(p + 32),
                 d = wasm_v128_load(p + 48);
    const v128_t red_green = wasm_i8x16_shuffle(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const v128_t blue_alpha = wasm_i8x16_shuffle(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
    const v128_t red_green_2 = wasm_i8x16_shuffle(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const v128_t blue_alpha_2 = wasm_i8x16_shuffle(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
    wasm_v128_store(planes[0] + x, wasm_i64x2_shuffle(red_green, red_green_2, 0, 2));
    wasm_v128_store(planes[1] + x, wasm_i64x2_shuffle(red_green, red_green_2, 1, 3));
    wasm_v128_store(planes[2] + x, wasm_i64x2_shuffle(blue_alpha, blue_alpha_2, 0, 2));
    wasm_v128_store(planes[3] + x, wasm_i64x2_shuffle(blue_alpha, blue_alpha_2, 1, 3));
  }
#endif
  for (; x < width; ++x) {
    const std::uint8_t* const p = row + 4 * std::size_t{x};
    planes[0][x] = p[0];
    planes[1][x] = p[1];
    planes[2][x] = p[2];
    planes[3][x] = p[3];
  }
}

void expand_rgb(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                const std::array<std::uint8_t*, 4>& planes) {
  const auto& key = format.transparent_color;
  if (format.bit_depth == 16) {
    split_16(format, row, width, 3, planes);
    if (!format.has_transparent_color) return;
    const std::uint8_t* p = row;
    for (std::uint32_t x = 0; x < width; ++x, p += 6) {
      planes[3][x] = read_16(p) == key[0] && read_16(p + 2) == key[1] && read_16(p + 4) == key[2] ? 0 : 255;
    }
    return;
  }
  split_rgb(row, width, planes);
  if (!format.has_transparent_color) return;
  const auto red = static_cast<std::uint8_t>(key[0]), green = static_cast<std::uint8_t>(key[1]),
             blue = static_cast<std::uint8_t>(key[2]);
  for (std::uint32_t x = 0; x < width; ++x) {
    planes[3][x] = planes[0][x] == red && planes[1][x] == green && planes[2][x] == blue ? 0 : 255;
  }
}

void expand_palette(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                    const std::array<std::uint8_t*, 4>& planes) {
  // Whole colours into a short row, and that into the planes: one look into the palette a pixel. Its length is a whole
  // number of bytes at every depth.
  constexpr std::uint32_t part = 256;
  std::array<std::uint8_t, part * 4> colors;
  std::array<std::uint8_t, part> opaque;
  for (std::uint32_t begin = 0; begin < width; begin += part) {
    const std::uint32_t count = std::min(part, width - begin);
    for_each_packed(row + std::size_t{begin} * format.bit_depth / 8, count, format.bit_depth,
                    [&](std::uint32_t x, std::uint32_t index) {
                      std::memcpy(colors.data() + std::size_t{x} * 4, format.palette[index].data(), 4);
                    });
    split_rgba(colors.data(), count,
               {planes[0] + begin, planes[1] + begin, planes[2] + begin,
                format.has_palette_alpha ? planes[3] + begin : opaque.data()});
  }
}

void expand_gray_alpha(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                       const std::array<std::uint8_t*, 4>& planes) {
  if (format.bit_depth == 16) {
    split_16(format, row, width, 1, planes);
    return;
  }
  for (std::uint32_t x = 0; x < width; ++x) {
    planes[0][x] = row[2 * std::size_t{x}];
    planes[1][x] = row[2 * std::size_t{x} + 1];
  }
}

}  // namespace

void png_expand_row(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                    const std::array<std::uint8_t*, 4>& planes) {
  switch (format.color_type) {
    case PngColorType::gray: expand_gray(format, row, width, planes); break;
    case PngColorType::rgb: expand_rgb(format, row, width, planes); break;
    case PngColorType::palette: expand_palette(format, row, width, planes); break;
    case PngColorType::gray_alpha: expand_gray_alpha(format, row, width, planes); break;
    case PngColorType::rgb_alpha:
      if (format.bit_depth == 16) split_16(format, row, width, 3, planes);
      else split_rgba(row, width, planes);
      break;
  }
}

}  // namespace photo_core
