// The chunk structure of a WebP file (RFC 9649, section 2).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace photo_core {

struct RiffChunk {
  ByteView fourcc;
  ByteView data;
  std::string_view type() const { return as_text(fourcc); }
};

// Flags of the VP8X chunk (2.7).
namespace vp8x_flag {
inline constexpr std::uint8_t animation = 0x02, xmp = 0x04, exif = 0x08, alpha = 0x10, icc_profile = 0x20;
}

// Hands out one whole chunk after the other, within the size that the RIFF header states.
class RiffWalker {
 public:
  explicit RiffWalker(ByteView source) {
    if (source.size() < 12 || !has_at(source, 0, "RIFF") || !has_at(source, 8, "WEBP")) return;
    const std::size_t stated = read_le32(source.data() + 4);
    const std::size_t available = source.size() - 8;
    riff_ = source.first(8 + std::min(stated, available));
    position_ = 12;
  }

  bool next(RiffChunk& chunk) {
    constexpr std::size_t header_bytes = 8;
    if (riff_.empty() || !in_bounds(riff_.size(), position_, header_bytes)) return false;
    const std::size_t length = read_le32(riff_.data() + position_ + 4);
    if (!in_bounds(riff_.size(), position_ + header_bytes, length)) return false;
    chunk.fourcc = riff_.subspan(position_, 4);
    chunk.data = riff_.subspan(position_ + header_bytes, length);
    // An odd length is followed by a byte of padding, which may be missing at the very end.
    position_ += std::min(header_bytes + length + length % 2, riff_.size() - position_);
    return true;
  }
  // The file's own end as its header states it, within the bytes; 0 when it is no WebP.
  std::size_t file_end() const { return riff_.size(); }

 private:
  ByteView riff_;
  std::size_t position_ = 0;
};

}  // namespace photo_core
