// Lossy WebP against libwebp's own output of the same file.
#include <catch2/catch_test_macros.hpp>

#include <random>

#include <webp/decode.h>

#include "codec_pictures.hpp"

using namespace photo_core;
using test::decode;

namespace {

// Ours goes by rows, interpolates and converts by itself: every sample must be the library's.
void check_library_pixels(ByteView file) {
  const auto ours = decode(open_webp, file);
  REQUIRE(ours);
  int width = 0, height = 0;
  std::uint8_t* const theirs = WebPDecodeRGBA(file.data(), file.size(), &width, &height);
  REQUIRE(theirs != nullptr);
  const PlaneLayout& layout = ours->frame.layout;
  REQUIRE(layout.model == ColorModel::rgb);
  REQUIRE(
      (layout.width_px == static_cast<std::uint32_t>(width) && layout.height_px == static_cast<std::uint32_t>(height)));
  std::size_t different = 0;
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < layout.height_px; ++y) {
      const std::uint8_t* const row = ours->frame.row(plane, y);
      const std::uint8_t* const line = theirs + std::size_t{y} * layout.width_px * 4 + static_cast<std::size_t>(plane);
      for (std::uint32_t x = 0; x < layout.width_px; ++x) different += row[x] != line[4 * std::size_t{x}];
    }
  }
  WebPFree(theirs);
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("WebP pixels are the library's, to the bit, at every size and with extreme colours") {
  std::mt19937 random(4);
  for (const std::uint32_t width : {1u, 2u, 3u, 15u, 16u, 17u, 18u, 33u, 34u, 127u}) {
    for (const std::uint32_t height : {1u, 2u, 3u, 16u, 17u, 50u}) {
      Frame frame;
      frame.allocate({ColorModel::ycc, false, width, height, 2, 2});
      for (int plane = 0; plane < 3; ++plane) {
        for (std::uint32_t y = 0; y < frame.layout.plane_height(plane); ++y) {
          for (std::uint32_t x = 0; x < frame.layout.plane_width(plane); ++x) {
            frame.row(plane, y)[x] = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 2 * 255);
          }
        }
      }
      INFO(width << " x " << height);
      for (const double quality : {100.0, 20.0}) {
        EncodeRequest request;
        request.quality = quality;
        const auto file = test::encode(*make_webp_encoder(request), frame);
        REQUIRE(file.ok());
        check_library_pixels(*file);
      }
    }
  }
}

TEST_CASE("WebP pixels of the corpus are the library's, to the bit", "[corpus]") {
  const auto files = test::corpus_files();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  int compared = 0;
  for (const auto& file : files) {
    if (file.format != "webp" || file.verdict != "accept") continue;
    const Bytes bytes = test::read_file(file.path);
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) continue;
    if (features.format != 1 || features.has_alpha != 0 || features.has_animation != 0) continue;  // lossy and still
    INFO(file.path);
    check_library_pixels(bytes);
    ++compared;
  }
  CHECK(compared > 20);
}
