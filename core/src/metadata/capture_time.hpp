// The moment of capture: from Exif's and XMP's spellings to ISO 8601, and back.
#pragma once

#include <string>
#include <string_view>

namespace photo_core {

// Exif's "2024:05:01 12:34:56" (also with '-' or '/' in the date, or 'T' between; the seconds may be missing), its
// sub-second digits ("78") and its zone offset ("+02:00") as "2024-05-01T12:34:56.78+02:00". With blanks for the clock
// it is a date alone. Empty when no such moment exists; sub-seconds and offset that are not believable are left out.
// A leap second is the one before it.
std::string iso_time_from_exif(std::string_view date_time, std::string_view subseconds, std::string_view offset);

// XMP's ISO 8601 subset (a date, or date and time with or without seconds, fraction and zone), checked in the same
// way. A date alone stays a date alone. Empty when it is not one.
std::string iso_time_from_xmp(std::string_view text);

// Of what the functions above return: whether the offset of its zone is known.
bool has_zone(std::string_view iso);
// Takes `next` when there is no time yet, and its offset when it is the same time to the second with one: many cameras
// write the offset of one time only, many programs into XMP only.
void complete_time(std::string& iso, std::string_view next);

// The parts of a time as the functions above write it, in Exif's spelling. Empty parts are absent.
struct ExifTime {
  std::string date_time;   // "2024:05:01 12:34:56"; "2024:05:01   :  :  " for a date alone, as Exif leaves blank what
                           // is not known (Exif 2.32, 4.6.5)
  std::string subseconds;  // "78"
  std::string offset;      // "+02:00"
};
ExifTime exif_time_from_iso(std::string_view iso);

}  // namespace photo_core
