#include <bit>
#include <limits>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "metadata/capture_time.hpp"
#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"

// What cameras and programs write beside the rule, as exiftool reads it.
using namespace photo_core;
using namespace photo_core::samples;
using Catch::Approx;

namespace {

CaptureData capture_of(const Bytes& exif, std::string_view packet = {}) {
  MetadataBlocks blocks;
  const Bytes xmp = bytes_of(packet);
  blocks.exif = exif;
  blocks.xmp = xmp;
  return read_capture(blocks, true);
}

CaptureData capture_of_jpeg(std::initializer_list<Bytes> segments, int orientation = 1) {
  const Bytes source = joined({jpeg_start, joined(segments), jpeg_tables(), jpeg_frame(), jpeg_scan({1}), jpeg_end});
  const MetadataBlocks blocks = find_jpeg_metadata(source);
  CHECK(read_orientation(blocks.exif) == orientation);
  return read_capture(blocks, true);
}

Bytes original_time(const char* text) { return Tiff().text(Tiff::exif, 0x9003, text).build(); }

Tiff& add_position(Tiff& tiff, const char* latitude_ref, const char* longitude_ref) {
  if (latitude_ref) tiff.text(Tiff::gps, 1, latitude_ref);
  tiff.fractions(Tiff::gps, 2, {{35, 1}, {30, 1}, {0, 1}});
  if (longitude_ref) tiff.text(Tiff::gps, 3, longitude_ref);
  return tiff.fractions(Tiff::gps, 4, {{139, 1}, {45, 1}, {0, 1}});
}

}  // namespace

TEST_CASE("JPEG: what the first Exif does not say is read from the next ones", "[metadata]") {
  Tiff camera;
  camera.text(Tiff::image, 0x010f, "Maker").text(Tiff::image, 0x0110, "Model").number16(Tiff::image, 0x0112, 8);
  camera.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").number16(Tiff::exif, 0x8827, 200);
  const Bytes whole = add_position(camera, "S", "W").build();

  SECTION("a header alone, or a directory that is none") {
    Bytes outside = bytes_of(std::string_view("II*\0\xff\xff\0\0", 8));
    for (const Bytes& stub : {outside, Tiff().build(), Tiff().number16(Tiff::exif, 0xa001, 1).build()}) {
      const CaptureData capture = capture_of_jpeg({jpeg_exif(stub), jpeg_exif(whole)});
      CHECK(capture.time == "2024-05-01T12:34:56");
      CHECK(capture.model == "Model");
      CHECK(capture.iso == 200u);
      CHECK(capture.latitude == Approx(-35.5));
    }
  }
  SECTION("an editor's stub: its orientation counts, as in browsers, its change time does not") {
    Tiff stub;
    stub.number16(Tiff::image, 0x0112, 6).text(Tiff::image, 0x0132, "2025:01:01 00:00:00");
    CHECK(capture_of_jpeg({jpeg_exif(stub.build()), jpeg_exif(whole)}, 6).time == "2024-05-01T12:34:56");
  }
  SECTION("the first that says something counts, and parts of one answer are never mixed") {
    Tiff first;
    first.text(Tiff::image, 0x010f, "Other").text(Tiff::exif, 0x9003, "2020:01:01 10:00:00").text(Tiff::gps, 1, "N");
    Tiff second;
    second.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").text(Tiff::exif, 0x9011, "+02:00");
    const CaptureData capture =
        capture_of_jpeg({jpeg_exif(first.build()), jpeg_exif(second.build()), jpeg_exif(whole)});
    CHECK(capture.time == "2020-01-01T10:00:00");
    CHECK(capture.make == "Other");
    CHECK(capture.model.empty());
    CHECK(capture.latitude == Approx(-35.5));
  }
  SECTION("a few are looked at") {
    const Bytes stub = jpeg_exif(Tiff().build());
    CHECK(capture_of_jpeg({stub, stub, stub, jpeg_exif(whole)}).make == "Maker");
    CHECK(capture_of_jpeg({stub, stub, stub, stub, jpeg_exif(whole)}).make.empty());
  }
}

