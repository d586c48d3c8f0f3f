// The moment of capture: from the spellings of Exif, XMP, IPTC and PNG to ISO 8601, and back.
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

// IPTC's "20240501" and "123456+0200" (IIM 4.2, 2:55 and 2:60; with or without separators). A date alone where there is
// no such clock; without the offset where it stands for one that is not known.
std::string iso_time_from_iptc(std::string_view date, std::string_view time);

// PNG's "Creation Time": "Wed, 1 May 2024 12:34:56 +0200" (RFC 1123, section 5.2.14), which the specification suggests,
// or one of the spellings above. A zone by name is left out, but for those of Greenwich.
std::string iso_time_from_png(std::string_view text);

// Of what the functions above return: whether the time of day is known, and the offset of its zone.
bool has_clock(std::string_view iso);
bool has_zone(std::string_view iso);
// Takes `next` when there is no time yet, or its date alone, and its offset when it is the same time to the second with
// one: many cameras write the offset of one time only, many programs into XMP only.
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
