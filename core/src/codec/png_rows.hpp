// Rows of PNG samples, as they are in the file after unfiltering, turned into rows of 8-bit planes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace photo_core {

// Colour types of the IHDR chunk (PNG specification, third edition, 11.2.1).
enum class PngColorType : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgb_alpha = 6 };

// How samples lie in a row, and what colours they stand for.
struct PngPixelFormat {
  PngColorType color_type = PngColorType::gray;
  std::uint32_t bit_depth = 8;  // 1, 2, 4, 8 or 16
  // Colours of the palette; what lies behind its end is opaque black, as libpng has it.
  std::array<std::array<std::uint8_t, 4>, 256> palette{};
  bool has_palette_alpha = false;
  // tRNS of a gray or rgb picture: the one colour, at the file's depth, that is transparent.
  bool has_transparent_color = false;
  std::array<std::uint16_t, 3> transparent_color{};
  // What colour samples of 16 bits become; null: scaled with rounding. DecodeRequest::codes_of_16_bits.
  const std::uint8_t* codes_of_16_bits = nullptr;

  constexpr std::uint32_t samples_per_pixel() const {
    switch (color_type) {
      case PngColorType::rgb: return 3;
      case PngColorType::gray_alpha: return 2;
      case PngColorType::rgb_alpha: return 4;
      default: return 1;
    }
  }
  constexpr std::uint32_t bits_per_pixel() const { return samples_per_pixel() * bit_depth; }
  // The distance that filters look back, in bytes (9.2).
  constexpr std::size_t filter_step() const { return bits_per_pixel() < 8 ? 1 : bits_per_pixel() / 8; }
  // Bytes of a row of `width` pixels without its filter byte.
  constexpr std::uint64_t row_bytes(std::uint32_t width) const {
    return (std::uint64_t{width} * bits_per_pixel() + 7) / 8;
  }
  constexpr bool is_gray() const { return color_type == PngColorType::gray || color_type == PngColorType::gray_alpha; }
  constexpr bool has_alpha() const {
    return color_type == PngColorType::gray_alpha || color_type == PngColorType::rgb_alpha || has_transparent_color ||
           has_palette_alpha;
  }
};

// Writes `width` samples to each plane of `planes`: gray or red, green, blue, then alpha when the format has it.
// Alpha of 16 bits is scaled to 8 with rounding.
void png_expand_row(const PngPixelFormat& format, const std::uint8_t* row, std::uint32_t width,
                    const std::array<std::uint8_t*, 4>& planes);

}  // namespace photo_core
