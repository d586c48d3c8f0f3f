#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "image/colour.hpp"
#include "image/colour_curve.hpp"

using namespace photo_core;
using Catch::Approx;

namespace {

std::array<std::uint8_t, 3> through(const ColourTransform& transform, std::array<std::uint8_t, 4> in) {
  std::array<std::uint8_t, 3> out{};
  const std::uint8_t* const from[] = {&in[0], &in[1], &in[2], &in[3]};
  std::uint8_t* const to[] = {&out[0], &out[1], &out[2]};
  transform.row(from, to, 1);
  return out;
}

constexpr std::array<double, 8> srgb = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
constexpr std::array<double, 8> p3 = {0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06};

}  // namespace

TEST_CASE("sRGB's curve to linear light and back", "[colour]") {
  const auto& linear = srgb_to_linear15();
  CHECK(linear[0] == 0);
  CHECK(linear[255] == 32767);
  CHECK(linear[188] == Approx(0.5029 * 32767).margin(2));
  for (int code = 0; code < 256; ++code) {
    CHECK(linear15_to_srgb(linear[static_cast<std::size_t>(code)]) == code);
    if (code > 0) CHECK(linear[static_cast<std::size_t>(code)] > linear[static_cast<std::size_t>(code) - 1]);
  }
  CHECK(linear15_to_srgb(-5) == 0);
  CHECK(linear15_to_srgb(40000) == 255);
  for (std::int32_t value = 0; value < 32768; ++value) {
    const double exact = linear_to_srgb(value / 32767.0) * 255;
    if (std::abs(linear15_to_srgb(value) - exact) > 0.5 + 1e-6) FAIL("value " << value);
  }
}

TEST_CASE("PNG's gamma and primaries", "[colour]") {
  CHECK(make_png_transform(0, nullptr, ColorModel::rgb) == nullptr);
  CHECK(make_png_transform(0.45455, nullptr, ColorModel::rgb) == nullptr);  // what everybody writes
  CHECK(make_png_transform(0.45455, &srgb, ColorModel::rgb) == nullptr);
  CHECK(make_png_transform(0, &srgb, ColorModel::gray) == nullptr);
  CHECK(make_png_transform(0, &p3, ColorModel::rgb) == nullptr);  // as browsers take it

  const auto linear = make_png_transform(1, &srgb, ColorModel::rgb);
  REQUIRE(linear);
  CHECK(through(*linear, {128, 64, 255, 0}) == std::array<std::uint8_t, 3>{188, 137, 255});
  const auto gray = make_png_transform(1, nullptr, ColorModel::gray);
  REQUIRE(gray);
  CHECK(through(*gray, {128, 0, 0, 0})[0] == 188);

  const auto wide = make_png_transform(0.45455, &p3, ColorModel::rgb);
  REQUIRE(wide);
  CHECK(through(*wide, {200, 200, 200, 0}) == std::array<std::uint8_t, 3>{200, 200, 200});
  CHECK(through(*wide, {255, 0, 0, 0}) == std::array<std::uint8_t, 3>{255, 0, 0});
  // Display P3 (0.502, 0.251, 0.251) is sRGB (0.5399, 0.2330, 0.2428).
  const auto colour = through(*wide, {128, 64, 64, 0});
  CHECK(int{colour[0]} == Approx(138).margin(1));
  CHECK(int{colour[1]} == Approx(59).margin(1));
  CHECK(int{colour[2]} == Approx(62).margin(1));

  constexpr std::array<double, 8> impossible = {0.3127, 0, 0.64, 0.33, 0.64, 0.33, 0.15, 0.06};
  CHECK(make_png_transform(0.45455, &impossible, ColorModel::rgb) == nullptr);
}

TEST_CASE("four inks by the plain formula", "[colour]") {
  const auto plain = make_plain_cmyk_transform();
  CHECK(through(*plain, {0, 0, 0, 0}) == std::array<std::uint8_t, 3>{255, 255, 255});
  CHECK(through(*plain, {0, 0, 0, 255}) == std::array<std::uint8_t, 3>{0, 0, 0});
  CHECK(through(*plain, {255, 0, 0, 0}) == std::array<std::uint8_t, 3>{0, 255, 255});
  CHECK(through(*plain, {0, 51, 102, 51}) == std::array<std::uint8_t, 3>{204, 163, 122});
}
