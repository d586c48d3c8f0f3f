// The alpha plane of a lossy WebP picture, packed without loss (WebP Container Specification, "Alpha").
#pragma once

#include <cstdint>

#include "base/buffer.hpp"

namespace photo_core {

// Appends the payload of an ALPH chunk to `out`: `width` x `height` samples, `stride` bytes from row to row, filtered
// and written as a lossless image stream whose green is alpha. False when memory is out.
//
// In place of libwebp's lossless encoder, which is made for pictures: masks need a filter, back references and prefix
// codes, in a tenth of the code.
[[nodiscard]] bool webp_pack_alpha(const std::uint8_t* alpha, std::size_t stride, std::uint32_t width,
                                   std::uint32_t height, GrowingBuffer& out);

}  // namespace photo_core
