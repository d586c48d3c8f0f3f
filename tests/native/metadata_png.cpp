#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"

using namespace photo_core;
using namespace photo_core::samples;
using Catch::Approx;

namespace {

const Bytes rotated = Tiff(true).number16(Tiff::image, 0x0112, 8).build();

Bytes with_chunks(std::initializer_list<Bytes> before, std::initializer_list<Bytes> after = {}) {
  return joined({png_start, png_header(), joined(before), png_pixels(), joined(after), png_end()});
}

Bytes keyword(std::string_view name) { return joined({bytes_of(name), {0}}); }

// ImageMagick's form of a profile in text.
Bytes raw_profile(std::string_view name, const Bytes& profile) {
  std::string text = "\n" + std::string(name) + "\n      " + std::to_string(profile.size());
  for (std::size_t i = 0; i < profile.size(); ++i) {
    if (i % 36 == 0) text += '\n';
    text += "0123456789abcdef"[profile[i] >> 4];
    text += "0123456789abcdef"[profile[i] & 15];
  }
  return bytes_of(text + "\n");
}

int orientation_of(const Bytes& source) { return read_orientation(find_png_metadata(source).exif); }

const Bytes jpeg_style = joined({bytes_of(std::string_view("Exif\0\0", 6)), rotated});

}  // namespace

TEST_CASE("PNG: orientation from every place where Exif is kept", "[metadata]") {
  CHECK(orientation_of(with_chunks({})) == 1);
  CHECK(orientation_of(with_chunks({png_chunk("eXIf", rotated)})) == 8);
  CHECK(orientation_of(with_chunks({}, {png_chunk("eXIf", rotated)})) == 8);
  CHECK(orientation_of(with_chunks({png_chunk("eXIf", jpeg_style)})) == 8);
  for (const char* name : {"Raw profile type exif", "Raw profile type APP1"}) {
    const Bytes text = raw_profile("exif", jpeg_style);
    CHECK(orientation_of(with_chunks({png_chunk("tEXt", joined({keyword(name), text}))})) == 8);
    CHECK(orientation_of(with_chunks({png_chunk("zTXt", joined({keyword(name), {0}, zlib_stored(text)}))})) == 8);
    CHECK(orientation_of(with_chunks({png_chunk("iTXt", joined({keyword(name), {1, 0, 0, 0}, zlib_stored(text)}))})) ==
          8);
  }
  // eXIf goes before the text, wherever the two are.
  const Bytes other = Tiff().number16(Tiff::image, 0x0112, 3).build();
  const Bytes text = png_chunk("tEXt", joined({keyword("Raw profile type exif"), raw_profile("exif", jpeg_style)}));
  CHECK(orientation_of(with_chunks({text}, {png_chunk("eXIf", other)})) == 3);
  Bytes broken = png_chunk("eXIf", rotated);
  broken.back() ^= 1;
  CHECK(orientation_of(with_chunks({broken})) == 1);
}

TEST_CASE("PNG: XMP and profiles", "[metadata]") {
  const Bytes xmp = bytes_of("<x:xmpmeta/>");
  const Bytes plain = png_chunk("iTXt", joined({keyword("XML:com.adobe.xmp"), {0, 0, 0, 0}, xmp}));
  const Bytes packed = png_chunk("iTXt", joined({keyword("XML:com.adobe.xmp"), {1, 0, 0, 0}, zlib_stored(xmp)}));
  for (const Bytes& chunk : {plain, packed}) {
    const Bytes source = with_chunks({chunk});
    const MetadataBlocks blocks = find_png_metadata(source);
    CHECK(as_text(blocks.xmp) == "<x:xmpmeta/>");
    CHECK(blocks.has_private);
  }
  const Bytes profile = empty_profile();
  const Bytes iccp = png_chunk("iCCP", joined({keyword("name"), {0}, zlib_stored(profile)}));
  const auto found = [](const Bytes& source) {
    const MetadataBlocks blocks = find_png_metadata(source);
    return Bytes(blocks.icc_profile.begin(), blocks.icc_profile.end());
  };
  CHECK(found(with_chunks({iccp})) == profile);
  CHECK(found(with_chunks({}, {iccp})).empty());  // too late
  CHECK(found(with_chunks({png_chunk("iCCP", joined({keyword("name"), {0}, {1, 2, 3}}))})).empty());
  for (const std::size_t length : {0u, 1u, 79u, 80u}) {  // of the name: readers pass over a chunk with another
    const Bytes named = png_chunk("iCCP", joined({keyword(std::string(length, 'n')), {0}, zlib_stored(profile)}));
    CHECK(found(with_chunks({named})).empty() == (length == 0 || length == 80));
  }
  CHECK(found(with_chunks({png_chunk(
            "zTXt", joined({keyword("Raw profile type icc"), {0}, zlib_stored(raw_profile("icc", profile))}))})) ==
        profile);
}

