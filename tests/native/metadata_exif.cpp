#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "metadata/capture_time.hpp"
#include "metadata/metadata.hpp"
#include "metadata/tiff.hpp"
#include "metadata_samples.hpp"

using namespace photo_core;
using namespace photo_core::samples;
using Catch::Approx;

namespace {

CaptureData capture_of(const Bytes& exif, bool with_position = false) {
  MetadataBlocks blocks;
  blocks.exif = exif;
  return read_capture(blocks, with_position);
}

Tiff& add_position(Tiff& tiff, const char* latitude_ref, const char* longitude_ref) {
  return tiff.text(Tiff::gps, 1, latitude_ref)
      .fractions(Tiff::gps, 2, {{35, 1}, {30, 1}, {1800, 100}})
      .text(Tiff::gps, 3, longitude_ref)
      .fractions(Tiff::gps, 4, {{139, 1}, {45, 1}, {0, 1}});
}

}  // namespace

TEST_CASE("orientation is read in both byte orders and stays within 1 to 8", "[metadata]") {
  for (const bool big_endian : {false, true}) {
    for (std::uint32_t value = 0; value <= 9; ++value) {
      Tiff tiff(big_endian);
      const Bytes exif = tiff.text(Tiff::image, 0x010f, "Maker").number16(Tiff::image, 0x0112, value).build();
      CHECK(read_orientation(exif) == (value >= 1 && value <= 8 ? static_cast<int>(value) : 1));
    }
  }
  CHECK(read_orientation(Tiff().number32(Tiff::image, 0x0112, 6).build()) == 6);  // some write a long
  CHECK(read_orientation(Tiff().text(Tiff::image, 0x0112, "6").build()) == 1);
  CHECK(read_orientation(Tiff().number16(Tiff::exif, 0x0112, 8).build()) == 8);  // the image's tags in Exif's directory
  CHECK(read_orientation(Tiff().number16(Tiff::image, 0x0112, 1).number16(Tiff::exif, 0x0112, 8).build()) == 1);
  CHECK(read_orientation({}) == 1);
  CHECK(read_orientation(bytes_of("II*")) == 1);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CHECK(read_orientation(write_orientation_exif(orientation)) == orientation);
  }
}

TEST_CASE("links to other directories are read in both types that writers give them", "[metadata]") {
  for (const bool big_endian : {false, true}) {
    Tiff tiff(big_endian);
    tiff.link_type = 13;
    tiff.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56");
    const CaptureData capture = capture_of(add_position(tiff, "N", "E").build(), true);
    CHECK(capture.time == "2024-05-01T12:34:56");
    CHECK(capture.latitude == 35.505);
  }
}

TEST_CASE("a directory's lies stay without effect", "[metadata]") {
  Bytes exif = Tiff().number16(Tiff::image, 0x0112, 6).build();
  SECTION("a directory that links to itself") {
    Tiff tiff;
    const CaptureData capture =
        capture_of(tiff.number32(Tiff::image, 0x8769, 8).text(Tiff::image, 0x0110, "M").build());
    CHECK(capture.model == "M");
  }
  SECTION("a first directory outside") {
    exif[4] = 0xff;
    exif[5] = 0xff;
    CHECK(read_orientation(exif) == 1);
  }
  SECTION("more entries than bytes") {
    exif[8] = 0xff;
    exif[9] = 0xff;
    CHECK(read_orientation(exif) == 6);
  }
  SECTION("counts that would overflow") {
    Tiff tiff;
    tiff.add(Tiff::image, 0x010f, 5, 0x20000001, tiff.u32(8)).add(Tiff::image, 0x0110, 2, 0xffffffff, tiff.u32(8));
    CHECK(capture_of(tiff.build()).make.empty());
    CHECK(capture_of(tiff.build()).model.empty());
  }
  SECTION("cut off at every byte") {
    Tiff tiff;
    add_position(tiff, "N", "E").text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").text(Tiff::image, 0x0110, "Model");
    const Bytes whole = tiff.build();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      capture_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), true);
    }
    CHECK(capture_of(whole, true).latitude.has_value());
  }
}

