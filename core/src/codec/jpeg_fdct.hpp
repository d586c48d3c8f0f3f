// The forward DCT kernel: samples to quantised coefficients in one go, giving the bits of libjpeg-turbo's C code of the
// accurate integer method (jfdctint.c, jcdctmgr.c).
#pragma once

#include <cstddef>
#include <cstdint>

namespace photo_core {

// One quantisation table as the kernel divides by it: a multiplication and a rounding shift, as a multiplication too.
struct ForwardSteps {
  alignas(16) std::int16_t reciprocal[64];
  alignas(16) std::int16_t scale[64];

  // `quantization`: 64 steps of 1..255 in natural order.
  void set(const std::uint16_t* quantization);
};

// 8 x 8 samples, rows `stride` bytes apart, to 64 quantised coefficients in natural order.
void forward_transform(const std::uint8_t* samples, std::size_t stride, const ForwardSteps& steps,
                       std::int16_t* coefficients);

// Which coefficients are not 0, by zigzag index (bit 0: the first).
std::uint64_t set_coefficients(const std::int16_t* coefficients);

}  // namespace photo_core
