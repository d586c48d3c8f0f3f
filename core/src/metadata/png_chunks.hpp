// The chunk structure of a PNG file (PNG specification, third edition, section 5).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "metadata/zlib_stream.hpp"

namespace photo_core {

inline constexpr std::string_view png_signature("\x89PNG\r\n\x1a\n", 8);

struct PngChunk {
  ByteView bytes;  // all of it: length, type, data, CRC
  ByteView data;
  std::string_view type() const { return as_text(bytes.subspan(4, 4)); }
  // Upper case first letter: a decoder must know it.
  bool is_critical() const { return (bytes[4] & 0x20) == 0; }
  bool crc_matches() const {
    return crc32_of(bytes.subspan(4, 4 + data.size())) == read_be32(bytes.data() + 8 + data.size());
  }
};

// Hands out one whole chunk after the other, up to and including IEND.
class PngWalker {
 public:
  explicit PngWalker(ByteView source)
      : source_(source), position_(has_at(source, 0, png_signature) ? 8 : source.size()) {}

  // False behind IEND, or where the rest is no whole chunk.
  bool next(PngChunk& chunk) {
    constexpr std::size_t frame_bytes = 12;
    if (saw_end_ || !in_bounds(source_.size(), position_, frame_bytes)) return false;
    const std::size_t length = read_be32(source_.data() + position_);
    if (length > 0x7fffffff || !in_bounds(source_.size(), position_, length + frame_bytes)) return false;
    chunk.bytes = source_.subspan(position_, length + frame_bytes);
    chunk.data = chunk.bytes.subspan(8, length);
    position_ += length + frame_bytes;
    saw_end_ = chunk.type() == "IEND";
    return true;
  }
  bool saw_end() const { return saw_end_; }
  std::size_t position() const { return position_; }

 private:
  ByteView source_;
  std::size_t position_;
  bool saw_end_ = false;
};

}  // namespace photo_core
