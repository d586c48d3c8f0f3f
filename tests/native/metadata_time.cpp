#include <catch2/catch_test_macros.hpp>

#include "metadata/capture_time.hpp"
#include "metadata/iptc.hpp"
#include "metadata/metadata.hpp"
#include "metadata/xmp.hpp"
#include "metadata_samples.hpp"

// Where the time of capture is looked for when Exif's own two tags do not say it.
using namespace photo_core;
using namespace photo_core::samples;
using std::string_view_literals::operator""sv;

namespace {

CaptureData capture_of_jpeg(std::initializer_list<Bytes> segments) {
  const Bytes source = joined({jpeg_start, joined(segments), jpeg_tables(), jpeg_frame(), jpeg_scan({1}), jpeg_end});
  return read_capture(find_jpeg_metadata(source), false);
}

std::string time_of_png(std::initializer_list<Bytes> chunks) {
  const Bytes source = joined({png_start, png_header(), joined(chunks), png_pixels(), png_end()});
  return read_capture(find_png_metadata(source), false).time;
}

std::string time_of_png_text(std::string_view text) {
  return time_of_png({png_chunk("tEXt", joined({bytes_of("Creation Time\0"sv), bytes_of(text)}))});
}

Bytes data_set(std::uint8_t number, std::string_view value) {
  Bytes out = {0x1c, 2, number};
  append_be16(out, static_cast<std::uint32_t>(value.size()));
  append(out, bytes_of(value));
  return out;
}

Bytes resource(std::uint32_t number, const Bytes& data, std::string_view name = "") {
  Bytes out = bytes_of("8BIM");
  append_be16(out, number);
  out.push_back(static_cast<std::uint8_t>(name.size()));
  append(out, bytes_of(name));
  if (out.size() % 2 != 0) out.push_back(0);
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (out.size() % 2 != 0) out.push_back(0);
  return out;
}

Bytes photoshop(const Bytes& resources) {
  return jpeg_segment(0xed, joined({bytes_of("Photoshop 3.0\0"sv), resources}));
}

Bytes iptc(std::string_view date, std::string_view time) {
  return photoshop(resource(0x0404, joined({data_set(0, "\0\2"sv), data_set(55, date), data_set(60, time)})));
}

Bytes exif_with_fix(const char* date, std::pair<std::uint32_t, std::uint32_t> seconds = {56, 1}) {
  return Tiff().text(Tiff::gps, 29, date).fractions(Tiff::gps, 7, {{12, 1}, {34, 1}, seconds}).build();
}

Bytes utf16(std::string_view text, bool big_endian) {
  Bytes out;
  for (const char c : text) {
    const auto unit = static_cast<std::uint8_t>(c);
    big_endian ? append_be16(out, unit) : append_le16(out, unit);
  }
  return out;
}

}  // namespace

