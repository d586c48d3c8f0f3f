// Everything that reads metadata, on any bytes: as a file of each format, as Exif, as XMP, as IPTC, as PNG's time.
#include <cstdlib>

#include "fuzz.hpp"
#include "metadata/iptc.hpp"
#include "metadata/metadata.hpp"
#include "metadata/xmp.hpp"

using namespace photo_core;

namespace {

void use(const MetadataBlocks& blocks, std::size_t size) {
  if (blocks.image_end > size) std::abort();
  const int orientation = read_orientation(blocks.exif);
  if (orientation < 1 || orientation > 8) std::abort();
  const CaptureData capture = read_capture(blocks, true);
  if (capture.latitude.has_value() != capture.longitude.has_value()) std::abort();
  // Who does not ask for the position is told the same time, which may be the receiver's, and not where it was.
  const CaptureData unasked = read_capture(blocks, false);
  if (unasked.latitude || unasked.longitude || unasked.altitude_m || unasked.time != capture.time) std::abort();
  // What we write is read back: the time and the position stay.
  MetadataBlocks own;
  const Bytes exif = write_capture_exif(capture, {});
  own.exif = exif;
  const CaptureData again = read_capture(own, true);
  if (capture.time.size() > 10 && again.time != capture.time) std::abort();
  if (again.latitude.has_value() && !capture.latitude.has_value()) std::abort();
}

using Find = MetadataBlocks (*)(ByteView);
using Scrub = Result<Bytes> (*)(ByteView, const ScrubKeep&);

void as_file(ByteView source, Find find, Scrub scrub) {
  use(find(source), source.size());
  const Bytes exif = write_orientation_exif(6);
  for (const ScrubKeep& keep : {ScrubKeep{}, ScrubKeep{exif, true}}) {
    const Result<Bytes> clean = scrub(source, keep);
    if (!clean.ok()) continue;
    const MetadataBlocks left = find(*clean);
    if (left.image_end != clean->size() || !left.xmp.empty()) std::abort();
    if (read_orientation(left.exif) != (keep.exif.empty() ? 1 : 6)) std::abort();
    if (keep.exif.empty() && left.has_private) std::abort();
    const Result<Bytes> again = scrub(*clean, keep);
    if (!again.ok() || *again != *clean) std::abort();
  }
}

}  // namespace

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  const ByteView source(bytes, size);
  as_file(source, find_jpeg_metadata, scrub_jpeg);
  as_file(source, find_png_metadata, scrub_png);
  as_file(source, find_webp_metadata, scrub_webp);
  MetadataBlocks blocks;
  blocks.exif = source;
  use(blocks, size);
  blocks.exif = {};
  blocks.xmp = packet_in_utf8(source, blocks.xmp_storage);
  use(blocks, size);
  blocks.xmp = {};
  blocks.iptc = find_iptc(source);
  use(blocks, size);
  blocks.iptc = {};
  blocks.creation_time = as_text(source);
  use(blocks, size);
  return 0;
}
