// What keep_original "always" promises: the source's own picture, freed of what is private, and nothing else changed.
#include <catch2/catch_test_macros.hpp>

#include <photo_core/prepare.hpp>

#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::testing;

namespace {

MetadataBlocks blocks_of(const PreparedPhoto& photo) {
  const Bytes& file = photo.photo.bytes;
  return photo.photo.mime_type == "image/png"    ? find_png_metadata(file)
         : photo.photo.mime_type == "image/webp" ? find_webp_metadata(file)
                                                 : find_jpeg_metadata(file);
}

}  // namespace

TEST_CASE("an original that is kept always keeps its turn and its profile, and of its capture what is asked for") {
  CaptureData capture;
  capture.time = "2024-05-01T12:34:56";
  capture.make = "Maker";
  capture.latitude = 35.5;
  capture.longitude = 139.75;
  const Bytes exif = write_capture_exif(capture, {}, 6);
  const Bytes profile = samples::empty_profile();
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::png, OutputFormat::webp}) {
    const Bytes source = encode(corners(300, 200), format, 90, exif, profile);
    PrepareOptions options;
    options.keep_original = OriginalChoice::always;
    for (const MetadataChoice choice : {MetadataChoice::none, MetadataChoice::capture}) {
      options.keep_metadata = choice;
      const auto photo = prepare_photo(source, options);
      REQUIRE(photo.ok());
      CHECK(photo->passed_through);
      const MetadataBlocks left = blocks_of(*photo);
      CHECK(read_orientation(left.exif) == 6);
      CHECK(Bytes(left.icc_profile.begin(), left.icc_profile.end()) == profile);
      const CaptureData said = read_capture(left, true);
      CHECK(said.make == (choice == MetadataChoice::capture ? "Maker" : ""));
      CHECK(said.time == (choice == MetadataChoice::capture ? capture.time : ""));
      CHECK_FALSE(said.latitude);
      const Frame before = decode(source), after = decode(photo->photo.bytes);
      for (int plane = 0; plane < 4; ++plane) CHECK(before.planes[plane] == after.planes[plane]);
    }
    options.max_bytes = 500;
    const auto large = prepare_photo(source, options);
    REQUIRE_FALSE(large.ok());
    CHECK(large.error().code == ErrorCode::output_too_large);
    CHECK(large.error().limit == 500);
  }
}

TEST_CASE("an upright original has no Exif where none is asked for") {
  PrepareOptions options;
  options.keep_original = OriginalChoice::always;
  const auto photo = prepare_photo(encode(corners(300, 200), OutputFormat::jpeg), options);
  REQUIRE(photo.ok());
  CHECK(blocks_of(*photo).exif.empty());
}
