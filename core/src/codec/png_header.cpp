#include "codec/png_header.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "codec/png_chunks.hpp"

namespace photo_core {
namespace {

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";
// Bytes of raw rows inflated at a time.
constexpr std::size_t band_bytes = 131'072;
constexpr std::uint32_t max_band_rows = 64;
constexpr std::uint64_t inflate_bytes = 65'536;  // zlib's state and window, rounded up

bool is_allowed_depth(std::uint8_t color_type, std::uint8_t depth) {
  switch (color_type) {
    case 0: return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3: return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:
    case 4:
    case 6: return depth == 8 || depth == 16;
    default: return false;
  }
}

Result<PngHeader> read_ihdr(ByteView source) {
  if (source.size() < png_signature.size()) {
    return png_signature.starts_with(as_text(source)) ? png_cut("ends inside the signature")
                                                      : png_corrupt("no signature");
  }
  if (!has_at(source, 0, png_signature)) return png_corrupt("no signature");
  PngChunkView chunk;
  const PngChunkRead read = read_png_chunk(source, 8, chunk);
  if (read == PngChunkRead::source_ends) return png_cut("ends before the header");
  if (chunk.type == png_tag("CgBI")) return fail(ErrorCode::unsupported_type, "PNG of Apple's own kind (CgBI)");
  if (read == PngChunkRead::bad_length || chunk.type != png_tag("IHDR") || read_be32(&source[8]) != 13) {
    return png_corrupt("does not begin with IHDR");
  }
  if (!chunk.is_whole) return png_cut("ends inside the header");
  if (!chunk.crc_matches()) return png_corrupt("CRC of IHDR");
  const std::uint8_t* const p = chunk.data.data();
  PngHeader header;
  ImageInfo& info = header.info;
  info.format = ImageFormat::png;
  info.width_px = read_be32(p);
  info.height_px = read_be32(p + 4);
  if (info.width_px == 0 || info.height_px == 0) return png_corrupt("a side of 0 pixels");
  if (info.width_px > png_max_length || info.height_px > png_max_length)
    return png_corrupt("a side beyond 2^31 - 1 pixels");
  if (!is_allowed_depth(p[9], p[8])) return png_corrupt("colour type and bit depth that do not go together");
  if (p[10] != 0 || p[11] != 0) return png_corrupt("unknown compression or filter method");
  if (p[12] > 1) return png_corrupt("unknown interlace method");
  header.format.color_type = PngColorType{p[9]};
  header.format.bit_depth = p[8];
  header.format.palette.fill({0, 0, 0, 255});
  header.is_interlaced = p[12] == 1;
  info.is_palette = header.format.color_type == PngColorType::palette;
  info.bits_per_sample = info.is_palette ? 8 : p[8];
  info.needs_full_frame = header.is_interlaced;
  return header;
}

// 11.2.2. False when the palette cannot be used.
bool read_palette(ByteView data, PngPixelFormat& format, std::size_t& entries) {
  if (data.empty() || data.size() % 3 != 0) return false;
  entries = std::min<std::size_t>(data.size() / 3, std::size_t{1} << std::min(format.bit_depth, 8u));
  for (std::size_t i = 0; i < entries; ++i) format.palette[i] = {data[3 * i], data[3 * i + 1], data[3 * i + 2], 255};
  return true;
}

// 11.3.1.1. A chunk that does not fit the picture is ignored, as libpng does: false.
bool read_transparency(ByteView data, PngPixelFormat& format, std::size_t palette_entries) {
  switch (format.color_type) {
    case PngColorType::palette:
      if (data.empty() || data.size() > palette_entries) return false;
      for (std::size_t i = 0; i < data.size(); ++i) format.palette[i][3] = data[i];
      format.has_palette_alpha = true;
      return true;
    case PngColorType::gray:
    case PngColorType::rgb: {
      const std::size_t samples = format.samples_per_pixel();
      if (data.size() != 2 * samples) return false;
      for (std::size_t i = 0; i < samples; ++i) format.transparent_color[i] = read_be16(&data[2 * i]);
      format.has_transparent_color = true;
      return true;
    }
    default: return false;
  }
}

// 11.3.6.2. False when the frame does not lie in the picture.
bool read_frame(const PngChunkView& control, const ImageInfo& info, PngFrame& frame) {
  if (!control.is_whole || control.data.size() != 26 || !control.crc_matches()) return false;
  const std::uint8_t* const p = control.data.data();
  frame = {read_be32(p + 12), read_be32(p + 16), read_be32(p + 4), read_be32(p + 8)};
  return frame.width > 0 && frame.height > 0 && in_bounds(info.width_px, frame.x, frame.width) &&
         in_bounds(info.height_px, frame.y, frame.height);
}

// The animation's first frame where the picture in IDAT is no frame of it but what is shown by programs that know no
// animations (4.9): sets the header's image data and frame. Leaves the picture in IDAT where the frame cannot be told.
void find_first_frame(ByteView source, PngHeader& header) {
  std::optional<PngFrame> frame;
  PngChunkView chunk;
  for (std::size_t at = header.image_data;; at = chunk.next) {
    if (read_png_chunk(source, at, chunk) != PngChunkRead::ok || chunk.type == png_tag("IEND")) return;
    if (chunk.type == png_tag("fdAT")) {
      if (!frame) return;
      header.image_data = at;
      header.frame = *frame;
      return;
    }
    if (chunk.type == png_tag("fcTL") && (frame || !read_frame(chunk, header.info, frame.emplace()))) return;
    if (!chunk.is_whole) return;
  }
}

std::uint64_t plane_bytes(const PngHeader& header) {
  return (header.info.is_gray ? 1u : 3u) + (header.info.has_alpha ? 1u : 0u);
}

std::uint64_t memory_needed(const PngHeader& header) {
  const std::uint64_t width = header.info.width_px;
  const std::uint64_t rows = png_rows_in_band(header.format, header.info.width_px);
  const std::uint64_t raw = (rows + 1) * (header.format.row_bytes(header.info.width_px) + 1);
  const std::uint64_t held_rows = header.is_interlaced ? header.info.height_px + 1 : rows;
  return inflate_bytes + raw + width * held_rows * plane_bytes(header);
}

}  // namespace

std::uint32_t png_rows_in_band(const PngPixelFormat& format, std::uint32_t width) {
  const std::uint64_t stride = format.row_bytes(width) + 1;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(band_bytes / stride, 1, max_band_rows));
}

