#include "codec/webp_container.hpp"

#include <algorithm>

namespace photo_core {
namespace {

Error corrupt(std::string detail) { return fail(ErrorCode::corrupt_image, "WebP: " + std::move(detail)); }
Error cut() { return fail(ErrorCode::truncated_image, "WebP: ends before the picture"); }

std::uint32_t read_le24(const std::uint8_t* p) { return std::uint32_t{p[2]} << 16 | std::uint32_t{p[1]} << 8 | p[0]; }

// A chunk inside [0, end) of the container. `data` is cut to what is there.
struct Chunk {
  std::string_view type;
  ByteView data;
  std::size_t next = 0;
};

enum class ChunkRead { ok, none, overruns };

// `bytes` is what is there, `end` where the enclosing chunk says that it ends (perhaps behind `bytes`).
ChunkRead read_chunk(ByteView bytes, std::size_t at, std::uint64_t end, Chunk& chunk) {
  if (!in_bounds(bytes.size(), at, 8)) return ChunkRead::none;
  const std::uint64_t size = read_le32(&bytes[at + 4]);
  if (at + 8 + size > end) return ChunkRead::overruns;
  chunk.type = as_text(bytes.subspan(at, 4));
  chunk.data = slice(bytes, at + 8, static_cast<std::size_t>(size));
  chunk.next = static_cast<std::size_t>(std::min<std::uint64_t>(at + 8 + size + (size & 1), bytes.size()));
  return ChunkRead::ok;
}

// RFC 6386, 9.1: the frame header of a key frame. `chunk_size` as declared.
Status read_vp8_header(ByteView data, std::uint64_t chunk_size, WebpContainer& out) {
  if (data.size() < 10) return data.size() < chunk_size ? cut() : corrupt("no VP8 frame header");
  const std::uint32_t bits = read_le24(data.data());
  const bool is_key_frame = (bits & 1) == 0;
  const std::uint32_t profile = bits >> 1 & 7;
  const bool is_shown = (bits >> 4 & 1) != 0;
  if (!is_key_frame || profile > 3 || !is_shown || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a) {
    return corrupt("not a VP8 key frame");
  }
  if (bits >> 5 >= chunk_size) return corrupt("a VP8 partition longer than its chunk");
  out.width_px = read_le16(&data[6]) & 0x3fff;
  out.height_px = read_le16(&data[8]) & 0x3fff;
  if (out.width_px == 0 || out.height_px == 0) return corrupt("a side of 0 pixels");
  out.has_alpha = !out.alpha.empty();
  return {};
}

// WebP Lossless Bitstream Specification, 3.
Status read_vp8l_header(ByteView data, std::uint64_t chunk_size, WebpContainer& out) {
  if (data.size() < 5) return data.size() < chunk_size ? cut() : corrupt("no VP8L header");
  const std::uint32_t bits = read_le32(&data[1]);
  if (data[0] != 0x2f || bits >> 29 != 0) return corrupt("not a VP8L picture");
  out.width_px = (bits & 0x3fff) + 1;
  out.height_px = (bits >> 14 & 0x3fff) + 1;
  out.has_alpha = (bits >> 28 & 1) != 0;
  return {};
}

// Finds the picture among the chunks of [at, end): the file's own, or those of a frame.
Status read_picture(ByteView source, std::size_t at, std::uint64_t end, bool is_extended, WebpContainer& out) {
  for (;;) {
    Chunk chunk;
    switch (read_chunk(source, at, end, chunk)) {
      case ChunkRead::none: return source.size() < end ? Status{cut()} : Status{corrupt("no picture")};
      case ChunkRead::overruns: return corrupt("a chunk that overruns its file");
      case ChunkRead::ok: break;
    }
    const std::uint64_t declared = read_le32(&source[at + 4]);
    if (chunk.type == "VP8 " || chunk.type == "VP8L") {
      out.is_lossless = chunk.type == "VP8L";
      out.bitstream = chunk.data;
      if (out.is_lossless) out.alpha = {};
      return out.is_lossless ? read_vp8l_header(chunk.data, declared, out) : read_vp8_header(chunk.data, declared, out);
    }
    if (!is_extended) return corrupt("does not begin with a picture");
    if (chunk.data.size() < declared) return cut();
    if (chunk.type == "ALPH") out.alpha = chunk.data;
    at = chunk.next;
  }
}

// The first frame of an animation, and how many there are.
Status read_first_frame(ByteView source, std::size_t at, std::uint64_t end, WebpContainer& out) {
  out.frames = 0;
  for (;;) {
    Chunk chunk;
    const ChunkRead read = read_chunk(source, at, end, chunk);
    if (read != ChunkRead::ok) {
      if (out.frames > 0) return {};
      return read == ChunkRead::none && source.size() < end ? Status{cut()}
                                                            : Status{corrupt("an animation without frames")};
    }
    const std::uint64_t declared = read_le32(&source[at + 4]);
    if (chunk.type == "ANMF" && ++out.frames == 1) {
      if (chunk.data.size() < 16) return chunk.data.size() < declared ? cut() : corrupt("a frame without header");
      out.x_px = 2 * read_le24(&chunk.data[0]);
      out.y_px = 2 * read_le24(&chunk.data[3]);
      const std::uint32_t width = read_le24(&chunk.data[6]) + 1;
      const std::uint32_t height = read_le24(&chunk.data[9]) + 1;
      if (std::uint64_t{out.x_px} + width > out.canvas_width_px ||
          std::uint64_t{out.y_px} + height > out.canvas_height_px) {
        return corrupt("a frame outside its canvas");
      }
      if (Status status = read_picture(source, at + 8 + 16, at + 8 + declared, true, out); !status) return status;
      if (out.width_px != width || out.height_px != height) return corrupt("a frame that is not as large as it says");
    }
    at = chunk.next;
  }
}

}  // namespace

Result<WebpContainer> read_webp_container(ByteView source) {
  const std::string_view start = as_text(source);
  if (start.substr(0, 4) != std::string_view("RIFF").substr(0, start.size())) return corrupt("no RIFF header");
  if (source.size() < 12) return cut();
  if (!has_at(source, 8, "WEBP")) return corrupt("no RIFF header");
  const std::uint32_t riff_bytes = read_le32(&source[4]);
  if (riff_bytes < 12 || riff_bytes > 0xfffffff6u) return corrupt("an impossible RIFF size");
  const std::uint64_t end = std::uint64_t{8} + riff_bytes;
  WebpContainer out;
  out.is_cut = end > source.size();
  out.end = static_cast<std::size_t>(std::min<std::uint64_t>(end, source.size()));
  const ByteView inside = slice(source, 0, out.end);
  if (inside.size() < 20) return out.is_cut ? cut() : corrupt("no picture");

  Status status;
  if (!has_at(inside, 12, "VP8X")) {
    status = read_picture(inside, 12, end, false, out);
    out.canvas_width_px = out.width_px;
    out.canvas_height_px = out.height_px;
  } else {
    if (read_le32(&inside[16]) != 10) return corrupt("a VP8X chunk of a wrong size");
    if (inside.size() < 30) return out.is_cut ? cut() : corrupt("no picture");
    const bool is_animated = (inside[20] & 0x02) != 0;
    out.canvas_width_px = read_le24(&inside[24]) + 1;
    out.canvas_height_px = read_le24(&inside[27]) + 1;
    if (std::uint64_t{out.canvas_width_px} * out.canvas_height_px > 0xffffffffu) return corrupt("an impossible canvas");
    status = is_animated ? read_first_frame(inside, 30, end, out) : read_picture(inside, 30, end, true, out);
    // Of two words for it in a lossless file the header's is the one that counts; the picture's own is a hint.
    if (out.is_lossless && !is_animated && (inside[20] & 0x10) != 0) out.has_alpha = true;
    if (status.ok() && !is_animated && !out.fills_canvas()) return corrupt("a picture that does not fill its canvas");
  }
  if (!status) return std::move(status).error();
  return out;
}

}  // namespace photo_core
