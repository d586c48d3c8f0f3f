// A WebP file rewritten with what decoding needs, and nothing else.
#include <optional>

#include "metadata/metadata.hpp"
#include "metadata/riff_chunks.hpp"

namespace photo_core {
namespace {

void append_chunk(Bytes& out, std::string_view type, ByteView data) {
  out.insert(out.end(), type.begin(), type.end());
  append_le32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (data.size() % 2 != 0) out.push_back(0);
}

struct BitstreamSize {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  bool has_alpha = false;
};

// Size of the picture in a "VP8 " chunk (RFC 6386, 9.1) or a "VP8L" chunk (RFC 9649, 3.4).
std::optional<BitstreamSize> read_size(const RiffChunk& chunk) {
  const ByteView data = chunk.data;
  BitstreamSize size;
  if (chunk.type() == "VP8L") {
    if (data.size() < 5 || data[0] != 0x2f) return std::nullopt;
    const std::uint32_t bits = read_le32(data.data() + 1);
    size = {(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, (bits >> 28 & 1) != 0};
    return size;
  }
  const bool key_frame = data.size() >= 10 && (data[0] & 1) == 0;
  if (!key_frame || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a) return std::nullopt;
  size.width_px = read_le16(data.data() + 6) & 0x3fff;
  size.height_px = read_le16(data.data() + 8) & 0x3fff;
  if (size.width_px == 0 || size.height_px == 0) return std::nullopt;
  return size;
}

void append_le24(Bytes& out, std::uint32_t value) {
  append_le16(out, value & 0xffff);
  out.push_back(static_cast<std::uint8_t>(value >> 16));
}

}  // namespace

Result<Bytes> scrub_webp(ByteView source, const ScrubKeep& keep) {
  std::optional<RiffChunk> picture;
  std::optional<RiffChunk> alpha;
  bool extended = false;
  bool says_alpha = false;
  RiffWalker walker(source);
  RiffChunk chunk;
  while (!picture && walker.next(chunk)) {
    const std::string_view type = chunk.type();
    if (type == "ANIM" || type == "ANMF") return fail(ErrorCode::corrupt_image, "Animated WebP");
    if (type == "VP8X" && !chunk.data.empty()) {
      extended = true;
      says_alpha = (chunk.data[0] & vp8x_flag::alpha) != 0;
      if ((chunk.data[0] & vp8x_flag::animation) != 0) return fail(ErrorCode::corrupt_image, "Animated WebP");
    }
    if (type == "VP8 " || type == "VP8L") picture = chunk;
    if (type == "ALPH" && extended && !alpha) alpha = chunk;
  }
  if (!picture) return fail(ErrorCode::corrupt_image, "WebP without a picture");
  const std::optional<BitstreamSize> size = read_size(*picture);
  if (!size) return fail(ErrorCode::corrupt_image, "WebP picture without a size");
  const bool is_lossless = picture->type() == "VP8L";
  if (is_lossless) alpha.reset();  // it has its own
  const bool has_alpha = alpha || size->has_alpha || (is_lossless && says_alpha);

  ByteView profile;
  MetadataBlocks blocks;
  if (keep.icc_profile) {
    blocks = find_webp_metadata(source);
    profile = blocks.icc_profile;
  }

  Bytes out;
  out.reserve(source.size());
  append_chunk(out, "RIFF", {});
  out.insert(out.end(), {'W', 'E', 'B', 'P'});
  if (has_alpha != size->has_alpha || !profile.empty() || !keep.exif.empty()) {
    Bytes header;
    header.push_back(static_cast<std::uint8_t>((has_alpha ? vp8x_flag::alpha : 0) |
                                               (profile.empty() ? 0 : vp8x_flag::icc_profile) |
                                               (keep.exif.empty() ? 0 : vp8x_flag::exif)));
    append_le24(header, 0);
    append_le24(header, size->width_px - 1);
    append_le24(header, size->height_px - 1);
    append_chunk(out, "VP8X", header);
  }
  if (!profile.empty()) append_chunk(out, "ICCP", profile);
  const auto append_coded = [&](std::string_view type, ByteView data) {
    if (keep.surplus.count == 0) return append_chunk(out, type, data);
    Bytes coded;
    append_without(coded, data, source, keep.surplus);
    append_chunk(out, type, coded);
  };
  if (alpha) append_coded("ALPH", alpha->data);
  append_coded(picture->type(), picture->data);
  if (!keep.exif.empty()) append_chunk(out, "EXIF", keep.exif);
  Bytes riff_size;
  append_le32(riff_size, static_cast<std::uint32_t>(out.size() - 8));
  std::copy(riff_size.begin(), riff_size.end(), out.begin() + 4);
  return out;
}

}  // namespace photo_core
