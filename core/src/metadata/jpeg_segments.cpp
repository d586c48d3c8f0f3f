#include "metadata/jpeg_segments.hpp"

#include <cstring>

#include "base/simd.hpp"

namespace photo_core {
namespace {

// From `at`, the offset of the first 0xff of a real marker behind entropy-coded data, or the end. The codes below SOF0,
// at which decoders resynchronise, belong to the data too.
std::size_t end_of_entropy_coded(ByteView source, std::size_t at) {
  for (;;) {
    at = find_jpeg_marker(source, at);
    std::size_t code_at = at;
    while (code_at < source.size() && source[code_at] == 0xff) ++code_at;
    if (code_at >= source.size()) return at;  // without another marker, or cut off within one
    if (source[code_at] >= jpeg_marker::sof0) return at;
    at = code_at + 1;
  }
}

#if PHOTO_CORE_SIMD
// Whether one of the 16 bytes at `p` is 0xff and the one behind it not 0. Stuffed bytes are nearly all that there is.
__m128i marker_bytes(const std::uint8_t* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i behind = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1));
  return _mm_andnot_si128(_mm_cmpeq_epi8(behind, _mm_setzero_si128()), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(-1)));
}
#endif

}  // namespace

std::size_t find_jpeg_marker(ByteView source, std::size_t at) {
  const std::size_t size = source.size();
  while (at < size) {
#if PHOTO_CORE_SIMD
    for (; size - at > 64; at += 64) {
      const std::uint8_t* p = source.data() + at;
      const __m128i first = _mm_or_si128(marker_bytes(p), marker_bytes(p + 16));
      const __m128i second = _mm_or_si128(marker_bytes(p + 32), marker_bytes(p + 48));
      if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) break;
    }
#endif
    const std::size_t end = size - at > 64 ? at + 64 : size;
    while (at < end) {
      if (source[at] != 0xff) {
        ++at;
        continue;
      }
      std::size_t code_at = at + 1;
      while (code_at < size && source[code_at] == 0xff) ++code_at;
      if (code_at == size) return at;
      const std::uint8_t code = source[code_at];
      if (code != 0 && (code < jpeg_marker::rst0 || code > jpeg_marker::rst7)) return at;
      at = code_at + 1;
    }
  }
  return size;
}

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

std::size_t end_of_segments(ByteView source) {
  JpegWalker walker(source);
  JpegSegment segment;
  std::size_t end = 0;
  do end = walker.position();
  while (walker.next(segment));
  return walker.saw_end() ? source.size() : end;
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
      return has_at(payload, 0, "http://ns.adobe.com/xmp/extension/\0"sv) ? JpegAppKind::xmp_extension
                                                                          : JpegAppKind::other;
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
