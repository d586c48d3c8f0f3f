// What kind of file this is, from its first bytes alone, whatever its name or claimed type says.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace photo_core {

enum class FileType : std::uint8_t {
  unknown,
  empty,
  jpeg,
  png,
  apng,
  webp,
  webp_animated,
  gif,
  bmp,
  tiff,
  heic,
  avif,
  jpeg_xl,
  jpeg_2000,
  svg,
  pdf,
  mp4,
  quicktime,
  zip,
  html,
  xml,
  json,
  text,
  raw_photo,
  psd,
  ico,
  mng,
  wav,
  avi,
  matroska,
  open_exr,
  radiance_hdr,
  jpeg_xr,
  qoi,
  pnm,
  executable
};

// At most the first 4 KiB are looked at (for PNG all chunk headers before IDAT, to tell APNG).
FileType sniff(ByteView bytes);
// "GIF", "HEIC", "TXT": for a sentence in any language, so as short as the ending that people know it by.
std::string_view file_type_name(FileType type);
// "image/gif"; "application/octet-stream" when unknown.
std::string_view file_type_mime(FileType type);

}  // namespace photo_core