TEST_CASE("the time of capture", "[metadata]") {
  SECTION("with sub-seconds and zone") {
    Tiff tiff;
    tiff.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56")
        .text(Tiff::exif, 0x9011, "+02:00")
        .text(Tiff::exif, 0x9291, "78 ");
    CHECK(capture_of(tiff.build()).time == "2024-05-01T12:34:56.78+02:00");
  }
  SECTION("an unset one gives way to the next, with that one's own zone") {
    Tiff tiff;
    tiff.text(Tiff::exif, 0x9003, "0000:00:00 00:00:00").text(Tiff::exif, 0x9011, "+02:00");
    tiff.text(Tiff::exif, 0x9004, "2023:12:31 23:59:59").text(Tiff::exif, 0x9012, "-05:30");
    CHECK(capture_of(tiff.build()).time == "2023-12-31T23:59:59-05:30");
  }
  SECTION("the file's own date as the last") {
    CHECK(capture_of(Tiff().text(Tiff::image, 0x0132, "2001:02:03 04:05:06").build()).time == "2001-02-03T04:05:06");
  }
  SECTION("what is no time") {
    for (const char* text :
         {"2024:13:01 12:00:00", "2023:02:29 12:00:00", "2024:00:10 12:00:00", "2024:05:01 25:00:00",
          "2024:05:01 12:60:00", "    :  :     :  :  ", "", "2024:05:01", "garbage", "1024:05:01 12:00:00"}) {
      INFO(text);
      CHECK(iso_time_from_exif(text, "", "").empty());
    }
    CHECK(iso_time_from_exif("2024:02:29 12:00:00", "x7", "+25:00") == "2024-02-29T12:00:00");
    CHECK(iso_time_from_exif("2003:08:27:00:09:15", "", "") == "2003-08-27T00:09:15");
    CHECK(iso_time_from_exif("2004: 5: 1  9:05:06", "", "") == "2004-05-01T09:05:06");
  }
  SECTION("as some phones write it") {
    CHECK(iso_time_from_exif("2008:5:1 9:5:6", "", "") == "2008-05-01T09:05:06");
    CHECK(iso_time_from_exif("2012/5/16 17:08:09", "", "") == "2012-05-16T17:08:09");
    CHECK(iso_time_from_exif("2018:10:10 14:15:38\xe4\xb8\x8b\xe5\x8d\x88", "", "") == "2018-10-10T14:15:38");
    // Hours from 1 to 24: 24 is the first one.
    CHECK(iso_time_from_exif("2019:01:01 24:04:20", "403", "+01:00") == "2019-01-01T00:04:20.403+01:00");
    CHECK(iso_time_from_xmp("2019-01-01T24:04:20").empty());
    CHECK(iso_time_from_exif("2019:01:01 12:00:00", "", "+2:00") == "2019-01-01T12:00:00+02:00");
    CHECK(iso_time_from_exif("2019:01:01 12:00:00", "", "-9") == "2019-01-01T12:00:00-09:00");
    CHECK(iso_time_from_exif("2019:01:01 12:00:00", "", "+130") == "2019-01-01T12:00:00");
  }
  SECTION("XMP's spellings") {
    CHECK(iso_time_from_xmp("2011-09-23T12:43:03Z") == "2011-09-23T12:43:03+00:00");
    CHECK(iso_time_from_xmp("2011-09-23T12:43+09:00") == "2011-09-23T12:43:00+09:00");
    CHECK(iso_time_from_xmp("2011-09-23T12:43:03.5") == "2011-09-23T12:43:03.5");
    CHECK(iso_time_from_xmp("1965-07-12") == "1965-07-12");
    CHECK(iso_time_from_xmp("1965").empty());
    CHECK(iso_time_from_xmp("2011-09-31T12:43:03Z").empty());
    const Bytes xmp =
        bytes_of("<a xmlns:xap='http://ns.adobe.com/xap/1.0/' xap:CreateDate='2005-09-07T15:07:40-07:00'/>");
    MetadataBlocks blocks;
    blocks.xmp = xmp;
    CHECK(read_capture(blocks, false).time == "2005-09-07T15:07:40-07:00");
  }
}

