// Colours by code points, against what Chromium 156 shows of pictures with a cICP chunk (its canvas, in sRGB).
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include <photo_core/prepare.hpp>

#include "codec_png_files.hpp"
#include "colour_samples.hpp"
#include "image/colour.hpp"
#include "image/colour_cicp.hpp"

using namespace photo_core;
using Catch::Approx;

namespace {

using Rgb = std::array<int, 3>;

Rgb through(const ColourTransform& transform, const Rgb& colour) {
  std::array<std::uint8_t, 3> samples{};
  for (std::size_t i = 0; i < 3; ++i) samples[i] = static_cast<std::uint8_t>(colour[i]);
  const std::uint8_t* const from[] = {&samples[0], &samples[1], &samples[2]};
  std::uint8_t* const to[] = {&samples[0], &samples[1], &samples[2]};
  transform.row(from, to, 1);
  return {samples[0], samples[1], samples[2]};
}

struct Shown {
  CodePoints points;
  std::vector<std::pair<Rgb, Rgb>> colours;  // in the file, and as shown
};

void check(const Shown& shown, int tolerance) {
  const auto transform = make_cicp_transform(shown.points, ColorModel::rgb);
  REQUIRE(transform);
  for (const auto& [stored, expected] : shown.colours) {
    const Rgb seen = through(*transform, stored);
    CAPTURE(shown.points.primaries, shown.points.transfer, stored, expected, seen);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(seen[i] - expected[i]) <= tolerance);
  }
}

constexpr Rgb gray(int level) { return {level, level, level}; }

}  // namespace

TEST_CASE("code points: primaries and curves of standard range", "[colour]") {
  CHECK(make_cicp_transform({1, 13}, ColorModel::rgb) == nullptr);
  CHECK(make_cicp_transform({2, 13}, ColorModel::rgb) == nullptr);
  CHECK(make_cicp_transform({9, 3}, ColorModel::rgb) == nullptr);
  const Shown shown[] = {
      {{8, 13}, {{{200, 0, 0}, {228, 0, 0}}, {{113, 162, 166}, {88, 164, 167}}, {{194, 165, 193}, {203, 163, 195}}}},
      {{10, 13}, {{gray(100), gray(100)}, {{200, 0, 0}, {255, 0, 54}}, {{113, 162, 166}, {0, 197, 164}}}},
      {{1, 4}, {{gray(32), gray(26)}, {{117, 244, 51}, {118, 244, 48}}, {{11, 2, 0}, {3, 0, 0}}}},
      {{1, 7}, {{gray(32), gray(50)}, {gray(148), gray(159)}, {{11, 2, 0}, {27, 6, 0}}}},
      {{9, 7}, {{{113, 162, 166}, {80, 177, 177}}, {{194, 165, 193}, {214, 171, 202}}}},
      {{1, 17},
       {{gray(32), gray(15)}, {gray(148), gray(141)}, {gray(220), gray(224)}, {{117, 244, 51}, {106, 252, 35}}}},
  };
  for (const Shown& one : shown) check(one, 1);
}

