// What a JPEG file carries beside its picture: Exif, XMP, ICC profile, gain maps, further pictures.
#include <algorithm>
#include <vector>

#include "metadata/icc_block.hpp"
#include "metadata/iptc.hpp"
#include "metadata/jpeg_segments.hpp"
#include "metadata/metadata.hpp"
#include "metadata/tiff.hpp"
#include "metadata/xmp.hpp"

namespace photo_core {
namespace {

constexpr std::size_t exif_prefix_bytes = 6;            // "Exif\0\0"
constexpr std::size_t xmp_prefix_bytes = 29;            // "http://ns.adobe.com/xap/1.0/\0"
constexpr std::size_t xmp_extension_prefix_bytes = 35;  // "http://ns.adobe.com/xmp/extension/\0"
constexpr std::size_t xmp_digest_bytes = 32;
constexpr std::size_t max_extension_bytes = 256u << 10;  // capture data is small; depth maps and histories are not
constexpr std::size_t icc_prefix_bytes = 14;             // "ICC_PROFILE\0", sequence number, count
constexpr std::size_t mpf_prefix_bytes = 4;              // "MPF\0"
constexpr std::size_t photoshop_prefix_bytes = 14;       // "Photoshop 3.0\0"
constexpr std::size_t max_further_pictures = 8;
constexpr std::size_t max_further_exif = 3;
constexpr std::size_t max_extension_pieces = 1024;  // 64 MB of them, more than a source may have
constexpr std::size_t max_profile_pieces = 255;     // their number is one byte

// Joins the pieces of a profile (ICC.1:2022, annex B.4): as many as the first one states, of each number the first.
// What is left over says nothing: some programs write the whole profile twice. A single piece whose own header fits is
// taken whatever its numbers say.
void join_profile(const std::vector<ByteView>& pieces, MetadataBlocks& blocks) {
  if (pieces.size() == 1) {
    blocks.icc_profile = whole_profile(slice(pieces[0], icc_prefix_bytes));
    if (!blocks.icc_profile.empty()) return;
  }
  std::vector<ByteView> ordered;
  std::size_t missing = 0;
  for (const ByteView piece : pieces) {
    if (piece.size() <= icc_prefix_bytes) continue;
    const std::size_t number = piece[icc_prefix_bytes - 2];
    const std::size_t count = piece[icc_prefix_bytes - 1];
    if (ordered.empty()) {
      ordered.resize(count);
      missing = count;
    }
    if (count != ordered.size() || number < 1 || number > count || !ordered[number - 1].empty()) continue;
    ordered[number - 1] = slice(piece, icc_prefix_bytes);
    if (--missing == 0) break;
  }
  if (missing > 0) return;
  for (const ByteView piece : ordered) append(blocks.icc_storage, piece);
  blocks.icc_profile = whole_profile(blocks.icc_storage);
}

// Joins the pieces of an extended packet (XMP specification, part 3, 1.1.3.1): those that carry the digest which the
// main packet names, each at the offset that it states. What lies behind the first 256 KiB, or outside of the length
// that all pieces must state alike, is left out; a hole is blank.
void join_extension(const std::vector<ByteView>& pieces, MetadataBlocks& blocks) {
  if (pieces.empty()) return;
  const std::string digest = xmp_property(blocks.xmp, "xmpNote:HasExtendedXMP");
  if (digest.size() != xmp_digest_bytes) return;
  constexpr std::size_t head_bytes = xmp_extension_prefix_bytes + xmp_digest_bytes + 8;
  std::uint32_t full_bytes = 0;
  Bytes& joined = blocks.xmp_extension_storage;
  for (const ByteView piece : pieces) {
    if (piece.size() <= head_bytes || !has_at(piece, xmp_extension_prefix_bytes, digest)) continue;
    const std::uint32_t stated = read_be32(piece.data() + head_bytes - 8);
    const std::uint32_t offset = read_be32(piece.data() + head_bytes - 4);
    if (full_bytes == 0) full_bytes = stated;
    const std::size_t room = std::min<std::size_t>(full_bytes, max_extension_bytes);
    if (stated != full_bytes || offset >= room) continue;
    const ByteView text = slice(piece, head_bytes, room - offset);
    if (joined.size() < offset + text.size()) joined.resize(offset + text.size(), ' ');
    std::copy(text.begin(), text.end(), joined.begin() + offset);
  }
  blocks.xmp_extension = joined;
}

// Offsets of the further pictures, from the multi-picture index (CIPA DC-007, 5.2.3.3), within `source`.
std::vector<std::size_t> further_pictures(ByteView index, std::size_t index_offset) {
  constexpr std::uint16_t tag_entries = 0xb002;
  constexpr std::size_t entry_bytes = 16;
  std::vector<std::size_t> offsets;
  const TiffReader reader(index);
  const std::vector<TiffEntry> directory = reader.directory(reader.first_directory());
  const TiffEntry* entries = find_entry(directory, tag_entries);
  if (entries == nullptr) return offsets;
  for (std::size_t at = 0; in_bounds(entries->value.size(), at, entry_bytes); at += entry_bytes) {
    const std::uint8_t* p = entries->value.data() + at + 8;
    const std::uint32_t offset = entries->big_endian ? read_be32(p) : read_le32(p);
    if (offset != 0 && offsets.size() < max_further_pictures) offsets.push_back(index_offset + offset);
  }
  return offsets;
}

// Whether the JPEG file at the beginning of `picture` says in its header that it is a gain map. Of packets the first
// counts, as everywhere.
bool is_gain_map(ByteView picture) {
  JpegWalker walker(picture);
  JpegSegment segment;
  bool saw_xmp = false;
  while (walker.next(segment) && segment.marker != jpeg_marker::sos) {
    const JpegAppKind kind = app_kind(segment);
    if (kind == JpegAppKind::gain_map) return true;
    if (kind != JpegAppKind::xmp || saw_xmp) continue;
    saw_xmp = true;
    if (xmp_names_gain_map(slice(segment.payload, xmp_prefix_bytes))) return true;
  }
  return false;
}

// Whether a segment without XMP's name is a packet all the same: some programs write a name of their own.
bool is_nameless_packet(const JpegSegment& segment) {
  if (segment.marker != jpeg_marker::app1) return false;
  const std::string_view begin = as_text(slice(segment.payload, 0, 256));
  return begin.find("<?xpacket") != std::string_view::npos || begin.find("<x:xmpmeta") != std::string_view::npos;
}

// Bytes behind the picture that are more than padding.
bool has_content(ByteView bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != 0; });
}

}  // namespace

