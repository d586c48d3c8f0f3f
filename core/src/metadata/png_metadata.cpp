// What a PNG file carries beside its picture: eXIf, XMP, the older raw-profile texts, and the colour chunks.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "metadata/icc_block.hpp"
#include "metadata/iptc.hpp"
#include "metadata/metadata.hpp"
#include "metadata/png_chunks.hpp"
#include "metadata/tiff.hpp"
#include "metadata/xmp.hpp"

namespace photo_core {
namespace {

using std::string_view_literals::operator""sv;

// Far above what cameras and programs write (the largest printing profiles have some 3 MB), far below the budget.
constexpr std::size_t max_inflated_bytes = 4 << 20;
// A file of nothing but small bombs must not cost more than this many; honest ones have two or three.
constexpr int max_inflations = 8;

constexpr auto harmless_chunks =
    std::to_array<std::string_view>({"tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD",
                                     "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT"});

struct PngText {
  std::string_view keyword;
  ByteView text;  // into the chunk, or into `storage`
  Bytes storage;
};

// The three kinds of text chunk (section 11.3.3), inflated where compressed. nullopt when broken.
std::optional<PngText> read_text(const PngChunk& chunk) {
  const ByteView data = chunk.data;
  const auto nul = std::find(data.begin(), data.end(), 0);
  const auto keyword_bytes = static_cast<std::size_t>(nul - data.begin());
  if (nul == data.end() || keyword_bytes < 1 || keyword_bytes > 79) return std::nullopt;
  PngText out;
  out.keyword = as_text(data.first(keyword_bytes));
  ByteView rest = data.subspan(keyword_bytes + 1);
  bool compressed = false;
  if (chunk.type() == "zTXt") {
    if (rest.empty() || rest[0] != 0) return std::nullopt;
    compressed = true;
    rest = rest.subspan(1);
  } else if (chunk.type() == "iTXt") {
    if (rest.size() < 2 || rest[1] != 0) return std::nullopt;
    compressed = rest[0] == 1;
    rest = rest.subspan(2);
    for (int field = 0; field < 2; ++field) {  // language tag, translated keyword
      const auto end = std::find(rest.begin(), rest.end(), 0);
      if (end == rest.end()) return std::nullopt;
      rest = rest.subspan(static_cast<std::size_t>(end - rest.begin()) + 1);
    }
  }
  if (!compressed) {
    out.text = rest;
    return out;
  }
  std::optional<Bytes> inflated = inflate_bounded(rest, max_inflated_bytes);
  if (!inflated) return std::nullopt;
  out.storage = std::move(*inflated);
  out.text = out.storage;
  return out;
}

int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// ImageMagick's form: newline, a name, newline, the length in decimal, newline, then hexadecimal digits in lines.
Bytes read_raw_profile(ByteView text) {
  Bytes out;
  std::size_t at = 0;
  const auto skip_line = [&] {
    while (at < text.size() && text[at] != '\n') ++at;
    ++at;
  };
  if (!text.empty() && text[0] == '\n') at = 1;
  skip_line();
  while (at < text.size() && text[at] == ' ') ++at;
  std::size_t length = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && length <= max_inflated_bytes; ++at) {
    length = length * 10 + (text[at] - '0');
  }
  if (length == 0 || length > max_inflated_bytes) return out;
  out.reserve(std::min(length, text.size() / 2));
  int high = -1;
  for (; at < text.size() && out.size() < length; ++at) {
    const int digit = hex_digit(text[at]);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

constexpr std::string_view exif_prefix("Exif\0\0", 6);
constexpr std::string_view xmp_prefix("http://ns.adobe.com/xap/1.0/\0", 29);

// Exif with or without the prefix that belongs to JPEG.
ByteView without_exif_prefix(ByteView bytes) {
  return has_at(bytes, 0, exif_prefix) ? slice(bytes, exif_prefix.size()) : bytes;
}

// Profiles and packets in texts are second choice: each fills only what no chunk of its own has filled.
struct TextFinds {
  Bytes exif, xmp, icc_profile, iptc;
  int inflations = 0;
};

void take_text(const PngChunk& chunk, MetadataBlocks& blocks, TextFinds& finds) {
  // Most texts are of no interest; their keyword is readable without inflating.
  const bool is_xmp = has_at(chunk.data, 0, "XML:com.adobe.xmp\0"sv);
  const bool is_raw = has_at(chunk.data, 0, "Raw profile type ");
  const bool is_time = blocks.creation_time.empty() && has_at(chunk.data, 0, "Creation Time\0"sv);
  if ((!is_xmp && !is_raw && !is_time) || finds.inflations++ >= max_inflations) return;
  std::optional<PngText> text = read_text(chunk);
  if (!text) return;
  if (is_time) {
    blocks.creation_time = as_text(slice(text->text, 0, 64));
    return;
  }
  if (is_xmp) {
    if (!blocks.xmp.empty()) return;
    blocks.xmp_storage = std::move(text->storage);
    blocks.xmp = blocks.xmp_storage.empty() ? text->text : ByteView(blocks.xmp_storage);
    return;
  }
  const std::string_view kind = text->keyword.substr(17);
  constexpr auto kinds = std::to_array<std::string_view>({"exif", "APP1", "xmp", "icc", "icm", "iptc", "8bim"});
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) return;
  Bytes bytes = read_raw_profile(text->text);
  if (kind == "iptc" || kind == "8bim") {
    if (find_iptc(finds.iptc).empty()) finds.iptc = std::move(bytes);
  } else if (kind == "icc" || kind == "icm") {
    if (finds.icc_profile.empty()) finds.icc_profile = std::move(bytes);
  } else if (kind == "xmp" || has_at(bytes, 0, xmp_prefix)) {
    if (has_at(bytes, 0, xmp_prefix)) bytes.erase(bytes.begin(), bytes.begin() + xmp_prefix.size());
    if (finds.xmp.empty()) finds.xmp = std::move(bytes);
  } else if (finds.exif.empty() && TiffReader(without_exif_prefix(bytes)).valid()) {
    finds.exif = std::move(bytes);
  }
}

void take_profile(ByteView data, MetadataBlocks& blocks) {
  const auto nul = std::find(data.begin(), data.end(), 0);
  const auto name_bytes = static_cast<std::size_t>(nul - data.begin());
  if (name_bytes < 1 || name_bytes > 79 || !in_bounds(data.size(), name_bytes, 2) || data[name_bytes + 1] != 0) return;
  std::optional<Bytes> profile = inflate_bounded(data.subspan(name_bytes + 2), max_inflated_bytes);
  if (!profile || whole_profile(*profile).empty()) return;
  blocks.icc_storage = std::move(*profile);
  blocks.icc_profile = whole_profile(blocks.icc_storage);
}

// The colour chunks; only valid before PLTE and IDAT (section 5.6).
void take_colour(const PngChunk& chunk, MetadataBlocks& blocks) {
  const ByteView data = chunk.data;
  const std::string_view type = chunk.type();
  if (type == "iCCP" && blocks.icc_profile.empty()) take_profile(data, blocks);
  if (type == "sRGB" && data.size() == 1 && data[0] <= 3) blocks.png_srgb = true;
  if (type == "gAMA" && data.size() == 4 && blocks.png_gamma == 0) blocks.png_gamma = read_be32(data.data()) / 100000.0;
  if (type == "cHRM" && data.size() == 32 && !blocks.png_chromaticities) {
    std::array<double, 8> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int32_t>(read_be32(data.data() + i * 4)) / 100000.0;
    }
    blocks.png_chromaticities = values;
  }
}

// What says how bright a picture of high dynamic range is, in 0.0001 cd/m²; 0 when absent.
struct PeakLight {
  std::uint32_t content = 0;  // cLLI (11.3.2.8)
  std::uint32_t display = 0;  // mDCV (11.3.2.7)
};

// cICP (11.3.2.6) goes before every other colour chunk; here where it is of RGB in full range.
void take_cicp(ByteView data, const PeakLight& peak, MetadataBlocks& blocks) {
  if (data.size() != 4 || data[2] != 0 || data[3] != 1) return;
  CodePoints points{data[0], data[1]};
  if (!are_known(points)) return;
  if (const std::uint32_t light = peak.content != 0 ? peak.content : peak.display) points.peak_nits = light / 10'000.0;
  blocks.code_points = points;
  blocks.icc_profile = {};
  blocks.icc_storage.clear();
}

}  // namespace

