#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "image/convert_stage.hpp"

using namespace photo_core;

namespace {

using Row = std::vector<std::uint8_t>;
using Rows = std::array<Row, 3>;

// libjpeg-turbo's tables (jdcolor.c, jccolor.c): 16 fraction bits, rounded once a sum.
constexpr std::int64_t fixed(double value) { return static_cast<std::int64_t>(value * 65536 + 0.5); }
std::uint8_t limit(std::int64_t value) { return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255)); }

std::array<std::uint8_t, 3> rgb_of(std::int64_t y, std::int64_t cb, std::int64_t cr) {
  cb -= 128;
  cr -= 128;
  return {limit(y + ((fixed(1.402) * cr + 32768) >> 16)),
          limit(y + ((-fixed(0.34414) * cb - fixed(0.71414) * cr + 32768) >> 16)),
          limit(y + ((fixed(1.772) * cb + 32768) >> 16))};
}

std::array<std::uint8_t, 3> ycc_of(std::int64_t r, std::int64_t g, std::int64_t b) {
  const std::int64_t centre = (128 << 16) + 32767;
  return {limit((fixed(0.299) * r + fixed(0.587) * g + fixed(0.114) * b + 32768) >> 16),
          limit((centre - fixed(0.168736) * r - fixed(0.331264) * g + fixed(0.5) * b) >> 16),
          limit((centre + fixed(0.5) * r - fixed(0.418688) * g - fixed(0.081312) * b) >> 16)};
}

// Every pair of the second and third sample at one value of the first, in rows whose lengths are no whole vectors.
template <typename Convert, typename Expected>
std::size_t count_wrong(int first, Convert convert, Expected expected) {
  std::size_t wrong = 0;
  for (int second = 0; second < 256; ++second) {
    const std::size_t width = second % 2 != 0 ? 256 : 251;
    Rows in{Row(width, static_cast<std::uint8_t>(first)), Row(width, static_cast<std::uint8_t>(second)), Row(width)};
    for (std::size_t x = 0; x < width; ++x) in[2][x] = static_cast<std::uint8_t>(x);
    Rows out = in;  // in place
    convert(out[0].data(), out[1].data(), out[2].data(), out[0].data(), out[1].data(), out[2].data(),
            static_cast<std::uint32_t>(width));
    for (std::size_t x = 0; x < width; ++x) {
      const auto sample = expected(in[0][x], in[1][x], in[2][x]);
      for (std::size_t plane = 0; plane < 3; ++plane) wrong += out[plane][x] != sample[plane];
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("Y'CbCr to rgb and back gives the library's samples") {
  for (const int first : {0, 1, 16, 75, 127, 128, 129, 200, 254, 255}) {
    CHECK(count_wrong(first, ycc_to_rgb_row, rgb_of) == 0);
    CHECK(count_wrong(first, rgb_to_ycc_row, ycc_of) == 0);
  }
}