TEST_CASE("IPTC says the time of capture where neither Exif nor XMP does", "[metadata]") {
  CHECK(capture_of_jpeg({iptc("20240501", "123456+0200")}).time == "2024-05-01T12:34:56+02:00");
  CHECK(capture_of_jpeg({iptc("20240501", "123456")}).time == "2024-05-01T12:34:56");
  CHECK(capture_of_jpeg({iptc("2024-05-01", "12:34:56-03:30")}).time == "2024-05-01T12:34:56-03:30");
  CHECK(capture_of_jpeg({iptc("19650712", "")}).time == "1965-07-12");
  CHECK(capture_of_jpeg({iptc("19650712", "      ")}).time == "1965-07-12");
  CHECK(capture_of_jpeg({iptc("19650712", "999999+0000")}).time == "1965-07-12");
  CHECK(capture_of_jpeg({iptc("19650000", "123456")}).time.empty());
  CHECK(capture_of_jpeg({iptc("", "")}).time.empty());

  SECTION("behind Exif and XMP, before the time of the file") {
    const Bytes changed = jpeg_exif(Tiff().text(Tiff::image, 0x0132, "2025:01:01 00:00:00").build());
    const Bytes taken = jpeg_exif(Tiff().text(Tiff::exif, 0x9004, "2023:01:01 00:00:00").build());
    const Bytes xmp = jpeg_xmp("<a photoshop:DateCreated='2022-01-01'/>");
    const Bytes press = iptc("20240501", "123456+0000");
    CHECK(capture_of_jpeg({changed, press}).time == "2024-05-01T12:34:56");
    CHECK(capture_of_jpeg({taken, press}).time == "2023-01-01T00:00:00");
    CHECK(capture_of_jpeg({xmp, press}).time == "2022-01-01");
  }
  SECTION("a zone that stands for one that is not known: exiv2's too, which is the clock once more") {
    for (const char* time : {"123456+0000", "123456-1234", "12:34:56-12:34"}) {
      CHECK(capture_of_jpeg({iptc("20240501", time)}).time == "2024-05-01T12:34:56");
    }
    CHECK(capture_of_jpeg({iptc("20240501", "003456-0034")}).time == "2024-05-01T00:34:56");
  }
  SECTION("a date alone is completed by a clock of the same day") {
    const auto beside = [](const char* change_time) {
      const Bytes changed = jpeg_exif(Tiff().text(Tiff::image, 0x0132, change_time).build());
      return capture_of_jpeg({changed, iptc("20240501", "")}).time;
    };
    CHECK(beside("2024:05:01 21:23:44") == "2024-05-01T21:23:44");
    CHECK(beside("2024:05:02 21:23:44") == "2024-05-01");
  }
  SECTION("and completes a date alone of XMP by its clock, but tells nothing of another day") {
    const Bytes xmp = jpeg_xmp("<a photoshop:DateCreated='2024-05-01'/>");
    CHECK(capture_of_jpeg({xmp, iptc("20240501", "123456+0200")}).time == "2024-05-01T12:34:56+02:00");
    CHECK(capture_of_jpeg({xmp, iptc("20240502", "123456+0200")}).time == "2024-05-01");
  }
  SECTION("among Photoshop's resources, wherever it lies") {
    const Bytes sets = joined({data_set(62, "20200101"), data_set(55, "20240501"), data_set(63, "101010")});
    const Bytes others =
        joined({resource(0x03ed, {1, 2, 3}), resource(0x0425, {1}, "name"), resource(0x0bb7, {}, "n")});
    CHECK(capture_of_jpeg({photoshop(joined({others, resource(0x0404, sets)}))}).time == "2024-05-01");
    CHECK(capture_of_jpeg({photoshop(others), photoshop(resource(0x0404, sets))}).time == "2024-05-01");
    const Bytes digital = joined({data_set(62, "20200101"), data_set(63, "101010+0100")});
    CHECK(capture_of_jpeg({photoshop(resource(0x0404, digital))}).time == "2020-01-01T10:10:10+01:00");
    CHECK(
        capture_of_jpeg({jpeg_segment(0xed, joined({bytes_of("Adobe_CM\0"sv), resource(0x0404, sets)}))}).time.empty());
  }
  SECTION("cut anywhere it says the same or less") {
    const Bytes whole = joined({resource(0x0425, {1}, "name"),
                                resource(0x0404, joined({data_set(55, "20240501"), data_set(60, "123456+0200")}))});
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const std::string time = iptc_time(find_iptc(part));
      CAPTURE(size, time);
      CHECK((time.empty() || time == "2024-05-01" || time == "2024-05-01T12:34:56+02:00"));
    }
  }
}

TEST_CASE("PNG: the time of creation in its text", "[metadata]") {
  CHECK(time_of_png_text("Wed, 1 May 2024 12:34:56 +0200") == "2024-05-01T12:34:56+02:00");
  CHECK(time_of_png_text("01 May 2024 12:34:56 GMT") == "2024-05-01T12:34:56+00:00");
  CHECK(time_of_png_text("Wed, 1 May 2024 12:34 EST") == "2024-05-01T12:34:00");
  CHECK(time_of_png_text("Sat 20 Dec 2008 17:00:46 -0600") == "2008-12-20T17:00:46-06:00");
  CHECK(time_of_png_text("Mo 18 Nov 2002 17:14:29 +0100") == "2002-11-18T17:14:29+01:00");
  CHECK(time_of_png_text("2024-05-01T12:34:56Z") == "2024-05-01T12:34:56+00:00");
  CHECK(time_of_png_text("2024-05-01 12:34:56+0200") == "2024-05-01T12:34:56+02:00");
  CHECK(time_of_png_text("2024:05:01 12:34:56") == "2024-05-01T12:34:56");
  // A program's own: which of the three is the day or the year, nobody knows.
  for (const char* text : {"05/06/08", "Wed, 1 Mai 2024 12:34:56", "Wed, 32 May 2024 12:34:56", "1 ayJ 2024 12:34:56",
                           "May", "1", "1 May", "July 2010", "May 1, 2024 12:34", "soon", ""}) {
    CAPTURE(text);
    CHECK(time_of_png_text(text).empty());
  }

  const Bytes text = joined({bytes_of("Creation Time\0\0"sv), zlib_stored(bytes_of("2024-05-01"))});
  CHECK(time_of_png({png_chunk("zTXt", text)}) == "2024-05-01");
  const Bytes raw = joined({data_set(55, "20230501"), data_set(60, "123456")});
  std::string digits;
  for (const std::uint8_t byte : resource(0x0404, raw)) {
    constexpr auto hex = "0123456789abcdef"sv;
    (digits += hex[byte >> 4]) += hex[byte & 15];
  }
  const std::string profile = "\niptc\n" + std::to_string(digits.size() / 2) + '\n' + digits;
  const Bytes press = png_chunk("tEXt", joined({bytes_of("Raw profile type iptc\0"sv), bytes_of(profile)}));
  CHECK(time_of_png({png_chunk("zTXt", text), press}) == "2023-05-01T12:34:56");
  // ImageMagick writes Photoshop's resources before the data sets, whether those are among them or not.
  const Bytes others = png_chunk(
      "tEXt", joined({bytes_of("Raw profile type 8bim\0"sv), bytes_of("\n8bim\n 12\n3842494d03ed0000000000")}));
  CHECK(time_of_png({others, press}) == "2023-05-01T12:34:56");
}

