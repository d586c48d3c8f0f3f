// The IDAT chunks of a PNG, or the fdAT chunks of one frame, as one zlib stream.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"

namespace photo_core {

class PngImageData {
 public:
  // `first_chunk`: the offset of the first chunk; those of its type that follow it belong to it. The source stays the
  // caller's and must outlive this.
  PngImageData(ByteView source, std::size_t first_chunk) : source_(source), at_(first_chunk) {}
  ~PngImageData();
  PngImageData(const PngImageData&) = delete;
  PngImageData& operator=(const PngImageData&) = delete;

  Status open();

  // Inflates up to `size` bytes to `out` and gives how many there were. Fewer mean that the data ends: source_was_cut()
  // tells whether because the file ends.
  Result<std::size_t> read(std::uint8_t* out, std::size_t size);

  bool source_was_cut() const { return was_cut_; }
  bool stream_ended() const { return stream_ended_; }
  // The offset of the chunk behind those read so far.
  std::size_t position() const { return at_; }

 private:
  // Feeds the next chunk to the stream; false when there is none.
  Result<bool> next_chunk();

  ByteView source_;
  std::size_t at_;
  std::uint32_t type_ = 0;  // of the chunks, once the first was read
  z_stream stream_{};
  bool is_open_ = false;
  bool was_cut_ = false;
  bool stream_ended_ = false;
};

}  // namespace photo_core
