// Rows of a lossy WebP picture, 4:2:0 Y'CbCr of limited range (RFC 6386, 9.2), to planes of RGB.
#pragma once

#include <cstdint>

namespace photo_core {

// One plane's chroma for one row of luma: the chroma row that it lies in, and the one that is nearest on its other
// side.
struct WebpChromaRows {
  const std::uint8_t* near = nullptr;
  const std::uint8_t* far = nullptr;
};

// Interpolates chroma to `width` samples, weights 9 3 3 1, bit for bit as libwebp's "fancy" upsampling. `out` has room
// for an even number of samples.
void webp_upsample_chroma(const WebpChromaRows& rows, std::uint32_t width, std::uint8_t* out);

// Converts one row as libwebp does (BT.601, limited range, 14-bit fixed point).
void webp_convert_row(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v, std::uint32_t width,
                      std::uint8_t* red, std::uint8_t* green, std::uint8_t* blue);

}  // namespace photo_core
