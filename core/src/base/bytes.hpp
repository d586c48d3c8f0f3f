// Views over bytes, and reads that stay inside them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace photo_core {

using ByteView = std::span<const std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

// A piece of a file: the offsets of its first byte and behind its last.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A few pieces, in order and apart.
struct ByteRanges {
  std::array<ByteRange, 16> list;
  std::size_t count = 0;

  // Any order is taken; false when there is no room left.
  bool add(ByteRange range);
};

// True when [offset, offset + length) lies inside `size` bytes; safe against overflow.
constexpr bool in_bounds(std::size_t size, std::size_t offset, std::size_t length) {
  return offset <= size && length <= size - offset;
}

// The bytes [offset, offset + length) cut to what is there: never outside `bytes`.
inline ByteView slice(ByteView bytes, std::size_t offset, std::size_t length = SIZE_MAX) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(offset, length < bytes.size() - offset ? length : bytes.size() - offset);
}

// Unaligned reads. The caller has checked the bounds with in_bounds().
inline std::uint16_t read_be16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint16_t read_le16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[1] << 8 | p[0]); }
inline std::uint32_t read_be32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
inline std::uint32_t read_le32(const std::uint8_t* p) {
  return std::uint32_t{p[3]} << 24 | std::uint32_t{p[2]} << 16 | std::uint32_t{p[1]} << 8 | p[0];
}
inline std::uint64_t read_be64(const std::uint8_t* p) { return std::uint64_t{read_be32(p)} << 32 | read_be32(p + 4); }

inline void append_be16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void append_be32(Bytes& out, std::uint32_t value) {
  append_be16(out, value >> 16);
  append_be16(out, value & 0xffff);
}
inline void append_le16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}
inline void append_le32(Bytes& out, std::uint32_t value) {
  append_le16(out, value & 0xffff);
  append_le16(out, value >> 16);
}
inline void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
// Appends `piece`, a part of `whole`, without those of its bytes that lie in `ranges` of `whole`.
void append_without(Bytes& out, ByteView piece, ByteView whole, const ByteRanges& ranges);

// Whether `bytes` has `text` (its characters as bytes) at `offset`.
inline bool has_at(ByteView bytes, std::size_t offset, std::string_view text) {
  return in_bounds(bytes.size(), offset, text.size()) &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace photo_core
