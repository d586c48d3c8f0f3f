// A picture that somebody else decoded, in the shape of a decoder.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "codec/decoder.hpp"

namespace photo_core {

// `rgba`: width * height * 4 bytes, not premultiplied; must outlive the decoder.
std::unique_ptr<Decoder> make_pixel_source(ByteView rgba, std::uint32_t width_px, std::uint32_t height_px);

}  // namespace photo_core