TEST_CASE("PNG: an inflated block is bounded", "[metadata]") {
  // 64 stored blocks of 65535 bytes are more than 4 MiB; the first of a zlib stream that goes on is enough here.
  Bytes stream = {0x78, 0x01};
  for (int i = 0; i < 70; ++i) {
    stream.push_back(0);
    append_le16(stream, 65535);
    append_le16(stream, 0);
    stream.resize(stream.size() + 65535);
  }
  CHECK_FALSE(inflate_bounded(stream, 1 << 22));
  const Bytes bomb = png_chunk("iCCP", joined({keyword("n"), {0}, stream}));
  CHECK(find_png_metadata(with_chunks({bomb})).icc_profile.empty());
  // Only so many are tried: the ninth is not looked at, whatever it holds.
  const Bytes good = png_chunk("iCCP", joined({keyword("n"), {0}, zlib_stored(empty_profile())}));
  CHECK_FALSE(find_png_metadata(with_chunks({bomb, good})).icc_profile.empty());
  CHECK(find_png_metadata(with_chunks({bomb, bomb, bomb, bomb, bomb, bomb, bomb, bomb, good})).icc_profile.empty());
}

TEST_CASE("PNG: colour chunks", "[metadata]") {
  Bytes chromaticities;
  for (const std::uint32_t value : {31270u, 32900u, 68000u, 32000u, 26500u, 69000u, 15000u, 6000u})
    append_be32(chromaticities, value);
  const Bytes source =
      with_chunks({png_chunk("gAMA", {0, 0, 0xb1, 0x8f}), png_chunk("cHRM", chromaticities), png_chunk("sRGB", {0})});
  const MetadataBlocks blocks = find_png_metadata(source);
  CHECK(blocks.png_gamma == Approx(0.45455));
  CHECK(blocks.png_srgb);
  REQUIRE(blocks.png_chromaticities);
  CHECK((*blocks.png_chromaticities)[2] == Approx(0.68));
  CHECK_FALSE(blocks.has_private);

  // cICP goes before all others, where it is of RGB in full range and known.
  const Bytes iccp = png_chunk("iCCP", joined({keyword("name"), {0}, zlib_stored(empty_profile())}));
  const MetadataBlocks p3 = find_png_metadata(with_chunks({iccp, png_chunk("cICP", {12, 13, 0, 1})}));
  CHECK(p3.icc_profile.empty());
  REQUIRE(p3.code_points);
  CHECK(p3.code_points->primaries == 12);
  CHECK(p3.code_points->transfer == 13);
  for (const Bytes& other :
       {Bytes{2, 13, 0, 1}, {9, 2, 0, 1}, {9, 19, 0, 1}, {9, 16, 9, 1}, {9, 16, 0, 0}, {9, 16, 0}}) {
    const MetadataBlocks blocks_of_other = find_png_metadata(with_chunks({iccp, png_chunk("cICP", other)}));
    CHECK_FALSE(blocks_of_other.code_points);
    CHECK_FALSE(blocks_of_other.icc_profile.empty());
  }
}

