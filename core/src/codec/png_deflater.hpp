// The image data of a PNG deflated (specification, third edition, 10.1), as its rows deserve: looking for matches only
// where a trial finds them worth it.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "codec/png_chunk_writer.hpp"

namespace photo_core {

class PngDeflater {
 public:
  // What the rows hold: samples behind filters that were chosen row by row, or indices of a palette.
  enum class Rows : std::uint8_t { filtered, indices };

  // The IDAT chunk of `writer`, which must outlive this, is to be open from begin() to finish().
  explicit PngDeflater(PngChunkWriter& writer) : writer_(writer) {}
  ~PngDeflater();
  PngDeflater(const PngDeflater&) = delete;
  PngDeflater& operator=(const PngDeflater&) = delete;

  // Each is false without memory. `row_bytes`: of the longest row, its filter byte included. `is_estimate`: matches are
  // hardly looked for.
  [[nodiscard]] bool begin(Rows rows, std::size_t row_bytes, bool is_estimate);
  [[nodiscard]] bool add_row(ByteView row);
  [[nodiscard]] bool finish();

 private:
  bool deflate_piece();
  bool choose_strategy(ByteView piece);
  std::size_t deflated_size(ByteView piece, int strategy);
  bool start_deflating(z_stream& stream, int strategy) const;
  bool deflate_bytes(ByteView data, int flush);

  PngChunkWriter& writer_;
  Buffer piece_;  // filtered rows that wait
  std::size_t piece_size_ = 0;
  std::uint32_t pieces_ = 0;
  Buffer block_;  // deflated
  z_stream stream_{};
  bool is_deflating_ = false;
  int strategy_ = Z_DEFAULT_STRATEGY;
  bool is_estimate_ = false;
};

}  // namespace photo_core
