#include <catch2/catch_test_macros.hpp>

#include <array>

#include "image/orientation.hpp"

using namespace photo_core;

TEST_CASE("all eight orientations come out upright") {
  // The upright picture is 3 x 2 with samples 1..6; each stored form is what a camera held that way writes.
  //   1 2 3
  //   4 5 6
  const std::array<std::array<std::uint8_t, 6>, 8> stored = {{
      {1, 2, 3, 4, 5, 6},  // 1
      {3, 2, 1, 6, 5, 4},  // 2 mirrored
      {6, 5, 4, 3, 2, 1},  // 3 turned by 180
      {4, 5, 6, 1, 2, 3},  // 4 flipped
      {1, 4, 2, 5, 3, 6},  // 5 transposed (2 x 3)
      {3, 6, 2, 5, 1, 4},  // 6: stored rows are the upright picture's columns, right to left
      {6, 3, 5, 2, 4, 1},  // 7 transversed
      {4, 1, 5, 2, 6, 3},  // 8
  }};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Frame frame;
    const bool swapped = swaps_axes(orientation);
    frame.allocate({ColorModel::gray, false, swapped ? 2u : 3u, swapped ? 3u : 2u});
    std::copy(stored[orientation - 1].begin(), stored[orientation - 1].end(), frame.planes[0].begin());
    const Frame upright = turn_upright(std::move(frame), orientation);
    INFO("orientation " << orientation);
    CHECK(upright.layout.width_px == 3);
    CHECK(upright.layout.height_px == 2);
    CHECK(upright.planes[0] == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("subsampled chroma turns with its picture") {
  Frame frame;
  frame.allocate({ColorModel::ycc, false, 5, 3, 2, 1});
  const Frame turned = turn_upright(std::move(frame), 6);
  CHECK(turned.layout.width_px == 3);
  CHECK(turned.layout.height_px == 5);
  CHECK(turned.layout.h_subsampling == 1);
  CHECK(turned.layout.v_subsampling == 2);
  CHECK(turned.planes[1].size() == 3 * 3);
}
