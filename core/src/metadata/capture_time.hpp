// The moment of capture: from Exif's and XMP's spellings to ISO 8601, and back.
#pragma once

#include <string>
#include <string_view>

namespace photo_core {

// Exif's "2024:05:01 12:34:56" (also with '-' or '/' in the date, or 'T' between), its sub-second digits ("78") and
// its zone offset ("+02:00") as "2024-05-01T12:34:56.78+02:00". Empty when no such moment exists; sub-seconds and
// offset that are not believable are left out.
std::string iso_time_from_exif(std::string_view date_time, std::string_view subseconds, std::string_view offset);

// XMP's ISO 8601 subset (a date, or date and time with or without seconds, fraction and zone), checked in the same
// way. A date alone stays a date alone. Empty when it is not one.
std::string iso_time_from_xmp(std::string_view text);

// The parts of a full time as the two functions above write it, in Exif's spelling. Empty parts are absent.
struct ExifTime {
  std::string date_time;   // "2024:05:01 12:34:56"; empty for a date alone
  std::string subseconds;  // "78"
  std::string offset;      // "+02:00"
};
ExifTime exif_time_from_iso(std::string_view iso);

}  // namespace photo_core