TEST_CASE("the zone of another time of the file is joined when the clocks agree", "[metadata]") {
  const auto time_of = [](const char* change_time, const char* offset) {
    Tiff tiff;
    tiff.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").text(Tiff::exif, 0x9291, "78");
    tiff.text(Tiff::image, 0x0132, change_time).text(Tiff::exif, 0x9010, offset);
    return capture_of(tiff.build()).time;
  };
  CHECK(time_of("2024:05:01 12:34:56", "+02:00") == "2024-05-01T12:34:56.78+02:00");
  CHECK(time_of("2024:05:02 12:34:56", "+02:00") == "2024-05-01T12:34:56.78");
  CHECK(time_of("2024:05:01 12:34:57", "+02:00") == "2024-05-01T12:34:56.78");
  CHECK(time_of("2024:05:01 12:34:56", "   :  ") == "2024-05-01T12:34:56.78");

  Tiff digitized;
  digitized.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").text(Tiff::exif, 0x9011, "   :  ");
  digitized.text(Tiff::exif, 0x9004, "2024:05:01 12:34:56").text(Tiff::exif, 0x9012, "-03:30");
  CHECK(capture_of(digitized.build()).time == "2024-05-01T12:34:56-03:30");

  const Bytes exif = original_time("2024:05:01 12:34:56");
  CHECK(capture_of(exif, "<a exif:DateTimeOriginal='2024-05-01T12:34:56.4+09:00'/>").time ==
        "2024-05-01T12:34:56+09:00");
  CHECK(capture_of(exif, "<a photoshop:DateCreated='2024-05-01T12:34:56-08:00'/>").time == "2024-05-01T12:34:56-08:00");
  CHECK(capture_of(exif, "<a exif:DateTimeOriginal='2024-05-01T10:34:56Z' xmp:CreateDate='2024-05-01T12:34:56+02:00'/>")
            .time == "2024-05-01T12:34:56+02:00");
  CHECK(capture_of(exif, "<a exif:DateTimeOriginal='2024-05-01T10:34:56Z'/>").time == "2024-05-01T12:34:56");
  CHECK(capture_of(exif, "<a exif:DateTimeOriginal='2024-05-01'/>").time == "2024-05-01T12:34:56");
  Tiff own;
  own.text(Tiff::exif, 0x9003, "2024:05:01 12:34:56").text(Tiff::exif, 0x9011, "+01:00");
  CHECK(capture_of(own.build(), "<a xmp:CreateDate='2024-05-01T12:34:56+02:00'/>").time == "2024-05-01T12:34:56+01:00");
}

TEST_CASE("a time of capture outside of its place or form is kept", "[metadata]") {
  Tiff image;
  image.text(Tiff::image, 0x0132, "2025:01:01 00:00:00").text(Tiff::image, 0x9003, "2024:05:01 12:34:56");
  image.fractions(Tiff::image, 0x829d, {{28, 10}});
  CHECK(capture_of(image.build()).time == "2024-05-01T12:34:56");
  CHECK(capture_of(image.build()).f_number == Approx(2.8));
  // Where both directories have it, Exif's own counts.
  CHECK(capture_of(image.text(Tiff::exif, 0x9003, "2023:05:01 12:34:56").build()).time == "2023-05-01T12:34:56");

  const auto time_of = [](const char* text) {
    Tiff tiff;
    tiff.text(Tiff::image, 0x0132, "2025:01:01 00:00:00").text(Tiff::exif, 0x9003, text);
    return capture_of(tiff.build()).time;
  };
  CHECK(time_of("2019:05:04 10:11") == "2019-05-04T10:11:00");
  CHECK(time_of("2019:05:04 10:11+02:00") == "2019-05-04T10:11:00+02:00");
  CHECK(time_of("2019:05:04 10:11:60") == "2019-05-04T10:11:59");
  CHECK(time_of("2019:05:04 10:11:12.345-08:00") == "2019-05-04T10:11:12.345-08:00");
  CHECK(time_of("2019:05:04 10:11:61") == "2025-01-01T00:00:00");
  CHECK(time_of("2019:05:04 10:60") == "2025-01-01T00:00:00");
  CHECK(time_of("2019:05:04 10") == "2025-01-01T00:00:00");
  CHECK(iso_time_from_xmp("2016-12-31T23:59:60Z") == "2016-12-31T23:59:59+00:00");
}

TEST_CASE("when the file was changed is said only where nothing says when the picture was taken", "[metadata]") {
  // An editor writes its own time into Exif, and leaves what it knows of the picture to XMP.
  Tiff editor;
  editor.text(Tiff::image, 0x0132, "2025:01:01 00:00:00").text(Tiff::exif, 0x9010, "+01:00");
  const auto time_beside = [&](std::string_view packet) { return capture_of(editor.build(), packet).time; };
  CHECK(time_beside("<a exif:DateTimeOriginal='2024-05-01T12:34:56-07:00'/>") == "2024-05-01T12:34:56-07:00");
  CHECK(time_beside("<a photoshop:DateCreated='1965-07-12'/>") == "1965-07-12");
  CHECK(time_beside("<a xmp:CreateDate='2024-12-31T23:58:00'/>") == "2024-12-31T23:58:00");
  CHECK(time_beside("<a xmp:CreateDate='2025-01-01T00:00:00'/>") == "2025-01-01T00:00:00+01:00");
  CHECK(time_beside("<a xmp:ModifyDate='2025-01-01T00:00:00Z'/>") == "2025-01-01T00:00:00+01:00");
}

