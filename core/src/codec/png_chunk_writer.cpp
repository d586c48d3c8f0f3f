#include "codec/png_chunk_writer.hpp"

#include <array>

#include "metadata/zlib_stream.hpp"

namespace photo_core {
namespace {

void store_be32(std::uint8_t* p, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

}  // namespace

void PngChunkWriter::chunk(std::string_view type, ByteView data) {
  begin(type);
  body(data);
  end();
}

void PngChunkWriter::begin(std::string_view type) {
  start_ = out_.size();
  const std::array<std::uint8_t, 4> length{};
  raw(length.data(), 4);
  crc_ = 0;
  body({reinterpret_cast<const std::uint8_t*>(type.data()), type.size()});
}

void PngChunkWriter::body(ByteView data) {
  crc_ = crc32_of(data, crc_);
  raw(data.data(), data.size());
}

void PngChunkWriter::end() {
  if (!ok_) return;
  store_be32(out_.data() + start_, static_cast<std::uint32_t>(out_.size() - start_ - 8));
  std::array<std::uint8_t, 4> crc;
  store_be32(crc.data(), crc_);
  raw(crc.data(), 4);
}

}  // namespace photo_core