TEST_CASE("camera and exposure", "[metadata]") {
  Tiff tiff(true);
  tiff.text(Tiff::image, 0x010f, "  Maker\t Co  ").text(Tiff::image, 0x0110, "Caf\xe9");  // Latin-1
  tiff.text(Tiff::exif, 0xa434, "Objektiv f/2 \xc2\xb5");                                 // UTF-8
  tiff.fractions(Tiff::exif, 0x829a, {{1, 60}})
      .fractions(Tiff::exif, 0x829d, {{28, 10}})
      .number16(Tiff::exif, 0x8827, 400);
  tiff.fractions(Tiff::exif, 0x920a, {{665, 100}}).number16(Tiff::exif, 0xa405, 26);
  const CaptureData capture = capture_of(tiff.build());
  CHECK(capture.make == "Maker Co");
  CHECK(capture.model == "Caf\xc3\xa9");
  CHECK(capture.lens == "Objektiv f/2 \xc2\xb5");
  CHECK(capture.exposure_seconds == Approx(1.0 / 60));
  CHECK(capture.f_number == Approx(2.8));
  CHECK(capture.iso == 400u);
  CHECK(capture.focal_length_mm == Approx(6.65));
  CHECK(capture.focal_length_35mm == Approx(26));

  Tiff odd;
  odd.fractions(Tiff::exif, 0x829a, {{1, 0}})
      .fractions(Tiff::exif, 0x829d, {{0, 10}})
      .number16(Tiff::exif, 0x8827, 65535);
  odd.number32(Tiff::exif, 0x8832, 102400).number16(Tiff::exif, 0xa405, 0);
  const CaptureData unusual = capture_of(odd.build());
  CHECK_FALSE(unusual.exposure_seconds);
  CHECK_FALSE(unusual.f_number);
  CHECK(unusual.iso == 102400u);
  CHECK_FALSE(unusual.focal_length_35mm);
}

TEST_CASE("exposure and aperture are counted from their logarithms where nothing else tells them", "[metadata]") {
  Tiff tiff;
  tiff.fractions(Tiff::exif, 0x9201, {{6, 1}}).fractions(Tiff::exif, 0x9202, {{4, 1}});
  CHECK(capture_of(tiff.build()).exposure_seconds == Approx(1.0 / 64));
  CHECK(capture_of(tiff.build()).f_number == Approx(4));
  Tiff night;  // below zero: two seconds
  const Bytes minus_one = joined({night.u32(0xffffffff), night.u32(1)});
  CHECK(capture_of(night.add(Tiff::exif, 0x9201, 10, 1, minus_one).build()).exposure_seconds == Approx(2));

  tiff.fractions(Tiff::exif, 0x829a, {{1, 60}}).fractions(Tiff::exif, 0x829d, {{28, 10}});
  CHECK(capture_of(tiff.build()).exposure_seconds == Approx(1.0 / 60));
  CHECK(capture_of(tiff.build()).f_number == Approx(2.8));

  Tiff unset;
  unset.fractions(Tiff::exif, 0x9201, {{0, 1}}).fractions(Tiff::exif, 0x9202, {{0, 1}});
  CHECK_FALSE(capture_of(unset.build()).exposure_seconds);
  CHECK_FALSE(capture_of(unset.build()).f_number);
}