MetadataBlocks find_png_metadata(ByteView source) {
  MetadataBlocks blocks;
  TextFinds finds;
  bool before_pixels = true;
  ByteView cicp;
  PeakLight peak;
  PngWalker walker(source);
  PngChunk chunk;
  while (walker.next(chunk)) {
    const std::string_view type = chunk.type();
    if (type == "IDAT" || type == "PLTE") before_pixels = false;
    if (chunk.is_critical()) continue;
    if (std::find(harmless_chunks.begin(), harmless_chunks.end(), type) == harmless_chunks.end())
      blocks.has_private = true;
    if (before_pixels && (type == "cICP" || type == "cLLI" || type == "mDCV") && chunk.crc_matches()) {
      const ByteView data = chunk.data;
      if (type == "cICP" && cicp.empty()) cicp = data;
      if (type == "cLLI" && data.size() == 8 && peak.content == 0) peak.content = read_be32(data.data());
      if (type == "mDCV" && data.size() == 24 && peak.display == 0) peak.display = read_be32(data.data() + 16);
    }
    const bool is_colour = before_pixels && (type == "iCCP" || type == "sRGB" || type == "gAMA" || type == "cHRM");
    const bool is_text = type == "tEXt" || type == "zTXt" || type == "iTXt";
    const bool is_exif = type == "eXIf" && blocks.exif.empty();
    if ((!is_colour && !is_text && !is_exif) || !chunk.crc_matches()) continue;
    if (is_colour && (type != "iCCP" || finds.inflations++ < max_inflations)) take_colour(chunk, blocks);
    if (is_text) take_text(chunk, blocks, finds);
    if (is_exif && TiffReader(without_exif_prefix(chunk.data)).valid()) blocks.exif = without_exif_prefix(chunk.data);
  }
  blocks.image_end = walker.saw_end() ? walker.position() : source.size();
  const ByteView rest = slice(source, blocks.image_end);
  if (std::any_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; })) blocks.has_private = true;

  if (blocks.exif.empty() && !finds.exif.empty()) {
    blocks.exif_storage = std::move(finds.exif);
    blocks.exif = without_exif_prefix(blocks.exif_storage);
  }
  if (blocks.xmp.empty() && !finds.xmp.empty()) {
    blocks.xmp_storage = std::move(finds.xmp);
    blocks.xmp = blocks.xmp_storage;
  }
  if (blocks.icc_profile.empty() && !whole_profile(finds.icc_profile).empty()) {
    blocks.icc_storage = std::move(finds.icc_profile);
    blocks.icc_profile = whole_profile(blocks.icc_storage);
  }
  blocks.xmp = packet_in_utf8(blocks.xmp, blocks.xmp_storage);
  blocks.iptc_storage = std::move(finds.iptc);
  blocks.iptc = find_iptc(blocks.iptc_storage);
  take_cicp(cicp, peak, blocks);
  leave_colours(blocks);
  return blocks;
}

}  // namespace photo_core
