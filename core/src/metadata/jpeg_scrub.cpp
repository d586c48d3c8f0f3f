// A JPEG file rewritten with what decoding needs, and nothing else.
#include <algorithm>
#include <optional>

#include "metadata/jpeg_segments.hpp"
#include "metadata/metadata.hpp"

namespace photo_core {
namespace {

constexpr std::size_t max_payload_bytes = 65533;

void append_marker(Bytes& out, std::uint8_t marker) {
  out.push_back(0xff);
  out.push_back(marker);
}

void append_segment(Bytes& out, std::uint8_t marker, std::string_view prefix, ByteView payload) {
  append_marker(out, marker);
  append_be16(out, static_cast<std::uint32_t>(prefix.size() + payload.size() + 2));
  out.insert(out.end(), prefix.begin(), prefix.end());
  append(out, payload);
}

void append_profile(Bytes& out, ByteView profile) {
  constexpr std::size_t piece_bytes = max_payload_bytes - 14;
  const std::size_t count = (profile.size() + piece_bytes - 1) / piece_bytes;
  if (count > 255) return;
  for (std::size_t i = 0; i < count; ++i) {
    std::string prefix("ICC_PROFILE\0", 12);
    prefix += static_cast<char>(i + 1);
    prefix += static_cast<char>(count);
    append_segment(out, jpeg_marker::app2, prefix, slice(profile, i * piece_bytes, piece_bytes));
  }
}

// What decides how the components' values are read as colours: only what comes before the first scan counts, and of
// several Adobe segments the last (as in libjpeg and with it in browsers).
struct ColourSegments {
  bool jfif = false;
  std::optional<std::uint8_t> adobe_transform;
};

ColourSegments find_colour_segments(ByteView source) {
  ColourSegments found;
  JpegWalker walker(source);
  JpegSegment segment;
  while (walker.next(segment) && segment.marker != jpeg_marker::sos) {
    const JpegAppKind kind = app_kind(segment);
    if (kind == JpegAppKind::jfif) found.jfif = true;
    if (kind == JpegAppKind::adobe) found.adobe_transform = segment.payload[11];
  }
  return found;
}

}  // namespace

Result<Bytes> scrub_jpeg(ByteView source, const ScrubKeep& keep) {
  Bytes out;
  out.reserve(source.size());
  append_marker(out, jpeg_marker::soi);
  const ColourSegments colour = find_colour_segments(source);
  if (colour.jfif) {
    // Version 1.01, aspect ratio 1:1, no thumbnail (JFIF 1.02, page 5).
    const Bytes fields = {1, 1, 0, 0, 1, 0, 1, 0, 0};
    append_segment(out, jpeg_marker::app0, std::string_view("JFIF\0", 5), fields);
  }
  if (!keep.exif.empty() && keep.exif.size() <= max_payload_bytes - 6) {
    append_segment(out, jpeg_marker::app1, std::string_view("Exif\0\0", 6), keep.exif);
  }
  if (keep.icc_profile) {
    const MetadataBlocks blocks = find_jpeg_metadata(source);
    append_profile(out, blocks.icc_profile);
  }
  if (colour.adobe_transform) {
    // Version 100, no flags (Adobe technical note 5116, section 18).
    const Bytes fields = {0, 100, 0, 0, 0, 0, *colour.adobe_transform};
    append_segment(out, jpeg_marker::app14, "Adobe", fields);
  }

  std::size_t end = out.size();  // tables behind the last scan serve nothing
  bool has_frame = false;
  bool has_scan = false;
  JpegWalker walker(source);
  JpegSegment segment;
  while (walker.next(segment)) {
    const std::uint8_t marker = segment.marker;
    const bool is_frame = is_frame_marker(marker);
    const bool is_scan = marker == jpeg_marker::sos;
    const bool is_table = marker == jpeg_marker::dht || marker == jpeg_marker::dqt || marker == jpeg_marker::dac ||
                          marker == jpeg_marker::dri;
    const bool is_line_count = marker == jpeg_marker::dnl && segment.payload.size() == 2;
    if (!is_frame && !is_scan && !is_table && !is_line_count) continue;
    if (is_frame && has_frame) return fail(ErrorCode::corrupt_image, "JPEG with a second frame");
    if (is_scan && !has_frame) return fail(ErrorCode::corrupt_image, "JPEG scan without a frame");
    has_frame = has_frame || is_frame;
    has_scan = has_scan || is_scan;
    append_segment(out, marker, {}, segment.payload);
    append_without(out, segment.entropy_coded, source, keep.surplus);
    if (is_scan || is_line_count) end = out.size();
  }
  out.resize(end);
  if (!has_scan) return fail(ErrorCode::corrupt_image, "JPEG without a scan");
  append_marker(out, jpeg_marker::eoi);
  return out;
}

}  // namespace photo_core
