#include "codec/png_chunks.hpp"

#include <zlib.h>

namespace photo_core {

bool PngChunkView::crc_matches() const {
  const std::size_t size = data.size() + 4;
  return is_whole && crc32_z(0, crc_start, size) == read_be32(crc_start + size);
}

PngChunkRead read_png_chunk(ByteView source, std::size_t at, PngChunkView& chunk) {
  if (!in_bounds(source.size(), at, 8)) return PngChunkRead::source_ends;
  const std::uint32_t length = read_be32(&source[at]);
  chunk.type = read_be32(&source[at + 4]);
  if (length > png_max_length) return PngChunkRead::bad_length;
  chunk.crc_start = &source[at + 4];
  chunk.is_whole = in_bounds(source.size(), at + 8, std::size_t{length} + 4);
  chunk.data = slice(source, at + 8, length);
  chunk.next = chunk.is_whole ? at + 12 + length : source.size();
  return PngChunkRead::ok;
}

}  // namespace photo_core
