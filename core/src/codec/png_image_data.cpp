#include "codec/png_image_data.hpp"

#include <algorithm>

#include "codec/png_chunks.hpp"

namespace photo_core {

PngImageData::~PngImageData() {
  if (is_open_) inflateEnd(&stream_);
}

Status PngImageData::open() {
  if (inflateInit(&stream_) != Z_OK) return png_no_memory();
  is_open_ = true;
  return {};
}

Result<std::size_t> PngImageData::read(std::uint8_t* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size && !stream_ended_) {
    if (stream_.avail_in == 0) {
      const Result<bool> more = next_chunk();
      if (!more) return more.error();
      if (!*more) break;
    }
    stream_.next_out = out + done;
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size - done, 1u << 30));
    const uInt before = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    done += before - stream_.avail_out;
    if (code == Z_STREAM_END) stream_ended_ = true;
    else if (code == Z_MEM_ERROR) return png_no_memory();
    else if (code != Z_OK && code != Z_BUF_ERROR)
      return png_corrupt(stream_.msg != nullptr ? stream_.msg : "compressed data");
  }
  return done;
}

Result<bool> PngImageData::next_chunk() {
  for (;;) {
    PngChunkView chunk;
    const PngChunkRead read = read_png_chunk(source_, at_, chunk);
    if (read == PngChunkRead::source_ends) {
      was_cut_ = true;
      return false;
    }
    if (read == PngChunkRead::bad_length) return png_corrupt("a chunk length beyond 2^31 - 1");
    if (type_ == 0) type_ = chunk.type;
    if (chunk.type != type_) return false;
    if (chunk.is_whole && !chunk.crc_matches()) return png_corrupt("CRC of IDAT");
    // An fdAT chunk begins with its place in the animation (11.3.6.3).
    if (type_ == png_tag("fdAT")) chunk.data = slice(chunk.data, 4);
    if (!chunk.is_whole) was_cut_ = true;
    at_ = chunk.next;
    if (chunk.data.empty()) continue;
    stream_.next_in = const_cast<Bytef*>(chunk.data.data());
    stream_.avail_in = static_cast<uInt>(chunk.data.size());
    return true;
  }
}

}  // namespace photo_core
