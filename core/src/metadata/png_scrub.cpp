// A PNG file rewritten with what decoding needs, and nothing else.
#include <string_view>

#include "metadata/metadata.hpp"
#include "metadata/png_chunks.hpp"

namespace photo_core {
namespace {

void append_chunk(Bytes& out, std::string_view type, ByteView data) {
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  out.insert(out.end(), type.begin(), type.end());
  append(out, data);
  append_be32(out, crc32_of(ByteView(out).subspan(begin)));
}

enum ColourType : std::uint8_t { gray = 0, truecolour = 2, palette = 3 };

// A tRNS chunk of the form that the colour type asks for (PNG specification, third edition, 11.3.1.1).
bool is_transparency(ByteView data, std::uint8_t colour_type, std::size_t palette_entries) {
  if (colour_type == ColourType::gray) return data.size() == 2;
  if (colour_type == ColourType::truecolour) return data.size() == 6;
  return colour_type == ColourType::palette && !data.empty() && data.size() <= palette_entries;
}

bool is_kept_colour(std::string_view type, const MetadataBlocks& blocks) {
  // A profile that nobody can read is not worth its bytes.
  if (type == "iCCP") return !blocks.icc_profile.empty();
  return type == "sRGB" || type == "gAMA" || type == "cHRM" || type == "cICP";
}

Error broken(const char* what) { return fail(ErrorCode::corrupt_image, what); }

}  // namespace

Result<Bytes> scrub_png(ByteView source, const ScrubKeep& keep) {
  MetadataBlocks blocks;
  if (keep.icc_profile) blocks = find_png_metadata(source);
  Bytes out;
  out.reserve(source.size());
  out.insert(out.end(), png_signature.begin(), png_signature.end());

  PngWalker walker(source);
  PngChunk chunk;
  std::uint8_t colour_type = 0;
  std::size_t palette_entries = 0;
  bool has_header = false;
  bool has_transparency = false;
  bool has_pixels = false;
  bool pixels_over = false;
  // Where the compressed pixels end; bytes behind that in the same or a further IDAT are no part of the picture.
  ZlibEndFinder pixels;
  while (walker.next(chunk)) {
    const std::string_view type = chunk.type();
    if (type == "acTL" && !has_pixels) return broken("Animated PNG");
    if (!has_header) {
      if (type != "IHDR" || chunk.data.size() != 13 || !chunk.crc_matches()) return broken("PNG without a header");
      has_header = true;
      colour_type = chunk.data[9];
      append(out, chunk.bytes);
      continue;
    }
    if (has_pixels && type != "IDAT") pixels_over = true;
    if (type == "IHDR") return broken("PNG with a second header");
    if (type == "PLTE" && colour_type == ColourType::palette && palette_entries == 0 && !has_pixels) {
      palette_entries = chunk.data.size() / 3;
      if (palette_entries < 1 || palette_entries > 256 || !chunk.crc_matches()) return broken("PNG palette");
      append(out, chunk.bytes);
    } else if (type == "tRNS" && !has_transparency && !has_pixels && chunk.crc_matches() &&
               is_transparency(chunk.data, colour_type, palette_entries)) {
      has_transparency = true;
      append(out, chunk.bytes);
    } else if (type == "IDAT" && !pixels_over) {
      if (!chunk.crc_matches()) return broken("PNG pixels with a wrong CRC");
      if (!has_pixels && !keep.exif.empty()) append_chunk(out, "eXIf", keep.exif);
      has_pixels = true;
      const std::optional<std::size_t> used = pixels.take(chunk.data);
      if (!used) return broken("PNG pixels that do not inflate");
      if (*used == chunk.data.size() && *used > 0) {
        append(out, chunk.bytes);
      } else if (*used > 0) {
        append_chunk(out, "IDAT", chunk.data.first(*used));
      }
    } else if (keep.icc_profile && !has_pixels && palette_entries == 0 && is_kept_colour(type, blocks) &&
               chunk.crc_matches()) {
      append(out, chunk.bytes);
    }
  }
  if (!pixels.ended()) return broken("PNG without all of its pixels");
  if (colour_type == ColourType::palette && palette_entries == 0) return broken("PNG without its palette");
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace photo_core
