// A byte limit on pictures whose bytes do not follow the usual curve: it is met, and nearly reached.
#include <catch2/catch_test_macros.hpp>

#include <photo_core/prepare.hpp>

#include "photo/encode.hpp"
#include "photo/fit_bytes.hpp"
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

TEST_CASE("a byte limit takes at most three encodes, whatever the picture, the limit and the format") {
  const Frame pictures[] = {landscape(900, 700), noise(640, 480), tiles(720, 480), landscape(50, 2000), noise(2000, 9)};
  for (const Frame& picture : pictures) {
    for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
      for (const double quality : {95.0, 20.0}) {
        OutputSpec spec;
        spec.format = format;
        spec.request.quality = quality;
        const auto whole = encode_frame(picture, spec, false);
        REQUIRE(whole.ok());
        for (const double share : {0.999, 0.5, 0.05}) {
          const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
          INFO("format " << int(format) << ", quality " << quality << ", " << picture.layout.width_px << " x "
                         << picture.layout.height_px << ", " << share << " of " << whole->size());
          const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
          if (!fitted) {
            CHECK(fitted.error().code == ErrorCode::output_too_large);
            CHECK(limit < 1500);  // hardly more than a header
            continue;
          }
          CHECK(fitted->encodes <= 3);
          CHECK(fitted->bytes.size() <= limit);
        }
      }
    }
  }
}

TEST_CASE("where a smaller size alone gives up too much, quality goes back up to the byte limit") {
  // Averaging takes most of what noise weighs: at the lowest quality half the limit would stay empty.
  OutputSpec spec;
  spec.format = OutputFormat::webp;
  const Frame picture = noise(900, 700);
  const auto whole = encode_frame(picture, spec, false);
  REQUIRE(whole.ok());
  for (const double share : {0.25, 0.15}) {
    const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
    const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
    REQUIRE(fitted.ok());
    CHECK(fitted->width_px < picture.layout.width_px);
    CHECK(static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit));
    CHECK(fitted->bytes.size() <= limit);
  }
}
