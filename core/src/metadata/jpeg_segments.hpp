// The marker structure of a JPEG file (ITU-T T.81, annex B), walked the way browsers' decoders do.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace photo_core {

namespace jpeg_marker {
inline constexpr std::uint8_t sof0 = 0xc0, dht = 0xc4, jpg = 0xc8, dac = 0xcc, sof15 = 0xcf, rst0 = 0xd0, rst7 = 0xd7,
                              soi = 0xd8, eoi = 0xd9, sos = 0xda, dqt = 0xdb, dnl = 0xdc, dri = 0xdd, app0 = 0xe0,
                              app1 = 0xe1, app2 = 0xe2, app13 = 0xed, app14 = 0xee, app15 = 0xef, com = 0xfe;
}

// In entropy-coded data, at or behind `at`: the offset of the first 0xff (of several, the first) that a code follows
// which is neither a stuffed 0 nor a restart marker, or nothing at all. The size when there is none. Several bytes a
// cycle: both who looks for metadata and who looks for scans pass over the whole file.
std::size_t find_jpeg_marker(ByteView source, std::size_t at);

struct JpegSegment {
  std::uint8_t marker = 0;
  ByteView payload;        // behind the length field; empty for markers without one
  ByteView entropy_coded;  // SOS only: everything up to the next real marker, restart markers included
};

// Hands out one segment after the other from SOI on. Garbage between segments and fill bytes are passed over; markers
// without a meaning of their own (TEM, restart markers outside of a scan, a repeated SOI) are left out.
class JpegWalker {
 public:
  explicit JpegWalker(ByteView source) : source_(source) {}
  // False at the end: behind EOI, or where the bytes end or make no sense.
  bool next(JpegSegment& segment);
  // Whether the end was an EOI; then position() is the offset behind it.
  bool saw_end() const { return saw_end_; }
  std::size_t position() const { return position_; }

 private:
  ByteView source_;
  std::size_t position_ = 0;
  bool saw_end_ = false;
};

// Where a file that does not come to its end breaks off: behind its last whole segment. Else its size.
std::size_t end_of_segments(ByteView source);

// Whether this is a start of frame (SOF0 … SOF15 without DHT, JPG and DAC).
constexpr bool is_frame_marker(std::uint8_t marker) {
  return marker >= jpeg_marker::sof0 && marker <= jpeg_marker::sof15 && marker != jpeg_marker::dht &&
         marker != jpeg_marker::jpg && marker != jpeg_marker::dac;
}

// Kinds of application segment, told by their payload's first bytes.
enum class JpegAppKind : std::uint8_t {
  other,
  jfif,
  exif,
  xmp,
  xmp_extension,
  icc_profile,
  multi_picture,
  gain_map,
  adobe
};
JpegAppKind app_kind(const JpegSegment& segment);

}  // namespace photo_core
