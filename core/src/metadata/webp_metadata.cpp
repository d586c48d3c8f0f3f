// What a WebP file carries beside its picture: ICCP, EXIF and XMP chunks.
#include <algorithm>
#include <array>

#include "metadata/icc_block.hpp"
#include "metadata/metadata.hpp"
#include "metadata/riff_chunks.hpp"
#include "metadata/tiff.hpp"
#include "metadata/xmp.hpp"

namespace photo_core {

MetadataBlocks find_webp_metadata(ByteView source) {
  constexpr std::string_view exif_prefix("Exif\0\0", 6);
  constexpr auto picture_chunks =
      std::to_array<std::string_view>({"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"});
  MetadataBlocks blocks;
  bool has_profile = false;  // says the header; readers pass over a chunk that it does not name
  RiffWalker walker(source);
  RiffChunk chunk;
  while (walker.next(chunk)) {
    const std::string_view type = chunk.type();
    if (std::find(picture_chunks.begin(), picture_chunks.end(), type) == picture_chunks.end())
      blocks.has_private = true;
    if (type == "VP8X" && !chunk.data.empty()) has_profile = (chunk.data[0] & vp8x_flag::icc_profile) != 0;
    if (type == "ICCP" && has_profile && blocks.icc_profile.empty()) blocks.icc_profile = whole_profile(chunk.data);
    if (type == "EXIF" && blocks.exif.empty()) {
      // Many writers put the prefix of JPEG in front.
      const ByteView exif = has_at(chunk.data, 0, exif_prefix) ? slice(chunk.data, exif_prefix.size()) : chunk.data;
      if (TiffReader(exif).valid()) blocks.exif = exif;
    }
    if (type == "XMP " && blocks.xmp.empty()) blocks.xmp = chunk.data;
  }
  blocks.xmp = packet_in_utf8(blocks.xmp, blocks.xmp_storage);
  leave_colours(blocks);
  blocks.image_end = walker.file_end() != 0 ? walker.file_end() : source.size();
  const ByteView rest = slice(source, blocks.image_end);
  if (std::any_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; })) blocks.has_private = true;
  return blocks;
}

}  // namespace photo_core
