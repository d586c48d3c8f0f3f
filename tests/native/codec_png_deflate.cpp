#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "codec_pictures.hpp"

using namespace photo_core;
using namespace photo_core::test;

namespace {

constexpr std::uint32_t side = 1024;  // 3 MiB: it is tried three times how to deflate it

// Noise above `seam`, below it the same eight rows again and again.
Frame picture(std::uint32_t seam) {
  Frame frame;
  frame.allocate({ColorModel::rgb, false, side, side});
  std::uint32_t state = 5;
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < side; ++y) {
      std::uint8_t* const row = frame.row(plane, y);
      for (std::uint32_t x = 0; x < side; ++x) {
        if (y >= seam + 8) {
          row[x] = frame.row(plane, y - 8)[x];
          continue;
        }
        state = state * 1664525 + 1013904223;
        row[x] = static_cast<std::uint8_t>(128 + 90 * std::sin(x * 0.01 + y * 0.013) + (state >> 29));
      }
    }
  }
  return frame;
}

std::size_t encoded_bytes(std::uint32_t seam) {
  const Frame frame = picture(seam);
  auto encoder = make_png_encoder({});
  const Result<Bytes> file = encode(*encoder, frame);
  REQUIRE(file.ok());
  const Result<Decoded> again = decode(open_png, *file);
  REQUIRE(again.ok());
  CHECK(again->frame.planes == frame.planes);
  return file->size();
}

}  // namespace

TEST_CASE("PNG rows that repeat are searched for, whatever came above them") {
  const std::size_t noise = encoded_bytes(side), half = encoded_bytes(side / 2), repeated = encoded_bytes(0);
  CAPTURE(noise, half, repeated);
  CHECK(repeated * 10 < noise);
  CHECK(half < noise * 7 / 10);  // noticed within the next mebibyte
}