Result<PngHeader> read_png_header(ByteView source) {
  Result<PngHeader> result = read_ihdr(source);
  if (!result) return result;
  PngHeader& header = *result;
  std::size_t palette_entries = 0;
  bool has_palette = false;
  bool has_transparency = false;
  bool has_frames = false;
  bool is_frame = false;  // the picture in IDAT
  for (std::size_t at = 33;;) {
    PngChunkView chunk;
    const PngChunkRead read = read_png_chunk(source, at, chunk);
    if (read == PngChunkRead::source_ends) return png_cut("ends before the image data");
    if (read == PngChunkRead::bad_length) return png_corrupt("a chunk length beyond 2^31 - 1");
    if (chunk.type == png_tag("IDAT")) {
      header.image_data = at;
      break;
    }
    if (!chunk.is_whole) return png_cut("ends before the image data");
    switch (chunk.type) {
      case png_tag("PLTE"): {
        const bool is_needed = header.info.is_palette;
        if (!chunk.crc_matches()) return png_corrupt("CRC of PLTE");
        if (is_needed && (has_palette || !read_palette(chunk.data, header.format, palette_entries))) {
          return png_corrupt("a palette that cannot be used");
        }
        has_palette = true;
        break;
      }
      case png_tag("tRNS"):
        // The first that can be used is the one that counts, as for every chunk that stands once.
        if (!has_transparency && chunk.crc_matches()) {
          has_transparency = read_transparency(chunk.data, header.format, palette_entries);
        }
        break;
      case png_tag("fcTL"): is_frame = true; break;
      case png_tag("acTL"):
        if (chunk.data.size() == 8 && chunk.crc_matches()) {
          has_frames = read_be32(chunk.data.data()) > 0;
          header.info.frames = std::max(read_be32(chunk.data.data()), std::uint32_t{1});
        }
        break;
      case png_tag("IEND"): return png_corrupt("no image data");
      default:
        if (png_is_critical(chunk.type)) return png_corrupt("an unknown critical chunk");
        break;
    }
    at = chunk.next;
  }
  if (header.info.is_palette && !has_palette) return png_corrupt("no palette");
  header.frame = {0, 0, header.info.width_px, header.info.height_px};
  if (has_frames && !is_frame) find_first_frame(source, header);
  header.info.has_alpha = header.format.has_alpha() || !header.fills_picture();
  header.info.is_gray = header.format.is_gray();
  header.info.decode_bytes = memory_needed(header);
  return result;
}

}  // namespace photo_core
