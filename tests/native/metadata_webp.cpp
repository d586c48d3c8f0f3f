#include <catch2/catch_test_macros.hpp>

#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"

using namespace photo_core;
using namespace photo_core::samples;

namespace {
const Bytes rotated = Tiff().number16(Tiff::image, 0x0112, 5).build();
const Bytes jpeg_style = joined({bytes_of(std::string_view("Exif\0\0", 6)), rotated});
}  // namespace

TEST_CASE("WebP: Exif with and without prefix, XMP, profile", "[metadata]") {
  for (const Bytes& exif : {rotated, jpeg_style}) {
    const Bytes source = webp({vp8x(0x2c), riff_chunk("ICCP", empty_profile()), vp8(), riff_chunk("EXIF", exif),
                               riff_chunk("XMP ", bytes_of("<x/>"))});
    const MetadataBlocks blocks = find_webp_metadata(source);
    CHECK(read_orientation(blocks.exif) == 5);
    CHECK(as_text(blocks.xmp) == "<x/>");
    CHECK(blocks.icc_profile.size() == 132);
    CHECK(blocks.has_private);
    CHECK(blocks.image_end == source.size());
  }
  // A profile that the header does not name is none.
  CHECK(find_webp_metadata(webp({vp8x(0x0c), riff_chunk("ICCP", empty_profile()), vp8()})).icc_profile.empty());
  CHECK(find_webp_metadata(webp({vp8(), riff_chunk("ICCP", empty_profile())})).icc_profile.empty());
  const Bytes plain = webp({vp8()});
  CHECK_FALSE(find_webp_metadata(plain).has_private);
  CHECK(find_webp_metadata(joined({plain, bytes_of("PK")})).image_end == plain.size());
  CHECK(find_webp_metadata(joined({plain, bytes_of("PK")})).has_private);
}

TEST_CASE("WebP: a scrub keeps the picture and drops the rest", "[metadata]") {
  const Bytes secret = bytes_of("SECRET");
  const Bytes alpha = riff_chunk("ALPH", {0, 1, 2});
  const Bytes source = joined({webp({vp8x(0x3c), riff_chunk("ICCP", empty_profile()), riff_chunk("junk", secret), alpha,
                                     vp8(), riff_chunk("EXIF", rotated), riff_chunk("XMP ", secret)}),
                               secret});
  const Result<Bytes> bare = scrub_webp(source, {});
  REQUIRE(bare.ok());
  CHECK(*bare == webp({vp8x(0x10), alpha, vp8()}));
  const Bytes exif = write_orientation_exif(5);
  const Result<Bytes> kept = scrub_webp(source, {exif, true});
  REQUIRE(kept.ok());
  CHECK(*kept == webp({vp8x(0x38), riff_chunk("ICCP", empty_profile()), alpha, vp8(), riff_chunk("EXIF", exif)}));

  // Without alpha, profile and Exif the simple form is enough; lossless pictures carry their own alpha.
  const Result<Bytes> lossless = scrub_webp(webp({vp8x(0x18), vp8l(true), riff_chunk("EXIF", rotated)}), {});
  REQUIRE(lossless.ok());
  CHECK(*lossless == webp({vp8l(true)}));
  // The header says whether it has alpha, where the picture says that it has none.
  const Bytes said = webp({vp8x(0x10), vp8l(false)});
  const Result<Bytes> hinted = scrub_webp(said, {});
  REQUIRE(hinted.ok());
  CHECK(*hinted == said);
  CHECK(*scrub_webp(webp({vp8x(0x10), vp8()}), {}) == webp({vp8()}));
  const Result<Bytes> turned = scrub_webp(webp({vp8l(true)}), {exif, false});
  REQUIRE(turned.ok());
  CHECK(*turned == webp({vp8x(0x18), vp8l(true), riff_chunk("EXIF", exif)}));
}

TEST_CASE("WebP: what is broken or animated is refused", "[metadata]") {
  const auto refused = [](const Bytes& source) {
    const Result<Bytes> result = scrub_webp(source, {});
    return !result.ok() && result.error().code == ErrorCode::corrupt_image;
  };
  CHECK(refused({}));
  CHECK(refused(webp({})));
  CHECK(refused(webp({vp8x(0x02), riff_chunk("ANIM", Bytes(6, 0))})));
  CHECK(refused(webp({riff_chunk("VP8 ", {1, 2, 3})})));
  CHECK(refused(webp({riff_chunk("VP8L", {1, 2, 3, 4, 5})})));
}

TEST_CASE("a profile whose elements overlap does not grow with their number", "[metadata]") {
  constexpr std::uint32_t tags = 100, size = 1 << 20;
  Bytes profile = empty_profile(size);
  Bytes table;
  append_be32(table, tags);
  for (std::uint32_t i = 0; i < tags; ++i) {
    append(table, bytes_of(i == 0 ? "mmod" : "A2B0"));
    append_be32(table, 132 + tags * 12 + i);
    append_be32(table, size - 132 - tags * 12 - tags);
  }
  std::copy(table.begin(), table.end(), profile.begin() + 128);
  const Bytes file = webp({vp8x(0x20), riff_chunk("ICCP", profile), vp8()});
  CHECK(find_webp_metadata(file).icc_profile.size() <= 2 * size);
}