TEST_CASE("code points: the curves of H.273 at their given points", "[colour]") {
  for (const std::uint8_t code : {1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}) {
    CAPTURE(int{code});
    CHECK(linear_light(code, 0) == Approx(0).margin(1e-9));
    CHECK(linear_light(code, 1) == Approx(1).epsilon(1e-4));
    for (int i = 0; i < 100; ++i) CHECK(linear_light(code, i / 100.0) < linear_light(code, (i + 1) / 100.0));
  }
  for (const std::uint8_t code : {0, 2, 3, 19, 255}) CHECK(linear_light(code, 0.5) < 0);
  CHECK(linear_light(9, 0.5) == Approx(0.1));
  CHECK(linear_light(10, 0.6) == Approx(0.1));
  CHECK(linear_light(7, 0.0912) == Approx(0.0228).epsilon(1e-3));
  CHECK(linear_light(16, 0.58069) == Approx(203.0 / 10'000).epsilon(1e-3));  // BT.2408, table 1
  CHECK(linear_light(18, 0.75) == Approx(0.26496).epsilon(1e-3));
}

TEST_CASE("high dynamic range becomes what an SDR screen shows", "[colour]") {
  const Shown shown[] = {
      {{9, 16},
       {{gray(0), gray(0)},
        {gray(32), gray(5)},
        {gray(64), gray(30)},
        {gray(100), gray(76)},
        {gray(128), gray(132)},
        {gray(148), gray(187)},
        {gray(160), gray(213)},
        {gray(180), gray(242)},
        {gray(192), gray(255)},
        {gray(255), gray(255)},
        {{200, 0, 0}, {255, 0, 0}},
        {{180, 0, 180}, {255, 0, 252}},
        {{113, 162, 166}, {0, 218, 226}},
        {{14, 40, 39}, {0, 10, 9}},
        {{194, 165, 193}, {255, 140, 255}}}},
      {{12, 16}, {{gray(148), gray(187)}, {{113, 162, 166}, {0, 212, 226}}, {{194, 165, 193}, {255, 157, 255}}}},
      {{9, 16, 400}, {{gray(148), gray(229)}, {gray(160), gray(249)}, {{14, 40, 39}, {0, 15, 13}}}},
      {{9, 16, 150}, {{gray(148), gray(255)}, {gray(100), gray(107)}, {{14, 40, 39}, {0, 18, 16}}}},
      {{9, 18},
       {{gray(0), gray(0)},
        {gray(32), gray(14)},
        {gray(128), gray(99)},
        {gray(192), gray(189)},
        {gray(220), gray(224)},
        {gray(255), gray(255)},
        {{200, 0, 0}, {229, 0, 0}},
        {{113, 162, 166}, {31, 140, 142}},
        {{194, 165, 193}, {207, 138, 189}}}},
      {{1, 18}, {{{200, 0, 0}, {179, 0, 0}}, {{117, 244, 51}, {82, 250, 34}}, {{194, 165, 193}, {187, 145, 185}}}},
  };
  for (const Shown& one : shown) check(one, 1);
}

TEST_CASE("high dynamic range in 16 bits keeps its steps", "[colour]") {
  for (const std::uint8_t transfer : {16, 18}) {
    CAPTURE(int{transfer});
    const auto deep = make_cicp_transform({9, transfer}, ColorModel::rgb, true);
    const auto deep_gray = make_cicp_transform({9, transfer}, ColorModel::gray, true);
    const auto plain = make_cicp_transform({9, transfer}, ColorModel::rgb);
    CHECK(plain->codes_of_16_bits() == nullptr);
    const std::uint8_t* const codes = deep->codes_of_16_bits();
    REQUIRE(codes != nullptr);
    // No step between grays is seen, where 8 bits of PQ leave out two levels of three near white.
    int before = 0, widest = 0;
    for (int i = 0; i < 65'536; ++i) {
      const int level = through(*deep, gray(codes[i]))[0];
      widest = std::max(widest, level - before);
      before = level;
      if (i % 257 == 0) {
        const int expected = through(*plain, gray(i / 257))[0];
        CHECK(std::abs(level - expected) <= 1);
        CHECK(std::abs(through(*deep_gray, gray(codes[i]))[0] - expected) <= 1);
      }
    }
    CHECK(widest <= 2);
    CHECK(before == 255);
    // Colours are those of 8 bits.
    std::uint32_t random = 3;
    int largest = 0, sum = 0;
    for (int i = 0; i < 1000; ++i) {
      Rgb stored{}, narrowed{};
      for (std::size_t c = 0; c < 3; ++c) {
        stored[c] = static_cast<int>((random = random * 1664525 + 1013904223) >> 24);
        narrowed[c] = codes[stored[c] * 257];
      }
      const Rgb a = through(*plain, stored), b = through(*deep, narrowed);
      for (std::size_t c = 0; c < 3; ++c) {
        sum += std::abs(a[c] - b[c]);
        largest = std::max(largest, std::abs(a[c] - b[c]));
      }
    }
    CHECK(largest <= 20);  // where a component barely is in sRGB
    CHECK(sum < 1500);     // half a level
  }
  // Linear light in 16 bits: its darks are not 8 bits of light.
  const auto linear = make_cicp_transform({1, 8}, ColorModel::rgb, true);
  REQUIRE(linear);
  REQUIRE(linear->codes_of_16_bits() != nullptr);
  CHECK(through(*linear, gray(linear->codes_of_16_bits()[30]))[0] == 2);
  CHECK(through(*linear, gray(linear->codes_of_16_bits()[14'135]))[0] == 128);
  CHECK(make_png_transform(1, nullptr, ColorModel::gray, true)->codes_of_16_bits()[14'135] == 128);
  CHECK(make_png_transform(0.45455, nullptr, ColorModel::rgb, true) == nullptr);
}

TEST_CASE("a PNG of high dynamic range is prepared as what it looks like, of 8 bits and of 16", "[colour]") {
  for (const std::uint8_t depth : {8, 16}) {
    CAPTURE(int{depth});
    test::PngParts parts{.width = 64, .height = 48, .depth = depth, .color_type = 2};
    parts.before = {{"cICP", {9, 16, 0, 1}}};
    parts.raw = test::raw_rows(64, 48, depth == 8 ? 3 : 6, false, [](auto, auto, auto) { return 148; });
    PrepareOptions options;
    options.format = OutputFormat::png;
    const auto prepared = prepare_photo(parts.file(), options);
    REQUIRE(prepared.ok());
    CHECK_FALSE(prepared->passed_through);
    CHECK(std::count(prepared->warnings.begin(), prepared->warnings.end(), WarningCode::profile_converted) == 1);
    const auto shown = test::decode(open_png, prepared->photo.bytes);
    REQUIRE(shown.ok());
    CHECK(std::abs(shown->frame.row(0, 20)[20] - 187) <= 1);
    // Encoded anew it has no chunk that tells: then `keep` has nothing to keep.
    options.keep_original = OriginalChoice::never;
    options.color = ColorChoice::keep;
    const auto kept = prepare_photo(parts.file(), options);
    REQUIRE(kept.ok());
    CHECK(kept->photo.bytes == prepared->photo.bytes);
  }
}

TEST_CASE("an ICC profile whose cicp tag means high dynamic range", "[colour]") {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}};
  cmsToneCurve* const curve = cmsBuildGamma(nullptr, 2.2);
  Bytes profile = samples::rgb_profile(white, primaries, curve, 4.3);
  cmsFreeToneCurve(curve);
  // The tag takes the place of the copyright's entry, its element stands behind everything.
  std::size_t entry = 132;
  while (!has_at(profile, entry, "cprt")) entry += 12;
  const auto with_tag = [&](std::uint8_t transfer, std::uint8_t range) {
    Bytes element = {'c', 'i', 'c', 'p'};
    for (const int byte : {0, 0, 0, 0, 9, int{transfer}, 0, int{range}})
      element.push_back(static_cast<std::uint8_t>(byte));
    Bytes place = {'c', 'i', 'c', 'p'};
    append_be32(place, static_cast<std::uint32_t>(profile.size()));
    append_be32(place, static_cast<std::uint32_t>(element.size()));
    Bytes out = profile;
    std::copy(place.begin(), place.end(), out.begin() + static_cast<std::ptrdiff_t>(entry));
    append(out, element);
    return out;
  };
  const Bytes pq = with_tag(16, 1);
  CHECK(inspect_profile(pq).kind == ProfileKind::matrix);
  CHECK_FALSE(inspect_profile(pq).is_srgb);
  CHECK(through(*make_icc_transform(pq, ColorModel::rgb, false), gray(148)) == gray(187));
  CHECK(through(*make_icc_transform(with_tag(18, 1), ColorModel::rgb, false), gray(128)) == gray(99));
  CHECK(make_icc_transform(pq, ColorModel::rgb, false, true)->codes_of_16_bits() != nullptr);
  // Of standard range or narrow: the profile's own curves and colorants, as without the tag.
  const Rgb colour = {100, 150, 200};
  for (const Bytes& other : {with_tag(11, 1), with_tag(16, 0)}) {
    CHECK(through(*make_icc_transform(other, ColorModel::rgb, false), colour) ==
          through(*make_icc_transform(profile, ColorModel::rgb, false), colour));
  }
}