TEST_CASE("a date alone is reported, and written with its clock left blank", "[metadata]") {
  CaptureData capture = capture_of({}, "<a photoshop:DateCreated='1965-07-12'/>");
  CHECK(capture.time == "1965-07-12");
  const Bytes exif = write_capture_exif(capture, {});
  CHECK(contains(exif, std::string_view("1965:07:12   :  :  \0", 20)));
  CHECK(capture_of(exif).time == "1965-07-12");
  CHECK(iso_time_from_exif("    :  :     :  :  ", "", "").empty());
}

TEST_CASE("a position without its letters is left out, for it may lie in another quarter of the Earth", "[metadata]") {
  const auto capture_with = [](const char* latitude_ref, const char* longitude_ref) {
    Tiff tiff;
    return capture_of(add_position(tiff, latitude_ref, longitude_ref).build());
  };
  CHECK(capture_with("s", "w").latitude == Approx(-35.5));
  CHECK(capture_with("s", "w").longitude == Approx(-139.75));
  CHECK_FALSE(capture_with(nullptr, "E").latitude);
  CHECK_FALSE(capture_with("N", nullptr).longitude);
  CHECK_FALSE(capture_with(nullptr, nullptr).latitude);

  const auto from_xmp = [](const char* latitude) {
    return capture_of({}, std::string("<a exif:GPSLongitude='2,17.5W' exif:GPSLatitude='") + latitude + "'/>").latitude;
  };
  CHECK(from_xmp("48,51.5N") == Approx(48 + 51.5 / 60));
  CHECK(from_xmp("48,51,30S") == Approx(-(48 + 51.5 / 60)));
  CHECK(from_xmp("48.8583N") == Approx(48.8583));
  CHECK_FALSE(from_xmp("48,51.5"));
}

TEST_CASE("numbers are read in every type that writers give them", "[metadata]") {
  for (const bool big_endian : {false, true}) {
    Tiff tiff(big_endian);
    const auto wide = [&](double value) {
      const auto bits = std::bit_cast<std::uint64_t>(value);
      const Bytes high = tiff.u32(static_cast<std::uint32_t>(bits >> 32));
      const Bytes low = tiff.u32(static_cast<std::uint32_t>(bits));
      return big_endian ? joined({high, low}) : joined({low, high});
    };
    tiff.add(Tiff::exif, 0x829a, 12, 1, wide(0.004));
    tiff.add(Tiff::exif, 0x829d, 11, 1, tiff.u32(std::bit_cast<std::uint32_t>(2.8f)));
    tiff.number16(Tiff::exif, 0x920a, 50);
    add_position(tiff, "N", "E").add(Tiff::gps, 6, 11, 1, tiff.u32(std::bit_cast<std::uint32_t>(12.5f)));
    const CaptureData capture = capture_of(tiff.build());
    CHECK(capture.exposure_seconds == Approx(0.004));
    CHECK(capture.f_number == Approx(2.8));
    CHECK(capture.focal_length_mm == Approx(50));
    CHECK(capture.altitude_m == Approx(12.5));

    Tiff none(big_endian);
    none.add(Tiff::exif, 0x829a, 12, 1, wide(std::numeric_limits<double>::quiet_NaN()));
    none.add(Tiff::exif, 0x829d, 12, 1, wide(std::numeric_limits<double>::infinity()));
    none.add(Tiff::exif, 0x920a, 12, 1, wide(-50));
    const Bytes not_a_number = wide(std::numeric_limits<double>::quiet_NaN());
    none.text(Tiff::gps, 1, "N").add(Tiff::gps, 2, 12, 1, not_a_number);
    none.text(Tiff::gps, 3, "E").add(Tiff::gps, 4, 12, 1, not_a_number);
    const CaptureData nothing = capture_of(none.build());
    CHECK_FALSE(nothing.exposure_seconds);
    CHECK_FALSE(nothing.f_number);
    CHECK_FALSE(nothing.focal_length_mm);
    CHECK_FALSE(nothing.latitude);
  }
}
