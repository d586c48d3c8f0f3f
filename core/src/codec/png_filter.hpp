// The five row filters of PNG (specification, third edition, 9): undone when decoding, applied when encoding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace photo_core {

enum class PngFilter : std::uint8_t { none, sub, up, average, paeth };

// Both rows may be read up to this many bytes behind their end.
inline constexpr std::size_t png_row_slack = 16;

// Undoes `filter` in place. `row` has `size` bytes, `previous` the row above (already undone; zeros above the first);
// `pixel_bytes` is 1..8, the whole bytes of a pixel rounded up. An unknown filter gives false.
bool png_unfilter(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                  std::size_t pixel_bytes);

// Writes `row` filtered to `out` (`size` bytes each) and returns the sum of absolute values of the result as signed
// bytes, the usual measure of how well it will compress.
std::uint64_t png_filter(PngFilter filter, const std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                         std::size_t pixel_bytes, std::uint8_t* out);

}  // namespace photo_core
