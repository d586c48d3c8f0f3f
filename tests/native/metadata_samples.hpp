// Containers and Exif structures put together by hand, for the tests of the metadata room.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "metadata/zlib_stream.hpp"

namespace photo_core::samples {

inline Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

inline bool contains(const Bytes& bytes, std::string_view text) {
  return as_text(bytes).find(text) != std::string_view::npos;
}

// A TIFF structure with the image directory and, linked from it, Exif and GPS directories.
class Tiff {
 public:
  enum Where { image, exif, gps };
  std::uint16_t link_type = 4;
  explicit Tiff(bool big_endian = false) : big_endian_(big_endian) {}

  Tiff& add(Where where, std::uint16_t tag, std::uint16_t type, std::uint32_t count, Bytes value) {
    directories_[where].push_back({tag, type, count, std::move(value)});
    return *this;
  }
  Tiff& text(Where where, std::uint16_t tag, std::string_view value) {
    Bytes bytes = bytes_of(value);
    bytes.push_back(0);
    const auto count = static_cast<std::uint32_t>(bytes.size());
    return add(where, tag, 2, count, std::move(bytes));
  }
  Tiff& number16(Where where, std::uint16_t tag, std::uint32_t value) { return add(where, tag, 3, 1, u16(value)); }
  Tiff& number32(Where where, std::uint16_t tag, std::uint32_t value) { return add(where, tag, 4, 1, u32(value)); }
  Tiff& fractions(Where where, std::uint16_t tag,
                  std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> values) {
    Bytes bytes;
    for (const auto& [numerator, denominator] : values) {
      append(bytes, u32(numerator));
      append(bytes, u32(denominator));
    }
    return add(where, tag, 5, static_cast<std::uint32_t>(values.size()), std::move(bytes));
  }

  Bytes build() const {
    std::vector<Entry> first = directories_[image];
    const std::size_t links = (directories_[exif].empty() ? 0u : 1u) + (directories_[gps].empty() ? 0u : 1u);
    std::size_t end = 8 + size_of(first) + 12 * links;
    if (!directories_[exif].empty()) {
      first.push_back({0x8769, link_type, 1, u32(static_cast<std::uint32_t>(end))});
      end += size_of(directories_[exif]);
    }
    if (!directories_[gps].empty()) first.push_back({0x8825, link_type, 1, u32(static_cast<std::uint32_t>(end))});
    Bytes out = bytes_of(big_endian_ ? std::string_view("MM\0*", 4) : std::string_view("II*\0", 4));
    append(out, u32(8));
    write(out, first);
    if (!directories_[exif].empty()) write(out, directories_[exif]);
    if (!directories_[gps].empty()) write(out, directories_[gps]);
    return out;
  }

  Bytes u16(std::uint32_t value) const {
    Bytes out;
    big_endian_ ? append_be16(out, value) : append_le16(out, value);
    return out;
  }
  Bytes u32(std::uint32_t value) const {
    Bytes out;
    big_endian_ ? append_be32(out, value) : append_le32(out, value);
    return out;
  }

 private:
  struct Entry {
    std::uint16_t tag, type;
    std::uint32_t count;
    Bytes value;
  };
  static std::size_t size_of(const std::vector<Entry>& entries) {
    std::size_t size = 6 + 12 * entries.size();
    for (const Entry& entry : entries) size += entry.value.size() > 4 ? entry.value.size() : 0;
    return size;
  }
  void write(Bytes& out, const std::vector<Entry>& entries) const {
    Bytes behind;
    const std::size_t begin = out.size() + 6 + 12 * entries.size();
    append(out, u16(static_cast<std::uint32_t>(entries.size())));
    for (const Entry& entry : entries) {
      append(out, u16(entry.tag));
      append(out, u16(entry.type));
      append(out, u32(entry.count));
      if (entry.value.size() > 4) {
        append(out, u32(static_cast<std::uint32_t>(begin + behind.size())));
        append(behind, entry.value);
      } else {
        append(out, entry.value);
        out.insert(out.end(), 4 - entry.value.size(), 0);
      }
    }
    append(out, u32(0));
    append(out, behind);
  }

