// Bytes of a scan that no block was decoded from: behind its last block, or before a restart marker. Nobody sees them,
// so a file that is passed on must not carry them.
#pragma once

#include "base/bytes.hpp"
#include "codec/jpeg_huffman.hpp"

namespace photo_core {

class JpegSurplus {
 public:
  void begin(const std::uint8_t* source) { source_ = source; }
  // `bits`: behind the last block of a segment; `marker`: the marker that should be where its data ends.
  void note(const JpegBitReader& bits, const std::uint8_t* marker);

  const ByteRanges& pieces() const { return pieces_; }
  bool is_complete() const { return is_complete_; }  // false: there are more

 private:
  const std::uint8_t* source_ = nullptr;
  ByteRanges pieces_;
  bool is_complete_ = true;
};

}  // namespace photo_core
