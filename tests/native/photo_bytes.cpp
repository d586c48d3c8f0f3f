// A byte limit on pictures whose bytes do not follow the usual curve: it is met, and nearly reached.
#include <catch2/catch_test_macros.hpp>

#include <photo_core/prepare.hpp>

#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::testing;

namespace {

// Blocks of few colours: a palette as long as its size stays, many times the bytes when it does not.
Frame tiles(std::uint32_t width, std::uint32_t height) {
  const Frame colours = noise(16, 16);
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        const std::uint32_t tile = (x / 12 * 31 + y / 12 * 17 + (x / 12) * (y / 12) * 7) % 256;
        frame.row(plane, y)[x] = colours.planes[plane][tile];
      }
    }
  }
  return frame;
}

void check_lands(const Frame& picture, OutputFormat format, double share) {
  const Bytes source = encode(picture, OutputFormat::png);
  PrepareOptions options;
  options.format = format;
  options.keep_original = OriginalChoice::never;
  options.thumbnails.clear();
  const auto whole = prepare_photo(source, options);
  REQUIRE(whole.ok());
  options.max_bytes = static_cast<std::uint64_t>(share * static_cast<double>(whole->photo.bytes.size()));
  const auto fitted = prepare_photo(source, options);
  REQUIRE(fitted.ok());
  INFO("format " << static_cast<int>(format) << ", " << share << " of " << whole->photo.bytes.size() << ", "
                 << fitted->photo.width_px << " wide");
  CHECK(fitted->photo.bytes.size() <= options.max_bytes);
  CHECK(static_cast<double>(fitted->photo.bytes.size()) >= 0.9 * static_cast<double>(options.max_bytes));
}

}  // namespace

TEST_CASE("a byte limit is nearly reached by pictures that are no photos") {
  for (const double share : {0.9, 0.3}) {
    check_lands(tiles(720, 480), OutputFormat::png, share);
    check_lands(tiles(720, 480), OutputFormat::jpeg, share);
    for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
      check_lands(noise(320, 250), format, share);
      check_lands(landscape(450, 350), format, share);
    }
  }
}
