// A minimal clean Exif, written as a little-endian TIFF structure (TIFF 6.0, section 2; Exif 2.32, 4.5 and 4.6).
#include <algorithm>
#include <cmath>

#include "metadata/capture_time.hpp"
#include "metadata/metadata.hpp"
#include "metadata/tiff.hpp"

namespace photo_core {
namespace {

constexpr std::size_t header_bytes = 8;
constexpr std::uint16_t tag_orientation = 0x0112;

// One directory in the making: entries in ascending order of tags, each with its value's bytes.
class DirectoryWriter {
 public:
  void add(std::uint16_t tag, TiffType type, std::uint32_t count, Bytes value) {
    entries_.push_back({tag, type, count, std::move(value)});
  }
  void add_text(std::uint16_t tag, const std::string& text) {
    if (text.empty()) return;
    Bytes value(text.begin(), text.end());
    value.push_back(0);
    const auto count = static_cast<std::uint32_t>(value.size());
    add(tag, TiffType::ascii, count, std::move(value));
  }
  void add_short(std::uint16_t tag, std::uint32_t value) {
    Bytes bytes;
    append_le16(bytes, value);
    add(tag, TiffType::short_, 1, std::move(bytes));
  }
  void add_long(std::uint16_t tag, std::uint32_t value) {
    Bytes bytes;
    append_le32(bytes, value);
    add(tag, TiffType::long_, 1, std::move(bytes));
  }
  bool empty() const { return entries_.empty(); }

  std::size_t byte_count() const {
    std::size_t size = 2 + 12 * entries_.size() + 4;
    for (const Entry& entry : entries_) {
      if (entry.value.size() > 4) size += entry.value.size() + entry.value.size() % 2;
    }
    return size;
  }

  // Appends the directory; `out` holds the whole structure from its first byte.
  void write(Bytes& out) const {
    std::size_t where = out.size() + 2 + 12 * entries_.size() + 4;
    append_le16(out, static_cast<std::uint32_t>(entries_.size()));
    for (const Entry& entry : entries_) {
      append_le16(out, entry.tag);
      append_le16(out, static_cast<std::uint32_t>(entry.type));
      append_le32(out, entry.count);
      if (entry.value.size() > 4) {
        append_le32(out, static_cast<std::uint32_t>(where));
        where += entry.value.size() + entry.value.size() % 2;
      } else {
        append(out, entry.value);
        out.insert(out.end(), 4 - entry.value.size(), 0);
      }
    }
    append_le32(out, 0);  // no further directory
    for (const Entry& entry : entries_) {
      if (entry.value.size() <= 4) continue;
      append(out, entry.value);
      if (entry.value.size() % 2 != 0) out.push_back(0);
    }
  }

