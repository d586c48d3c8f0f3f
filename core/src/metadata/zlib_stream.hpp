// zlib streams and CRC-32: the only door to zlib in this room.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace photo_core {

// Inflates one whole zlib stream (RFC 1950). nullopt when it is broken, cut off, or would give more than `max_bytes`.
std::optional<Bytes> inflate_bounded(ByteView compressed, std::size_t max_bytes);

// One whole zlib stream, as small as it gets. Empty when memory runs out.
Bytes deflated(ByteView bytes);

// Follows a zlib stream that lies in several pieces, without keeping what comes out.
class ZlibEndFinder {
 public:
  ZlibEndFinder();
  ~ZlibEndFinder();
  ZlibEndFinder(const ZlibEndFinder&) = delete;
  ZlibEndFinder& operator=(const ZlibEndFinder&) = delete;

  // How many bytes of `piece` belong to the stream: all of it before the stream's end, 0 behind it.
  // nullopt when the stream is broken, or gives more than `max_bytes` in all (noticed within 32 KiB).
  std::optional<std::size_t> take(ByteView piece, std::uint64_t max_bytes);
  bool ended() const { return ended_; }

 private:
  void* state_ = nullptr;
  bool ended_ = false;
  std::uint64_t inflated_bytes_ = 0;
};

// CRC-32 as PNG has it (ISO 3309), going on from `crc` (0 to begin).
std::uint32_t crc32_of(ByteView bytes, std::uint32_t crc = 0);

}  // namespace photo_core