TEST_CASE("the position is read only when asked for, and only when it is one", "[metadata]") {
  Tiff tiff;
  add_position(tiff, "S", "W").add(Tiff::gps, 5, 1, 1, {1}).fractions(Tiff::gps, 6, {{1234, 100}});
  const Bytes exif = tiff.build();
  CHECK_FALSE(capture_of(exif, false).latitude);
  CHECK_FALSE(capture_of(exif, false).altitude_m);
  const CaptureData capture = capture_of(exif, true);
  CHECK(capture.latitude == Approx(-35.505));
  CHECK(capture.longitude == Approx(-139.75));
  CHECK(capture.altitude_m == Approx(-12.34));

  const auto position = [](const char* ref, std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> latitude) {
    Tiff other;
    other.text(Tiff::gps, 1, ref).fractions(Tiff::gps, 2, latitude);
    other.text(Tiff::gps, 3, "E").fractions(Tiff::gps, 4, {{10, 1}, {0, 1}, {0, 1}});
    return capture_of(other.build(), true).latitude;
  };
  CHECK(position("N", {{35, 1}, {3050, 100}, {0, 0}}) == Approx(35 + 30.5 / 60));  // no seconds
  CHECK(position("N", {{355, 10}}) == Approx(35.5));
  CHECK(position("N", {{355, 10}, {0, 0}, {0, 0}}) == Approx(35.5));  // neither minutes nor seconds
  CHECK_FALSE(position("N", {{0, 0}, {30, 1}, {0, 1}}));
  CHECK_FALSE(position("N", {{35, 0}, {30, 1}, {0, 1}}));
  CHECK_FALSE(position("N", {{91, 1}, {0, 1}, {0, 1}}));
  CHECK_FALSE(position("N", {{35, 1}, {61, 1}, {0, 1}}));
  CHECK_FALSE(position("", {{35, 1}, {30, 1}, {0, 1}}));

  Tiff nowhere;
  nowhere.text(Tiff::gps, 1, "N").fractions(Tiff::gps, 2, {{0, 1}, {0, 1}, {0, 1}});
  nowhere.text(Tiff::gps, 3, "E").fractions(Tiff::gps, 4, {{0, 1}, {0, 1}, {0, 1}});
  CHECK_FALSE(capture_of(nowhere.build(), true).latitude);
}

TEST_CASE("XMP is the second source", "[metadata]") {
  const Bytes xmp = bytes_of(
      "<x:xmpmeta><rdf:Description tiff:Make=\"A &amp; B\" tiff:Model='C' exifEX:LensModel='D' exif:FNumber='28/10' "
      "exif:FocalLength='50/1' exif:FocalLengthIn35mmFilm='75' exif:GPSLatitude=\"39,54.5S\" "
      "exif:GPSLongitude=\"116,23,30E\" exif:GPSAltitude=\"500/10\" "
      "photoshop:DateCreated=\"2020-02-29T01:02:03+09:00\">"
      "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>200</rdf:li></rdf:Seq></exif:ISOSpeedRatings>"
      "<exif:ExposureTime>1/250</exif:ExposureTime></rdf:Description></x:xmpmeta>");
  MetadataBlocks blocks;
  blocks.xmp = xmp;
  CaptureData capture = read_capture(blocks, true);
  CHECK(capture.make == "A & B");
  CHECK(capture.model == "C");
  CHECK(capture.lens == "D");
  CHECK(capture.focal_length_mm == Approx(50));
  CHECK(capture.focal_length_35mm == Approx(75));
  CHECK(capture.time == "2020-02-29T01:02:03+09:00");
  CHECK(capture.f_number == Approx(2.8));
  CHECK(capture.iso == 200u);
  CHECK(capture.exposure_seconds == Approx(0.004));
  CHECK(capture.latitude == Approx(-(39 + 54.5 / 60)));
  CHECK(capture.longitude == Approx(116 + 23.0 / 60 + 30.0 / 3600));
  CHECK(capture.altitude_m == Approx(50));
  CHECK_FALSE(read_capture(blocks, false).latitude);

  const Bytes exif = Tiff().text(Tiff::image, 0x0110, "Real").text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").build();
  blocks.exif = exif;
  capture = read_capture(blocks, false);
  CHECK(capture.model == "Real");
  CHECK(capture.make.empty());  // make and model stay together
  CHECK(capture.time == "2024-05-01T12:34:56");
}

