// A PNG file in the making: its chunks into a growing buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.hpp"
#include "base/bytes.hpp"

namespace photo_core {

// Once memory is out everything more is dropped and ok() is false.
class PngChunkWriter {
 public:
  void raw(const void* data, std::size_t size) { ok_ = ok_ && out_.append(data, size); }

  void chunk(std::string_view type, ByteView data);
  // A chunk whose length is known only at its end.
  void begin(std::string_view type);
  void body(ByteView data);
  void end();

  bool ok() const { return ok_; }
  ByteView view() const { return {out_.data(), out_.size()}; }

 private:
  GrowingBuffer out_;
  bool ok_ = true;
  std::size_t start_ = 0;  // of the chunk at work
  std::uint32_t crc_ = 0;
};

}  // namespace photo_core