MetadataBlocks find_jpeg_metadata(ByteView source) {
  MetadataBlocks blocks;
  std::vector<ByteView> profile_pieces, extension_pieces;
  std::vector<std::size_t> pictures;
  ByteView nameless_packet;
  JpegWalker walker(source);
  JpegSegment segment;
  while (walker.next(segment)) {
    if (segment.marker == jpeg_marker::com) blocks.has_private = true;
    if (segment.marker < jpeg_marker::app0 || segment.marker > jpeg_marker::app15) continue;
    const ByteView payload = segment.payload;
    switch (app_kind(segment)) {
      case JpegAppKind::exif:
        blocks.has_private = true;
        if (const ByteView exif = slice(payload, exif_prefix_bytes); TiffReader(exif).valid()) {
          if (blocks.exif.empty()) blocks.exif = exif;
          else if (blocks.further_exif.size() < max_further_exif) blocks.further_exif.push_back(exif);
        }
        break;
      case JpegAppKind::xmp:
        blocks.has_private = true;
        if (blocks.xmp.empty()) blocks.xmp = slice(payload, xmp_prefix_bytes);
        break;
      case JpegAppKind::xmp_extension:
        blocks.has_private = true;
        if (extension_pieces.size() < max_extension_pieces) extension_pieces.push_back(payload);
        break;
      case JpegAppKind::icc_profile:
        if (profile_pieces.size() < max_profile_pieces) profile_pieces.push_back(payload);
        break;
      case JpegAppKind::multi_picture: {
        blocks.has_private = true;
        const ByteView index = slice(payload, mpf_prefix_bytes);
        if (pictures.empty())
          pictures = further_pictures(index, static_cast<std::size_t>(index.data() - source.data()));
        break;
      }
      case JpegAppKind::gain_map: blocks.has_gain_map = blocks.has_private = true; break;
      case JpegAppKind::jfif:
        if (payload.size() > 14) blocks.has_private = true;  // a thumbnail
        break;
      case JpegAppKind::adobe: break;
      case JpegAppKind::other:
        blocks.has_private = true;
        if (nameless_packet.empty() && is_nameless_packet(segment)) nameless_packet = payload;
        if (segment.marker == jpeg_marker::app13 && blocks.iptc.empty() && has_at(payload, 0, "Photoshop 3.0"))
          blocks.iptc = find_iptc(slice(payload, photoshop_prefix_bytes));
        break;
    }
  }
  blocks.image_end = walker.saw_end() ? walker.position() : source.size();
  const ByteView rest = slice(source, blocks.image_end);
  if (has_content(rest)) blocks.has_private = true;

  join_profile(profile_pieces, blocks);
  leave_colours(blocks);
  if (blocks.xmp.empty()) blocks.xmp = nameless_packet;
  blocks.xmp = packet_in_utf8(blocks.xmp, blocks.xmp_storage);
  join_extension(extension_pieces, blocks);
  if (xmp_names_gain_map(blocks.xmp)) blocks.has_gain_map = true;
  pictures.push_back(blocks.image_end);  // some writers append it without an index
  for (const std::size_t offset : pictures) {
    if (!blocks.has_gain_map && is_gain_map(slice(source, offset))) blocks.has_gain_map = true;
  }
  return blocks;
}

}  // namespace photo_core