TEST_CASE("XMP's references stand for their characters", "[metadata]") {
  const auto model = [](std::string_view written) {
    const Bytes xmp = bytes_of("<rdf:Description tiff:Model=\"" + std::string(written) + "\"/>");
    MetadataBlocks blocks;
    blocks.xmp = xmp;
    return read_capture(blocks, false).model;
  };
  CHECK(model("&lt;&gt;&quot;&apos;&amp;lt;") == "<>\"'&lt;");
  CHECK(model("&#65;&#x42; &#xe9;&#233; &#x20AC; &#x1f4f7;") == "AB \u00e9\u00e9 \u20ac \U0001f4f7");
  // What is no character is left out: halves of a pair, what lies beyond the last one, names that nobody declared.
  CHECK(model("a&#xd83d;&#xdcf7;&#x110000;&#9999999;&#;&nbsp;b") == "ab");
  CHECK(model("R & D") == "R & D");  // not escaped: itself
}

TEST_CASE("a text is UTF-8 as a whole, or Latin-1", "[metadata]") {
  CHECK(clean_text("\xf0\x9f\x93\xb7 \xf4\x8f\xbf\xbf") == "\xf0\x9f\x93\xb7 \xf4\x8f\xbf\xbf");
  CHECK(clean_text("\xc3\xa4\xc2\x85\xc2\xa0") == "\xc3\xa4\xc2\xa0");  // without control characters
  CHECK(clean_text("\xf0\xaf\xbf\xbf") == "\xf0\xaf\xbf\xbf");
  // Overlong, behind the last code point, half a pair, cut off: each byte is then a character of its own.
  CHECK(clean_text("\xf0\x8f\xbf\xbf") == "\u00f0\u00bf\u00bf");
  CHECK(clean_text("\xf4\xa0\xa0\xa0") == "\u00f4\u00a0\u00a0\u00a0");
  CHECK(clean_text("\xed\xa0\xa0") == "\u00ed\u00a0\u00a0");
  CHECK(clean_text("\xf0\x9f\x93") == "\u00f0");
}

TEST_CASE("what is looked at of a text has a limit, whatever it says of its length", "[metadata]") {
  CHECK(clean_text(std::string(4000, '\x01') + "near") == "near");
  CHECK(clean_text(std::string(4096, '\x01') + "far").empty());
  // The limit falls into a character: the others are UTF-8 all the same.
  CHECK(clean_text("\xc3\xa4" + std::string(4093, '\x01') + "\xc3\xa9" + "far") == "\xc3\xa4");
  CHECK(clean_text(std::string(5000, 'a')) == std::string(200, 'a'));
  CHECK(clean_text(std::string_view("said\0left over", 14)) == "said");

  const auto lens_behind = [](std::size_t spaces) {
    MetadataBlocks blocks;
    const Bytes xmp = bytes_of("<aux:Lens" + std::string(spaces, ' ') + ">35 mm</aux:Lens>");
    blocks.xmp = xmp;
    return read_capture(blocks, false).lens;
  };
  CHECK(lens_behind(1000) == "35 mm");
  CHECK(lens_behind(3000).empty());
  MetadataBlocks unclosed;
  std::string tags;
  while (tags.size() < (1u << 20) - 32) tags += "<aux:Lens ";
  const Bytes packet = bytes_of(tags);
  unclosed.xmp = packet;
  CHECK(read_capture(unclosed, false).lens.empty());
}

