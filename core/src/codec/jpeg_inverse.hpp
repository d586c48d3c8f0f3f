// The vector kernels behind libjpeg-turbo's own method table, for what its coefficient controller decodes (files of
// several scans), and its C functions for the blocks that the kernels decline.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/jpeg_library.hpp"

namespace photo_core {

// True when every quantisation step of the component is small enough for the kernels.
bool kernels_fit(const jpeg_component_info& component);

// Makes one block by the library's C function of the component's size.
void inverse_by_library(jpeg_decompress_struct& state, const jpeg_component_info& component, std::int16_t* coefficients,
                        std::uint8_t* out, std::size_t stride);

// Puts the kernels into the method table, for components they fit. Output rows must lie one stride apart and have
// idct_overrun_bytes to spare at their end. After the library's own choice of methods (inverse DCT start_pass).
void install_kernels(jpeg_decompress_struct& state);

}  // namespace photo_core