TEST_CASE("the receiver's time is the last that counts, in UTC", "[metadata]") {
  CHECK(capture_of_jpeg({jpeg_exif(exif_with_fix("2024:05:01"))}).time == "2024-05-01T12:34:56+00:00");
  CHECK(capture_of_jpeg({jpeg_exif(exif_with_fix("2024-05-01", {5678, 100}))}).time == "2024-05-01T12:34:56+00:00");
  for (const char* none : {"1980:01:06", "1970:01:01", "2024:13:01", ""}) {
    CHECK(capture_of_jpeg({jpeg_exif(exif_with_fix(none))}).time.empty());
  }
  CHECK(capture_of_jpeg({jpeg_exif(exif_with_fix("2024:05:01", {56, 0}))}).time.empty());
  CHECK(capture_of_jpeg({jpeg_exif(Tiff().text(Tiff::gps, 29, "2024:05:01").build())}).time.empty());

  Tiff changed;
  changed.text(Tiff::image, 0x0132, "2024:05:01 14:34:56").text(Tiff::gps, 29, "2024:05:01");
  changed.fractions(Tiff::gps, 7, {{12, 1}, {34, 1}, {56, 1}});
  CHECK(capture_of_jpeg({jpeg_exif(changed.build())}).time == "2024-05-01T14:34:56");
  const Bytes xmp = jpeg_xmp("<a exif:GPSTimeStamp='2023-05-01T12:34:56Z'/>");
  CHECK(capture_of_jpeg({xmp}).time == "2023-05-01T12:34:56+00:00");
  const Bytes zoneless = jpeg_xmp("<a exif:GPSTimeStamp='2023-05-01T12:34:56'/>");
  CHECK(capture_of_jpeg({zoneless}).time == "2023-05-01T12:34:56+00:00");
  CHECK(capture_of_jpeg({jpeg_xmp("<a exif:GPSTimeStamp='2023-05-01T12:34:56+02:00'/>")}).time ==
        "2023-05-01T12:34:56+02:00");
  CHECK(capture_of_jpeg({jpeg_xmp("<a exif:GPSTimeStamp='2023-05-01'/>")}).time == "2023-05-01");
  CHECK(capture_of_jpeg({xmp, jpeg_exif(exif_with_fix("2024:05:01"))}).time == "2024-05-01T12:34:56+00:00");
  CHECK_FALSE(capture_of_jpeg({jpeg_exif(exif_with_fix("2024:05:01"))}).latitude);
}

TEST_CASE("XMP is read in UTF-16, and behind another name than its own", "[metadata]") {
  const std::string packet = "<a tiff:Make='M\xe9' xmp:CreateDate='2024-05-01T12:34:56'/>";
  for (const bool big_endian : {false, true}) {
    const Bytes units = utf16(packet, big_endian);
    const CaptureData capture = capture_of_jpeg({jpeg_xmp(as_text(units))});
    CHECK(capture.make == "M\xc3\xa9");
    CHECK(capture.time == "2024-05-01T12:34:56");
    const Bytes marked = joined({utf16("\xff", big_endian), units});  // replaced below by the byte order mark
    Bytes with_mark = marked;
    with_mark[0] = big_endian ? 0xfe : 0xff;
    with_mark[1] = big_endian ? 0xff : 0xfe;
    CHECK(read_capture(find_webp_metadata(webp({riff_chunk("XMP ", with_mark)})), false).time == "2024-05-01T12:34:56");
  }
  Bytes storage;
  CHECK(as_text(packet_in_utf8(bytes_of("<\0=\xd8\x00\xde"sv), storage)) == "<\xf0\x9f\x98\x80");
  CHECK(as_text(packet_in_utf8(bytes_of("<\0\x00\xde=\xd8x"sv), storage)) == "<");
  const Bytes plain = bytes_of("<a/>");
  CHECK(packet_in_utf8(plain, storage).data() == plain.data());

  const Bytes nameless = jpeg_segment(0xe1, bytes_of("XMP\0<?xpacket begin=''?><a xmp:CreateDate='2023-05-01'/>"sv));
  CHECK(capture_of_jpeg({nameless}).time == "2023-05-01");
  CHECK(capture_of_jpeg({nameless, jpeg_xmp("<a xmp:CreateDate='2024-05-01'/>")}).time == "2024-05-01");
  CHECK(capture_of_jpeg({jpeg_segment(0xe1, bytes_of("other <a xmp:CreateDate='2023-05-01'/>"))}).time.empty());
}
