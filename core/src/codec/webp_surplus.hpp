// Bytes behind the last row of a WebP picture that no sample was decoded from. Nobody sees them, so a file that is
// passed on must not carry them.
#pragma once

#include "base/bytes.hpp"
#include "codec/webp_container.hpp"

struct VP8Decoder;  // libwebp's
struct VP8LDecoder;
struct VP8Io;

namespace photo_core {

// What is left of a lossless picture's data.
ByteView webp_lossless_surplus(const VP8LDecoder& decoder);

// What is left of a lossy picture's data. False when it stands where it cannot be taken out.
bool webp_lossy_surplus(const VP8Decoder& decoder, ByteView& left);

// What is left of its alpha's data, if it has any; writes over the decoder's alpha plane. False when memory ran out.
bool webp_alpha_surplus(const WebpContainer& container, const VP8Decoder& decoder, const VP8Io& io, ByteView& left);

}  // namespace photo_core