TEST_CASE("PNG: the brightest light of a picture of high dynamic range", "[metadata]") {
  const Bytes pq = png_chunk("cICP", {9, 16, 0, 1});
  const auto peak_of = [&](std::initializer_list<Bytes> chunks) {
    return find_png_metadata(with_chunks(chunks)).code_points->peak_nits;
  };
  Bytes content, display(16, 0);
  for (const std::uint32_t value : {4'000'0000u, 400'0000u}) append_be32(content, value);
  for (const std::uint32_t value : {600'0000u, 50u}) append_be32(display, value);
  CHECK(peak_of({pq}) == 1000);
  CHECK(peak_of({pq, png_chunk("mDCV", display)}) == 600);
  CHECK(peak_of({png_chunk("mDCV", display), png_chunk("cLLI", content), pq}) == 4000);
  // Zero is unknown, and what is broken or late says nothing.
  CHECK(peak_of({pq, png_chunk("cLLI", Bytes(8, 0)), png_chunk("mDCV", display)}) == 600);
  CHECK(peak_of({pq, png_chunk("cLLI", Bytes(7, 1))}) == 1000);
  CHECK(peak_of({pq, png_chunk("PLTE", {1, 2, 3}), png_chunk("cLLI", content)}) == 1000);
  // What is kept of the colours, is kept whole.
  const Bytes kept = with_chunks({pq, png_chunk("mDCV", display), png_chunk("cLLI", content)});
  ScrubKeep keep;
  keep.icc_profile = true;
  CHECK(scrub_png(kept, keep).value() == kept);
  CHECK(scrub_png(kept, {}).value() == with_chunks({}));
}

TEST_CASE("PNG: a scrub keeps the picture and drops the rest", "[metadata]") {
  const Bytes secret = bytes_of("SECRET");
  const Bytes gamma = png_chunk("gAMA", {0, 0, 0xb1, 0x8f});
  const Bytes source =
      joined({with_chunks({gamma, png_chunk("tRNS", {0, 200}), png_chunk("tEXt", joined({keyword("k"), secret})),
                           png_chunk("eXIf", rotated), png_chunk("pHYs", Bytes(9, 1)), png_chunk("prVt", secret)},
                          {png_chunk("tIME", Bytes(7, 1)), png_chunk("zTXt", secret)}),
              secret});
  const Result<Bytes> bare = scrub_png(source, {});
  REQUIRE(bare.ok());
  CHECK(*bare == with_chunks({png_chunk("tRNS", {0, 200})}));
  const Bytes exif = write_orientation_exif(3);
  const Result<Bytes> kept = scrub_png(source, {exif, true});
  REQUIRE(kept.ok());
  CHECK(*kept == with_chunks({gamma, png_chunk("tRNS", {0, 200}), png_chunk("eXIf", exif)}));
  // Behind PLTE it says nothing; where PLTE, a suggestion, is taken out, it must not begin to.
  const Result<Bytes> late = scrub_png(with_chunks({png_chunk("PLTE", {1, 2, 3}), gamma}), {{}, true});
  REQUIRE(late.ok());
  CHECK(*late == with_chunks({}));
}

TEST_CASE("PNG: nothing hides behind the compressed pixels", "[metadata]") {
  const Bytes pixels = zlib_stored({0, 200});
  const Bytes secret = bytes_of("SECRET");
  const auto split = static_cast<std::ptrdiff_t>(pixels.size() / 2);
  const Bytes source =
      joined({png_start, png_header(), png_chunk("IDAT", Bytes(pixels.begin(), pixels.begin() + split)),
              png_chunk("IDAT", joined({Bytes(pixels.begin() + split, pixels.end()), secret})),
              png_chunk("IDAT", secret), png_end()});
  const Result<Bytes> bare = scrub_png(source, {});
  REQUIRE(bare.ok());
  CHECK(*bare == joined({png_start, png_header(), png_chunk("IDAT", Bytes(pixels.begin(), pixels.begin() + split)),
                         png_chunk("IDAT", Bytes(pixels.begin() + split, pixels.end())), png_end()}));
}

TEST_CASE("PNG: a scrub keeps the transparency that its colours have, and no other", "[metadata]") {
  const auto keeps = [](std::uint8_t colour_type, std::size_t bytes) {
    const Bytes colours = png_chunk("PLTE", Bytes(6, 9));
    const Bytes source = joined({png_start, png_header(colour_type), colour_type == 3 ? colours : Bytes{},
                                 png_chunk("tRNS", Bytes(bytes, 0)), png_pixels(), png_end()});
    const Result<Bytes> result = scrub_png(source, {});
    return result.ok() && contains(*result, "tRNS");
  };
  CHECK(keeps(3, 1));
  CHECK(keeps(3, 2));
  CHECK_FALSE(keeps(3, 0));
  CHECK_FALSE(keeps(3, 3));  // more than there are colours
  CHECK(keeps(0, 2));
  CHECK_FALSE(keeps(0, 6));
  CHECK(keeps(2, 6));
  CHECK_FALSE(keeps(2, 2));
  CHECK_FALSE(keeps(6, 6));  // alpha is among its samples
}

TEST_CASE("zlib: what is deflated has nothing behind its end", "[metadata]") {
  CHECK(deflated(Bytes(5000, 9)).size() < 100);
}

TEST_CASE("PNG: what is broken or animated is refused", "[metadata]") {
  const auto refused = [](const Bytes& source) {
    const Result<Bytes> result = scrub_png(source, {});
    return !result.ok() && result.error().code == ErrorCode::corrupt_image;
  };
  CHECK(refused({}));
  CHECK(refused(png_start));
  CHECK(refused(joined({png_start, png_header(), png_end()})));
  CHECK(refused(joined({png_start, png_header(3), png_pixels(), png_end()})));  // a palette picture without one
  const auto with_colours = [](std::size_t count) {
    return joined({png_start, png_header(3), png_chunk("PLTE", Bytes(count * 3, 9)), png_pixels(), png_end()});
  };
  CHECK(refused(with_colours(0)));
  CHECK_FALSE(refused(with_colours(1)));
  CHECK_FALSE(refused(with_colours(256)));
  CHECK(refused(with_colours(257)));
  CHECK(refused(with_chunks({png_chunk("acTL", Bytes(8, 0))})));
  CHECK_FALSE(refused(with_chunks({}, {png_chunk("acTL", Bytes(8, 0))})));  // too late to mean anything
  Bytes wrong = with_chunks({});
  wrong[8 + 25 + 8] ^= 1;  // in the pixels
  CHECK(refused(wrong));
}