TEST_CASE("a written Exif says the same when it is read", "[metadata]") {
  CaptureData capture;
  capture.time = "2024-05-01T12:34:56.078-03:30";
  capture.make = "Maker";
  capture.model = "M\xc3\xbcller 3";
  capture.lens = "Lens 24-70mm";
  capture.exposure_seconds = 1.0 / 8000;
  capture.f_number = 1.8;
  capture.iso = 102400;
  capture.focal_length_mm = 6.81;
  capture.focal_length_35mm = 24;
  capture.latitude = -33.856784;
  capture.longitude = 151.215297;
  capture.altitude_m = -3.5;
  const Bytes exif = write_capture_exif(capture, {});
  const CaptureData read = capture_of(exif, true);
  CHECK(read.time == capture.time);
  CHECK(read.make == capture.make);
  CHECK(read.model == capture.model);
  CHECK(read.lens == capture.lens);
  CHECK(*read.exposure_seconds == Approx(*capture.exposure_seconds).epsilon(1e-6));
  CHECK(*read.f_number == Approx(*capture.f_number).epsilon(1e-6));
  CHECK(read.iso == capture.iso);
  CHECK(*read.focal_length_mm == Approx(*capture.focal_length_mm).epsilon(1e-6));
  CHECK(read.focal_length_35mm == capture.focal_length_35mm);
  CHECK(*read.latitude == Approx(*capture.latitude).margin(1e-7));
  CHECK(*read.longitude == Approx(*capture.longitude).margin(1e-7));
  CHECK(*read.altitude_m == Approx(*capture.altitude_m));
  CHECK(read_orientation(exif) == 1);
  CHECK(read_orientation(write_capture_exif(capture, {}, 8)) == 8);
  CHECK(capture_of(write_capture_exif(capture, {}, 8), true).time == capture.time);

  capture.latitude.reset();
  CHECK_FALSE(capture_of(write_capture_exif(capture, {}), true).longitude);
  CHECK(write_capture_exif({}, {}).empty());
}

TEST_CASE("each value is written in the standard's own form", "[metadata]") {
  CaptureData capture;
  capture.make = "Maker";
  const auto written = [&](const ExifForm& form, bool in_exif, std::uint16_t tag) {
    const Bytes bytes = write_capture_exif(capture, form);
    const TiffReader reader(bytes);
    auto directory = reader.directory(reader.first_directory());
    if (in_exif) directory = reader.directory(find_entry(directory, 0x8769)->integer().value_or(0));
    const TiffEntry* const entry = find_entry(directory, tag);
    return entry == nullptr ? Bytes{} : Bytes(entry->value.begin(), entry->value.end());
  };
  CHECK(written({}, false, 0x010f) == bytes_of(std::string_view("Maker\0", 6)));
  for (const std::uint16_t resolution : {0x011a, 0x011b}) {
    CHECK(written({}, false, resolution) == Bytes{72, 0, 0, 0, 1, 0, 0, 0});
  }
  CHECK(written({.model = ColorModel::ycc}, true, 0x9101) == Bytes{1, 2, 3, 0});
  CHECK(written({.model = ColorModel::gray}, true, 0x9101) == Bytes{1, 0, 0, 0});
  CHECK(written({.model = ColorModel::rgb}, true, 0x9101) == Bytes{4, 5, 6, 0});
  CHECK(written({}, true, 0x9101).empty());
  for (const ColorModel model : {ColorModel::ycc, ColorModel::gray}) {
    CHECK(written({.model = model}, false, 0x0213) == Bytes{1, 0});
  }
  CHECK(written({.model = ColorModel::rgb}, false, 0x0213).empty());
  CHECK(written({.has_profile = false}, true, 0xa001) == Bytes{1, 0});
  CHECK(written({.has_profile = true}, true, 0xa001) == Bytes{0xff, 0xff});

  // What 16 bits do not hold is in the wider tag, which another one names.
  capture.iso = 65534;
  CHECK(written({}, true, 0x8827) == Bytes{0xfe, 0xff});
  CHECK(written({}, true, 0x8830).empty());
  for (const std::uint32_t iso : {65535u, 102400u}) {
    capture.iso = iso;
    CHECK(written({}, true, 0x8827) == Bytes{0xff, 0xff});
    CHECK(written({}, true, 0x8830) == Bytes{3, 0});
    CHECK(capture_of(write_capture_exif(capture, {})).iso == iso);
  }
}