  bool big_endian_;
  std::vector<Entry> directories_[3];
};

// The least that every check of a profile's frame accepts: 132 bytes, no tags.
inline Bytes empty_profile(std::size_t size = 132) {
  Bytes out;
  append_be32(out, static_cast<std::uint32_t>(size));
  out.resize(size);
  const Bytes signature = bytes_of("acsp");
  std::copy(signature.begin(), signature.end(), out.begin() + 36);
  for (std::size_t i = 132; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7);
  return out;
}

// --- JPEG ---

inline Bytes jpeg_segment(std::uint8_t marker, const Bytes& payload) {
  Bytes out = {0xff, marker};
  append_be16(out, static_cast<std::uint32_t>(payload.size() + 2));
  append(out, payload);
  return out;
}
inline const Bytes jpeg_start = {0xff, 0xd8};
inline const Bytes jpeg_end = {0xff, 0xd9};
inline Bytes jfif() { return jpeg_segment(0xe0, {'J', 'F', 'I', 'F', 0, 1, 2, 1, 0, 72, 0, 72, 0, 0}); }
inline Bytes jpeg_exif(const Bytes& tiff) {
  return jpeg_segment(0xe1, joined({bytes_of(std::string_view("Exif\0\0", 6)), tiff}));
}
inline Bytes jpeg_xmp(std::string_view packet) {
  return jpeg_segment(0xe1,
                      joined({bytes_of(std::string_view("http://ns.adobe.com/xap/1.0/\0", 29)), bytes_of(packet)}));
}
inline Bytes jpeg_icc(std::uint8_t number, std::uint8_t count, const Bytes& part) {
  return jpeg_segment(0xe2, joined({bytes_of(std::string_view("ICC_PROFILE\0", 12)), {number, count}, part}));
}
// Tables, frame and scan: structure only, no decoder would like it.
inline Bytes jpeg_tables() { return joined({jpeg_segment(0xdb, Bytes(65, 1)), jpeg_segment(0xc4, Bytes(20, 2))}); }
inline Bytes jpeg_frame() { return jpeg_segment(0xc0, {8, 0, 16, 0, 16, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0}); }
inline Bytes jpeg_scan(const Bytes& data) {
  return joined({jpeg_segment(0xda, {3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0}), data});
}

// --- PNG ---

inline const Bytes png_start = bytes_of(std::string_view("\x89PNG\r\n\x1a\n", 8));
inline Bytes png_chunk(std::string_view type, const Bytes& data) {
  Bytes out;
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  append(out, bytes_of(type));
  append(out, data);
  append_be32(out, crc32_of(ByteView(out).subspan(4)));
  return out;
}
inline Bytes png_header(std::uint8_t colour_type = 0) {
  return png_chunk("IHDR", {0, 0, 0, 1, 0, 0, 0, 1, 8, colour_type, 0, 0, 0});
}
// A zlib stream of one stored block.
inline Bytes zlib_stored(const Bytes& data) {
  Bytes out = {0x78, 0x01, 1};
  append_le16(out, static_cast<std::uint32_t>(data.size()));
  append_le16(out, static_cast<std::uint32_t>(~data.size()) & 0xffff);
  append(out, data);
  std::uint32_t a = 1, b = 0;  // Adler-32 (RFC 1950)
  for (const std::uint8_t byte : data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  append_be32(out, b << 16 | a);
  return out;
}
inline Bytes png_pixels() { return png_chunk("IDAT", zlib_stored({0, 200})); }  // one gray pixel
inline Bytes png_end() { return png_chunk("IEND", {}); }

// --- WebP ---

inline Bytes riff_chunk(std::string_view type, const Bytes& data) {
  Bytes out = bytes_of(type);
  append_le32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (data.size() % 2 != 0) out.push_back(0);
  return out;
}
inline Bytes webp(std::initializer_list<Bytes> chunks) {
  Bytes body = bytes_of("WEBP");
  for (const Bytes& chunk : chunks) append(body, chunk);
  return riff_chunk("RIFF", body);
}
inline Bytes vp8x(std::uint8_t flags) { return riff_chunk("VP8X", {flags, 0, 0, 0, 15, 0, 0, 7, 0, 0}); }  // 16 x 8
inline Bytes vp8() { return riff_chunk("VP8 ", {0, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 8, 0, 1, 2, 3}); }
inline Bytes vp8l(bool alpha) {
  Bytes data = {0x2f};
  append_le32(data, 15 | 7 << 14 | (alpha ? 1u << 28 : 0));
  return riff_chunk("VP8L", data);
}

}  // namespace photo_core::samples
