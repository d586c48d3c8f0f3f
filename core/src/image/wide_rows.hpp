// Rows of 8-bit samples as rows of 16-bit ones and back: premultiplied colour, linear light.
#pragma once

#include <cstdint>

namespace photo_core {

// What 255 becomes. A filter goes beyond it: its positive weights add up to 1.275 at the most in one direction, 1.7 in
// both. Of colour and of the alpha that it is divided by alike, so neither may be cut off before.
inline constexpr std::int16_t wide_one = 16'384;

// Whether each of `count` alpha samples is 255.
bool is_opaque_row(const std::uint8_t* alpha, std::uint32_t count);

// Encoded samples; with `alpha` (null: opaque) weighed by it.
void widen_row(const std::uint8_t* in, const std::uint8_t* alpha, std::uint32_t count, std::int16_t* out);
// Samples turned to light by a table (0 … 32767), weighed likewise.
void widen_row_to_light(const std::uint8_t* in, const std::uint8_t* alpha, std::uint32_t count,
                        const std::int16_t* light, std::int16_t* out);

// Divides samples by the alpha that they were weighed by; 0 where that is 0, at most `wide_one`. Neither is below 0.
void unweigh_row(std::int16_t* samples, const std::int16_t* alpha, std::uint32_t count);

// Back to encoded samples, rounded and at most 255, from samples that are not below 0.
void narrow_row(const std::int16_t* in, std::uint32_t count, std::uint8_t* out);
// Light back to samples by a table of 32 768, likewise.
void narrow_row_from_light(const std::int16_t* in, std::uint32_t count, const std::uint8_t* encoded, std::uint8_t* out);

}  // namespace photo_core
