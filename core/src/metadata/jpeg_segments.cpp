#include "metadata/jpeg_segments.hpp"

#include <cstring>

namespace photo_core {
namespace {

// From `at`, the offset of the first 0xff of a real marker behind entropy-coded data, or the end. Stuffed
// bytes, restart markers and the codes below SOF0, at which decoders resynchronise, belong to the data.
std::size_t end_of_entropy_coded(ByteView source, std::size_t at) {
  while (at < source.size()) {
    const void* found = std::memchr(source.data() + at, 0xff, source.size() - at);
    if (found == nullptr) return source.size();
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - source.data());
    std::size_t code_at = at + 1;
    while (code_at < source.size() && source[code_at] == 0xff) ++code_at;
    if (code_at >= source.size()) return at;   // cut off within a marker
    const std::uint8_t code = source[code_at];
    const bool restart = code >= jpeg_marker::rst0 && code <= jpeg_marker::rst7;
    if (code >= jpeg_marker::sof0 && !restart) return at;
    at = code_at + 1;
  }
  return source.size();
}

}  // namespace

bool JpegWalker::next(JpegSegment& segment) {
  if (saw_end_) return false;
  if (position_ == 0) {
    if (source_.size() < 2 || source_[0] != 0xff || source_[1] != jpeg_marker::soi) return false;
    position_ = 2;
  }
  while (position_ < source_.size()) {
    const void* found = std::memchr(source_.data() + position_, 0xff, source_.size() - position_);
    if (found == nullptr) break;
    position_ = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - source_.data());
    while (position_ < source_.size() && source_[position_] == 0xff) ++position_;
    if (position_ >= source_.size()) break;
    const std::uint8_t code = source_[position_++];
    if (code == jpeg_marker::eoi) {
      saw_end_ = true;
      return false;
    }
    // Stuffed zero, TEM, reserved codes, restart markers, SOI: nothing follows that belongs to them.
    if (code < jpeg_marker::sof0 || (code >= jpeg_marker::rst0 && code <= jpeg_marker::soi)) continue;
    if (!in_bounds(source_.size(), position_, 2)) break;
    const std::size_t length = read_be16(source_.data() + position_);
    if (length < 2 || !in_bounds(source_.size(), position_, length)) break;
    segment.marker = code;
    segment.payload = source_.subspan(position_ + 2, length - 2);
    segment.entropy_coded = {};
    position_ += length;
    if (code == jpeg_marker::sos) {
      const std::size_t end = end_of_entropy_coded(source_, position_);
      segment.entropy_coded = source_.subspan(position_, end - position_);
      position_ = end;
    }
    return true;
  }
  position_ = source_.size();
  return false;
}

JpegAppKind app_kind(const JpegSegment& segment) {
  using std::string_view_literals::operator""sv;
  const ByteView payload = segment.payload;
  switch (segment.marker) {
    case jpeg_marker::app0:
      return has_at(payload, 0, "JFIF\0"sv) && payload.size() >= 14 ? JpegAppKind::jfif : JpegAppKind::other;
    case jpeg_marker::app1:
      // The sixth byte is padding, and not everybody writes 0.
      if (has_at(payload, 0, "Exif\0"sv)) return JpegAppKind::exif;
      if (has_at(payload, 0, "http://ns.adobe.com/xap/1.0/\0"sv)) return JpegAppKind::xmp;
      return has_at(payload, 0, "http://ns.adobe.com/xmp/extension/\0"sv) ? JpegAppKind::xmp_extension : JpegAppKind::other;
    case jpeg_marker::app2:
      if (has_at(payload, 0, "ICC_PROFILE\0"sv)) return JpegAppKind::icc_profile;
      if (has_at(payload, 0, "MPF\0"sv)) return JpegAppKind::multi_picture;
      return has_at(payload, 0, "urn:iso:std:iso:ts:21496:-1\0"sv) ? JpegAppKind::gain_map : JpegAppKind::other;
    case jpeg_marker::app14:
      return has_at(payload, 0, "Adobe"sv) && payload.size() >= 12 ? JpegAppKind::adobe : JpegAppKind::other;
    default: return JpegAppKind::other;
  }
}

}  // namespace photo_core
