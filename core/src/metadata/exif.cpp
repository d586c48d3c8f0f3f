// Exif read: orientation and the facts of the moment of capture, with XMP as second source (Exif 2.32, 4.6).
#include <algorithm>
#include <cmath>
#include <string>

#include "metadata/capture_time.hpp"
#include "metadata/iptc.hpp"
#include "metadata/metadata.hpp"
#include "metadata/tiff.hpp"
#include "metadata/xmp.hpp"

namespace photo_core {
namespace {

enum Tag : std::uint16_t {
  tag_make = 0x010f,
  tag_model = 0x0110,
  tag_orientation = 0x0112,
  tag_date_time = 0x0132,
  tag_exif_directory = 0x8769,
  tag_gps_directory = 0x8825,
  tag_exposure_time = 0x829a,
  tag_f_number = 0x829d,
  tag_iso = 0x8827,
  tag_recommended_exposure_index = 0x8832,
  tag_iso_speed = 0x8833,
  tag_date_time_original = 0x9003,
  tag_date_time_digitized = 0x9004,
  tag_offset_time = 0x9010,
  tag_offset_time_original = 0x9011,
  tag_offset_time_digitized = 0x9012,
  tag_shutter_speed = 0x9201,
  tag_aperture = 0x9202,
  tag_focal_length = 0x920a,
  tag_subseconds = 0x9290,
  tag_subseconds_original = 0x9291,
  tag_subseconds_digitized = 0x9292,
  tag_focal_length_35mm = 0xa405,
  tag_lens_model = 0xa434,
  tag_latitude_ref = 1,
  tag_latitude = 2,
  tag_longitude_ref = 3,
  tag_longitude = 4,
  tag_altitude_ref = 5,
  tag_altitude = 6,
  tag_gps_time = 7,
  tag_gps_date = 29,
};

using Directory = std::vector<TiffEntry>;

std::string text_of(const Directory& directory, std::uint16_t tag) {
  const TiffEntry* entry = find_entry(directory, tag);
  return entry ? entry->text() : std::string{};
}

std::optional<double> number_of(const Directory& directory, std::uint16_t tag) {
  const TiffEntry* entry = find_entry(directory, tag);
  return entry ? entry->number() : std::nullopt;
}

std::optional<std::uint32_t> integer_of(const Directory& directory, std::uint16_t tag) {
  const TiffEntry* entry = find_entry(directory, tag);
  return entry ? entry->integer() : std::nullopt;
}

Directory linked(const TiffReader& reader, const Directory& from, std::uint16_t tag) {
  const std::optional<std::uint32_t> offset = integer_of(from, tag);
  return offset ? reader.directory(*offset) : Directory{};
}

// `value` when it lies in (0, highest].
std::optional<double> believable(std::optional<double> value, double highest) {
  if (!value || !std::isfinite(*value) || *value <= 0 || *value > highest) return std::nullopt;
  return value;
}

// Keeps the first source that has something.
void fill(std::optional<double>& target, std::optional<double> value) {
  if (!target) target = value;
}

constexpr double max_exposure_seconds = 1e6;
constexpr double max_f_number = 1000;
constexpr double max_iso = 1e8;
constexpr double max_focal_length_mm = 1e5;
constexpr double max_altitude_m = 1e5;

std::string time_of(const Directory& tags, std::uint16_t tag, std::uint16_t subseconds, std::uint16_t offset) {
  return iso_time_from_exif(text_of(tags, tag), text_of(tags, subseconds), text_of(tags, offset));
}

void read_exposure(const Directory& exif, CaptureData& out) {
  fill(out.exposure_seconds, believable(number_of(exif, tag_exposure_time), max_exposure_seconds));
  if (const auto apex = number_of(exif, tag_shutter_speed); apex && *apex != 0) {
    fill(out.exposure_seconds, believable(std::exp2(-*apex), max_exposure_seconds));
  }
  fill(out.f_number, believable(number_of(exif, tag_f_number), max_f_number));
  if (const auto apex = number_of(exif, tag_aperture); apex && *apex > 0) {
    fill(out.f_number, believable(std::exp2(*apex / 2), max_f_number));
  }
  // 65535 means that the real value is in one of the wider tags (Exif 2.32, 4.6.5 K).
  for (const std::uint16_t tag : {tag_iso, tag_iso_speed, tag_recommended_exposure_index}) {
    const std::optional<std::uint32_t> iso = integer_of(exif, tag);
    if (!out.iso && iso && *iso > 0 && *iso <= max_iso && !(tag == tag_iso && *iso == 65535)) out.iso = iso;
  }
  fill(out.focal_length_mm, believable(number_of(exif, tag_focal_length), max_focal_length_mm));
  fill(out.focal_length_35mm, believable(number_of(exif, tag_focal_length_35mm), max_focal_length_mm));
}

// Degrees, minutes, seconds. 0/0 stands for "no minutes" or "no seconds", never for the degrees.
std::optional<double> degrees_of(const Directory& gps, std::uint16_t tag) {
  const TiffEntry* entry = find_entry(gps, tag);
  if (entry == nullptr || entry->count == 0) return std::nullopt;
  double degrees = 0;
  double unit = 1;
  for (std::uint32_t part = 0; part < std::min<std::uint32_t>(entry->count, 3); ++part, unit *= 60) {
    const std::optional<TiffRational> value = entry->rational(part);
    if (!value || value->numerator < 0 || value->denominator < 0) return std::nullopt;
    if (value->denominator == 0) {
      if (part == 0 || value->numerator != 0) return std::nullopt;
      continue;
    }
    const double number = value->numerator / value->denominator;
    if (part > 0 && number > 60) return std::nullopt;
    degrees += number / unit;
  }
  return degrees;
}

// Nothing without the letter: the position might lie in another quarter of the Earth.
std::optional<double> signed_degrees(const Directory& gps, std::uint16_t tag, std::uint16_t ref_tag, char positive,
                                     char negative) {
  const std::optional<double> degrees = degrees_of(gps, tag);
  const char ref = static_cast<char>(text_of(gps, ref_tag)[0] & ~0x20);  // some write a small one
  if (!degrees || (ref != positive && ref != negative)) return std::nullopt;
  return ref == positive ? *degrees : -*degrees;
}

// Sets the position when both numbers are one on Earth. (0, 0) is what receivers without a fix write.
bool set_position(CaptureData& out, std::optional<double> latitude, std::optional<double> longitude) {
  if (!latitude || !longitude || std::abs(*latitude) > 90 || std::abs(*longitude) > 180) return false;
  if (*latitude == 0 && *longitude == 0) return false;
  out.latitude = latitude;
  out.longitude = longitude;
  return true;
}

void set_altitude(CaptureData& out, std::optional<double> metres, bool below) {
  if (metres && std::isfinite(*metres) && std::abs(*metres) <= max_altitude_m)
    out.altitude_m = below ? -*metres : *metres;
}

void read_position(const Directory& gps, CaptureData& out) {
  if (!set_position(out, signed_degrees(gps, tag_latitude, tag_latitude_ref, 'N', 'S'),
                    signed_degrees(gps, tag_longitude, tag_longitude_ref, 'E', 'W'))) {
    return;
  }
  const TiffEntry* ref = find_entry(gps, tag_altitude_ref);
  // 1 and 3: below sea level, or below the ellipsoid (Exif 3.0).
  const bool below = ref && !ref->value.empty() && (ref->value[0] == 1 || ref->value[0] == 3 || ref->value[0] == '1');
  set_altitude(out, number_of(gps, tag_altitude), below);
}

// Receivers that know no time begin at that of their system: GPS's own in 1980, or 1970.
std::string believable_fix(std::string time) { return time.substr(0, 4) > "1980" ? time : std::string{}; }

// Date and time of day in UTC, to the second.
std::string fix_time_of(const Directory& gps) {
  const TiffEntry* clock = find_entry(gps, tag_gps_time);
  if (clock == nullptr) return {};
  std::string text = text_of(gps, tag_gps_date);
  for (std::uint32_t part = 0; part < 3; ++part) {
    const double value = clock->number(part).value_or(-1);
    if (!(value >= 0 && value < 100)) return {};
    text += part == 0 ? ' ' : ':';
    text += std::to_string(static_cast<int>(value));
  }
  return believable_fix(iso_time_from_exif(text, {}, "Z"));
}

// What counts where nothing says when the picture was taken.
struct OtherTimes {
  std::string change;  // of the file
  std::string fix;     // of the receiver
};

// What `out` does not say yet, from one Exif.
void read_exif(ByteView block, bool with_position, CaptureData& out, OtherTimes& others) {
  const TiffReader reader(block);
  const Directory image = reader.directory(reader.first_directory());
  // Some write Exif's tags into the image's directory. Where both have one, the directory made for it counts.
  Directory tags = linked(reader, image, tag_exif_directory);
  for (const TiffEntry& entry : image) tags.push_back(entry);
  complete_time(out.time, time_of(tags, tag_date_time_original, tag_subseconds_original, tag_offset_time_original));
  complete_time(out.time, time_of(tags, tag_date_time_digitized, tag_subseconds_digitized, tag_offset_time_digitized));
  complete_time(others.change, time_of(tags, tag_date_time, tag_subseconds, tag_offset_time));
  if (out.make.empty() && out.model.empty()) {
    out.make = text_of(tags, tag_make);
    out.model = text_of(tags, tag_model);
  }
  if (out.lens.empty()) out.lens = text_of(tags, tag_lens_model);
  read_exposure(tags, out);
  const Directory gps = linked(reader, image, tag_gps_directory);
  if (others.fix.empty()) others.fix = fix_time_of(gps);
  if (with_position && !out.latitude) read_position(gps, out);
}

std::string xmp_text(ByteView xmp, std::string_view name) { return clean_text(xmp_property(xmp, name)); }
std::optional<double> xmp_value(ByteView xmp, std::string_view name) { return xmp_number(xmp_property(xmp, name)); }
// Looks only for what is missing: a packet may be long.
void fill_from(ByteView xmp, std::string_view name, double highest, std::optional<double>& target) {
  if (!target) target = believable(xmp_value(xmp, name), highest);
}

// In UTC too (XMP specification, part 2, 2008, Exif schema), where it names no other zone.
std::string fix_time_of_xmp(ByteView xmp) {
  std::string time = iso_time_from_xmp(xmp_property(xmp, "exif:GPSTimeStamp"));
  if (has_clock(time) && !has_zone(time)) time += "+00:00";
  return believable_fix(std::move(time));
}

void read_xmp(ByteView xmp, bool with_position, CaptureData& out) {
  // Adobe's programs up to 2009 call xmp by its earlier name.
  for (const std::string_view name : {"exif:DateTimeOriginal", "photoshop:DateCreated", "exif:DateTimeDigitized",
                                      "xmp:CreateDate", "xap:CreateDate"}) {
    if (!has_zone(out.time)) complete_time(out.time, iso_time_from_xmp(xmp_property(xmp, name)));
  }
  if (out.make.empty() && out.model.empty()) {
    out.make = xmp_text(xmp, "tiff:Make");
    out.model = xmp_text(xmp, "tiff:Model");
  }
  for (const std::string_view name : {"exifEX:LensModel", "aux:Lens"}) {
    if (out.lens.empty()) out.lens = xmp_text(xmp, name);
  }
  fill_from(xmp, "exif:ExposureTime", max_exposure_seconds, out.exposure_seconds);
  fill_from(xmp, "exif:FNumber", max_f_number, out.f_number);
  for (const std::string_view name : {"exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity"}) {
    if (out.iso) break;
    const std::optional<double> iso = believable(xmp_value(xmp, name), max_iso);
    if (iso && *iso >= 1) out.iso = static_cast<std::uint32_t>(*iso);
  }
  fill_from(xmp, "exif:FocalLength", max_focal_length_mm, out.focal_length_mm);
  fill_from(xmp, "exif:FocalLengthIn35mmFilm", max_focal_length_mm, out.focal_length_35mm);
  if (!with_position || out.latitude) return;
  if (set_position(out, xmp_degrees(xmp_property(xmp, "exif:GPSLatitude"), 'N', 'S'),
                   xmp_degrees(xmp_property(xmp, "exif:GPSLongitude"), 'E', 'W'))) {
    set_altitude(out, xmp_value(xmp, "exif:GPSAltitude"), xmp_property(xmp, "exif:GPSAltitudeRef") == "1");
  }
}

}  // namespace

int read_orientation(ByteView exif) {
  const TiffReader reader(exif);
  const Directory image = reader.directory(reader.first_directory());
  std::optional<std::uint32_t> value = integer_of(image, tag_orientation);
  // Some write the image's tags into Exif's directory.
  if (!value) value = integer_of(linked(reader, image, tag_exif_directory), tag_orientation);
  return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
}

CaptureData read_capture(const MetadataBlocks& blocks, bool with_position) {
  CaptureData out;
  OtherTimes others;
  read_exif(blocks.exif, with_position, out, others);
  for (const ByteView block : blocks.further_exif) read_exif(block, with_position, out, others);
  if (!blocks.xmp.empty()) read_xmp(blocks.xmp, with_position, out);
  if (!blocks.xmp_extension.empty()) read_xmp(blocks.xmp_extension, with_position, out);
  complete_time(out.time, iptc_time(blocks.iptc));
  complete_time(out.time, iso_time_from_png(blocks.creation_time));
  complete_time(out.time, others.change);
  if (out.time.empty()) out.time = others.fix;
  if (out.time.empty()) out.time = fix_time_of_xmp(blocks.xmp);
  return out;
}

}  // namespace photo_core
