// Inverse DCT kernels in vectors: full size and reduced to 1..7 samples, each giving the bits of libjpeg-turbo's C code
// of the accurate integer method (jidctint.c, jidctred.c) for every input.
#pragma once

#include <cstddef>
#include <cstdint>

namespace photo_core {

// Bytes right of a block that a kernel may write over (never below it): blocks are made from left to right.
inline constexpr std::size_t idct_overrun_bytes = 8;

// One block: 64 coefficients in natural order, the quantisation table in natural order, where the first sample goes.
// False when the values are too large for 16-bit arithmetic (no picture's are; hostile files' may be): then nothing was
// written, and the library's function must be called.
using IdctKernel = bool (*)(const std::int16_t* coefficients, const std::uint16_t* quantization, std::uint8_t* out,
                            std::size_t stride);

struct IdctKernels {
  IdctKernel full;
  IdctKernel low;   // only coefficients in the first four rows and columns may be set
  IdctKernel flat;  // only the first coefficient may be set
};

// The last position in zigzag order for which all positions up to it lie in the first four rows and columns.
inline constexpr int idct_low_last = 9;

// Quantisation tables with larger values (16-bit ones may have them) are for the library's functions.
inline constexpr std::uint16_t idct_largest_step = 4095;

// Kernels for blocks of `size` x `size` samples, 1..8.
const IdctKernels& idct_kernels(int size);

}  // namespace photo_core
