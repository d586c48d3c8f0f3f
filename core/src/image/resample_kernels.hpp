// The inner loops of resampling: integer arithmetic only, so that scalar and SIMD builds give the same samples.
#pragma once

#include <cstdint>

namespace photo_core::resample {

// Vertical pass: a weighted sum of `taps` rows (even; rows[i] readable for width rounded up to 16 samples).
// From 8-bit samples the result has 6 fraction bits, from 16-bit samples none; it saturates to int16.
void vertical(const std::uint8_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out);
void vertical(const std::int16_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out);

// A row that needs no vertical pass, in the same scale as the vertical pass gives.
void widen(const std::uint8_t* row, std::uint32_t width, std::int16_t* out);

// Horizontal pass: out[i] = sum of taps (a multiple of 8) samples from in + first[i]; `in` readable for `taps` samples
// behind its end. Clamped to the sample's range.
void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::uint8_t* out);
void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::int16_t* out);

// What the vertical pass gave, for a row that needs no horizontal pass.
void narrow(const std::int16_t* in, std::uint32_t width, std::uint8_t* out);
void narrow(const std::int16_t* in, std::uint32_t width, std::int16_t* out);

}  // namespace photo_core::resample
