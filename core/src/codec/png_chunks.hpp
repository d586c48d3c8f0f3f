// The chunks of a PNG (specification, third edition, 5.3), and how the codec's errors are worded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <photo_core/result.hpp>

#include "base/bytes.hpp"

namespace photo_core {

constexpr std::uint32_t png_max_length = 0x7fffffff;  // of a chunk, and of a side (5.3, 11.2.1)

// A chunk's type as the number that its four letters make.
constexpr std::uint32_t png_tag(const char (&name)[5]) {
  return std::uint32_t(std::uint8_t(name[0])) << 24 | std::uint32_t(std::uint8_t(name[1])) << 16 |
         std::uint32_t(std::uint8_t(name[2])) << 8 | std::uint8_t(name[3]);
}
// 5.4: a capital first letter means that the picture cannot be shown without the chunk.
constexpr bool png_is_critical(std::uint32_t type) { return (type & 0x20000000) == 0; }

// Not the metadata room's PngChunk, which is always whole.
struct PngChunkView {
  std::uint32_t type = 0;
  ByteView data;          // what is there of it
  std::size_t next = 0;   // offset behind the chunk, its CRC included
  bool is_whole = false;  // data and CRC are inside the source
  const std::uint8_t* crc_start = nullptr;

  bool crc_matches() const;
};

enum class PngChunkRead : std::uint8_t { ok, source_ends, bad_length };

// Reads the chunk at `at`; a cut one is `ok` with is_whole false once its length and type are there. The chunk views
// the source.
PngChunkRead read_png_chunk(ByteView source, std::size_t at, PngChunkView& chunk);

inline Error png_corrupt(std::string detail) { return fail(ErrorCode::corrupt_image, "PNG: " + std::move(detail)); }
inline Error png_cut(std::string detail) { return fail(ErrorCode::truncated_image, "PNG: " + std::move(detail)); }
inline Error png_no_memory() { return fail(ErrorCode::out_of_memory, "PNG decoder"); }

}  // namespace photo_core
