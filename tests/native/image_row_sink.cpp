// A picture that is collected holds what was pushed, and 0 where nothing was: never what the memory held before.
#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <vector>

#include "image/row_sink.hpp"

namespace {
using namespace photo_core;

TEST_CASE("a collected picture is 0 where no row came", "[image]") {
  constexpr std::uint32_t width = 1000, height = 40;
  const std::vector<std::uint8_t> seven(width, 7);
  for (int attempt = 0; attempt < 8; ++attempt) {
    { const std::vector<std::uint8_t> left_in_memory(width * height, 0xa5); }
    FrameCollector collector({ColorModel::gray, false, width, height});
    for (const std::uint32_t y : {0u, 1u, 5u}) {  // rows 2 to 4 and those from 6 are missing
      Band band;
      band.planes[0] = {seven.data(), width, y, 1};
      REQUIRE(collector.push(band));
    }
    const Frame& frame = collector.frame();
    REQUIRE(frame.planes[0].size() == width * height);
    for (std::uint32_t y = 0; y < height; ++y) {
      CAPTURE(y);
      const std::vector<std::uint8_t> row(frame.row(0, y), frame.row(0, y) + width);
      CHECK(row == std::vector<std::uint8_t>(width, y == 0 || y == 1 || y == 5 ? 7 : 0));
    }
  }
}

}  // namespace
