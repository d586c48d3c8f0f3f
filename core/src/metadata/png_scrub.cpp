// A PNG file rewritten with what decoding needs, and nothing else.
#include <string_view>

#include "metadata/metadata.hpp"
#include "metadata/png_chunks.hpp"
#include "metadata/png_passes.hpp"

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

// The chunks that say what the colours are (11.3.2), of the length that is theirs: a bit for each, 0 for others.
unsigned colour_chunk(std::string_view type, std::size_t bytes) {
  if (type == "iCCP") return 1;
  if (type == "sRGB" && bytes == 1) return 2;
  if (type == "gAMA" && bytes == 4) return 4;
  if (type == "cHRM" && bytes == 32) return 8;
  if (type == "cICP" && bytes == 4) return 16;
  if (type == "mDCV" && bytes == 24) return 32;
  return type == "cLLI" && bytes == 8 ? 64 : 0;
}

// Bytes of a picture before compression: each row's filter and samples, of all passes (sections 7.2, 8.1 and 8.2).
std::uint64_t raw_bytes(ByteView header) {
  constexpr std::uint32_t samples_of[] = {1, 0, 3, 1, 2, 0, 4};
  const std::uint32_t width = read_be32(header.data()), height = read_be32(header.data() + 4);
  const std::uint64_t pixel_bits = header[9] < 7 ? samples_of[header[9]] * header[8] : 0;
  const auto pass_bytes = [&](const PngPass& pass) -> std::uint64_t {
    const std::uint64_t across = pass.width(width);
    return across == 0 ? 0 : pass.height(height) * (1 + (across * pixel_bits + 7) / 8);
  };
  if (header[12] == 0) return pass_bytes({0, 0, 1, 1});
  std::uint64_t sum = 0;
  for (const PngPass& pass : adam7) sum += pass_bytes(pass);
  return sum;
}

// Compressed anew (11.3.2.3): neither the source's name for it, which is anybody's text, nor what its chunk has behind
// the profile is to be kept.
bool append_profile(Bytes& out, ByteView profile) {
  const Bytes packed = deflated(profile);
  Bytes chunk = {'I', 'C', 'C', 0, 0};
  append(chunk, packed);
  append_chunk(out, "iCCP", chunk);
  return !packed.empty();
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
  bool colours_over = false;  // what says what the colours are stands before PLTE, also one that is only suggested
  std::uint64_t pixel_bytes = 0;
  unsigned colour_chunks = 0;  // each once
  // Where the compressed pixels end; bytes behind that in the same or a further IDAT are no part of the picture.
  ZlibEndFinder pixels;
  while (walker.next(chunk)) {
    const std::string_view type = chunk.type();
    if (type == "acTL" && !has_pixels) return broken("Animated PNG");
    if (!has_header) {
      if (type != "IHDR" || chunk.data.size() != 13 || !chunk.crc_matches()) return broken("PNG without a header");
      has_header = true;
      colour_type = chunk.data[9];
      pixel_bytes = raw_bytes(chunk.data);
      append(out, chunk.bytes);
      continue;
    }
    if (has_pixels && type != "IDAT") pixels_over = true;
    if (type == "IHDR") return broken("PNG with a second header");
    if (type == "PLTE") colours_over = true;
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
      const std::optional<std::size_t> used = pixels.take(chunk.data, pixel_bytes);
      // What inflates behind the last row is no picture either, and cannot be cut off.
      if (!used) return broken("PNG pixels that do not inflate");
      if (*used == chunk.data.size() && *used > 0) {
        append(out, chunk.bytes);
      } else if (*used > 0) {
        append_chunk(out, "IDAT", chunk.data.first(*used));
      }
    } else if (keep.icc_profile && !has_pixels && !colours_over && chunk.crc_matches()) {
      const unsigned colour = colour_chunk(type, chunk.data.size()) & ~colour_chunks;
      colour_chunks |= colour;
      if (colour > 1) append(out, chunk.bytes);
      // A profile that nobody can read is not worth its bytes.
      if (colour == 1 && !blocks.icc_profile.empty() && !append_profile(out, blocks.icc_profile)) {
        return fail(ErrorCode::out_of_memory, "PNG profile");
      }
    }
  }
  if (!pixels.ended()) return broken("PNG without all of its pixels");
  if (colour_type == ColourType::palette && palette_entries == 0) return broken("PNG without its palette");
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace photo_core