 private:
  struct Entry {
    std::uint16_t tag;
    TiffType type;
    std::uint32_t count;
    Bytes value;
  };
  std::vector<Entry> entries_;
};

// The fraction nearest to `value` (0 < value < 2^32) with a denominator of at most a million: continued fractions.
void append_fraction(Bytes& out, double value) {
  constexpr double max_denominator = 1e6;
  double numerator[2] = {1, std::floor(value)};
  double denominator[2] = {0, 1};
  double rest = value - std::floor(value);
  for (int step = 0; step < 20 && rest > 1e-9; ++step) {
    const double whole = std::floor(1 / rest);
    rest = 1 / rest - whole;
    const double next_numerator = whole * numerator[1] + numerator[0];
    const double next_denominator = whole * denominator[1] + denominator[0];
    if (next_denominator > max_denominator || next_numerator > 4294967295.0) break;
    numerator[0] = numerator[1];
    denominator[0] = denominator[1];
    numerator[1] = next_numerator;
    denominator[1] = next_denominator;
    if (std::abs(numerator[1] / denominator[1] - value) <= value * 1e-9) break;
  }
  append_le32(out, static_cast<std::uint32_t>(numerator[1]));
  append_le32(out, static_cast<std::uint32_t>(denominator[1]));
}

void add_fraction(DirectoryWriter& directory, std::uint16_t tag, const std::optional<double>& value) {
  if (!value || !(*value > 0) || *value >= 4294967295.0) return;
  Bytes bytes;
  append_fraction(bytes, *value);
  directory.add(tag, TiffType::rational, 1, std::move(bytes));
}

// Whole degrees, whole minutes, seconds to a ten-thousandth (about 3 mm).
Bytes degrees_value(double degrees) {
  constexpr double parts_of_second = 10'000;
  const auto total = static_cast<std::uint64_t>(std::llround(std::abs(degrees) * 3600 * parts_of_second));
  const auto in_minute = static_cast<std::uint64_t>(60 * parts_of_second);
  Bytes out;
  append_le32(out, static_cast<std::uint32_t>(total / (in_minute * 60)));
  append_le32(out, 1);
  append_le32(out, static_cast<std::uint32_t>(total / in_minute % 60));
  append_le32(out, 1);
  append_le32(out, static_cast<std::uint32_t>(total % in_minute));
  append_le32(out, static_cast<std::uint32_t>(parts_of_second));
  return out;
}

DirectoryWriter gps_directory(const CaptureData& capture) {
  DirectoryWriter gps;
  if (!capture.latitude || !capture.longitude) return gps;
  gps.add(0x0000, TiffType::byte, 4, {2, 3, 0, 0});
  gps.add_text(0x0001, *capture.latitude < 0 ? "S" : "N");
  gps.add(0x0002, TiffType::rational, 3, degrees_value(*capture.latitude));
  gps.add_text(0x0003, *capture.longitude < 0 ? "W" : "E");
  gps.add(0x0004, TiffType::rational, 3, degrees_value(*capture.longitude));
  if (capture.altitude_m) {
    gps.add(0x0005, TiffType::byte, 1, {static_cast<std::uint8_t>(*capture.altitude_m < 0 ? 1 : 0)});
    Bytes metres;
    append_le32(metres, static_cast<std::uint32_t>(std::llround(std::abs(*capture.altitude_m) * 1000)));
    append_le32(metres, 1000);
    gps.add(0x0006, TiffType::rational, 1, std::move(metres));
  }
  return gps;
}

// 72 to the inch is what stands for an unknown one (Exif 2.32, 4.6.4 A).
void add_resolution(DirectoryWriter& image) {
  for (const std::uint16_t tag : {0x011a, 0x011b}) add_fraction(image, tag, 72.0);
  image.add_short(0x0128, 2);  // ResolutionUnit: inches
}

DirectoryWriter exif_directory(const CaptureData& capture, const ExifTime& time, const ExifForm& form) {
  DirectoryWriter exif;
  add_fraction(exif, 0x829a, capture.exposure_seconds);
  add_fraction(exif, 0x829d, capture.f_number);
  if (capture.iso) exif.add_short(0x8827, std::min<std::uint32_t>(*capture.iso, 65535));
  if (capture.iso && *capture.iso > 65534) {
    exif.add_short(0x8830, 3);  // SensitivityType: ISO speed, the next tag
    exif.add_long(0x8833, *capture.iso);
  }
  exif.add(0x9000, TiffType::undefined, 4, {'0', '2', '3', '2'});
  exif.add_text(0x9003, time.date_time);
  exif.add_text(0x9011, time.date_time.empty() ? std::string{} : time.offset);
  if (form.model) {  // ComponentsConfiguration: Y, Cb, Cr are 1 to 3, R, G, B 4 to 6
    const bool is_rgb = *form.model == ColorModel::rgb, is_gray = *form.model == ColorModel::gray;
    exif.add(0x9101, TiffType::undefined, 4,
             is_rgb    ? Bytes{4, 5, 6, 0}
             : is_gray ? Bytes{1, 0, 0, 0}
                       : Bytes{1, 2, 3, 0});
  }
  add_fraction(exif, 0x920a, capture.focal_length_mm);
  exif.add_text(0x9291, time.date_time.empty() ? std::string{} : time.subseconds);
  exif.add(0xa000, TiffType::undefined, 4, {'0', '1', '0', '0'});  // FlashpixVersion
  exif.add_short(0xa001, form.has_profile ? 0xffff : 1);           // ColorSpace: uncalibrated, or sRGB
  exif.add_long(0xa002, form.width_px);
  exif.add_long(0xa003, form.height_px);
  if (capture.focal_length_35mm && *capture.focal_length_35mm < 65535.5) {
    exif.add_short(0xa405, static_cast<std::uint32_t>(std::lround(*capture.focal_length_35mm)));
  }
  exif.add_text(0xa434, capture.lens);
  return exif;
}

Bytes tiff_header() {
  Bytes out = {'I', 'I', '*', 0};
  append_le32(out, header_bytes);
  return out;
}

}  // namespace

Bytes write_capture_exif(const CaptureData& capture, const ExifForm& form, int orientation) {
  const ExifTime time = exif_time_from_iso(capture.time);
  const bool has_exif = !time.date_time.empty() || !capture.lens.empty() || capture.exposure_seconds ||
                        capture.f_number || capture.iso || capture.focal_length_mm || capture.focal_length_35mm;
  const DirectoryWriter gps = gps_directory(capture);

  DirectoryWriter image;
  image.add_text(0x010f, capture.make);
  image.add_text(0x0110, capture.model);
  if (orientation != 1) image.add_short(tag_orientation, static_cast<std::uint32_t>(orientation));
  if (image.empty() && !has_exif && gps.empty()) return {};
  add_resolution(image);
  // YCbCrPositioning: centred. Mandatory beside compressed data, so for gray too (Exif 2.32, 4.6.8).
  if (form.model && *form.model != ColorModel::rgb) image.add_short(0x0213, 1);
  const DirectoryWriter exif = exif_directory(capture, time, form);
  // The two links have fixed sizes, so where their targets lie is known once the rest of the directory is.
  const std::size_t links = 12 + (gps.empty() ? 0 : 12);
  const std::size_t exif_offset = header_bytes + image.byte_count() + links;
  const std::size_t gps_offset = exif_offset + exif.byte_count();
  image.add_long(0x8769, static_cast<std::uint32_t>(exif_offset));
  if (!gps.empty()) image.add_long(0x8825, static_cast<std::uint32_t>(gps_offset));

  Bytes out = tiff_header();
  image.write(out);
  exif.write(out);
  if (!gps.empty()) gps.write(out);
  return out;
}

Bytes write_orientation_exif(int orientation) {
  DirectoryWriter image;
  image.add_short(tag_orientation, static_cast<std::uint32_t>(orientation));
  Bytes out = tiff_header();
  image.write(out);
  return out;
}

}  // namespace photo_core
