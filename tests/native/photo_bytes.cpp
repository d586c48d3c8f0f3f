// A byte limit on pictures whose bytes do not follow the usual curve: it is met, and nearly reached.
#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

#include <photo_core/prepare.hpp>

#include "photo/byte_search.hpp"
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

// Large square pixels of few colours, mixed by patterns: at another size each gets an edge of many colours.
Frame pixel_art(std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t pixel = 6;
  const Frame small = landscape(width / pixel + 1, height / pixel + 1);
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        const int sample = small.row(plane, y / pixel)[x / pixel];
        const int pattern = (x / pixel + y / pixel) % 2 != 0 ? 32 : 0;
        frame.row(plane, y)[x] = static_cast<std::uint8_t>(std::min(255, (sample + pattern) / 64 * 85));
      }
    }
  }
  return frame;
}

// Drawn line by line, of two colours: what has no noise.
template <class IsDark>
Frame drawn(std::uint32_t width, std::uint32_t height, IsDark is_dark) {
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      frame.row(0, y)[x] = is_dark(x, y) ? 20 : 250;
      frame.row(1, y)[x] = is_dark(x, y) ? 40 : 250;
      frame.row(2, y)[x] = is_dark(x, y) ? 90 : 240;
    }
  }
  return frame;
}
Frame checks(std::uint32_t width, std::uint32_t height) {
  return drawn(width, height, [](std::uint32_t x, std::uint32_t y) { return (x / 8 + y / 8) % 2 == 0; });
}
Frame stripes(std::uint32_t width, std::uint32_t height) {
  return drawn(width, height, [](std::uint32_t x, std::uint32_t y) { return (x + 2 * y) / 7 % 3 == 0; });
}
Frame writing(std::uint32_t width, std::uint32_t height) {
  return drawn(width, height, [](std::uint32_t x, std::uint32_t y) {
    const std::uint32_t letter = (x / 8 * 7 + y / 16 * 11 + x / 8 * (y / 16)) % 23;
    return x % 8 != 0 && y % 16 > 3 && (letter >> (x + y / 2) % 4 & 1) != 0;
  });
}
Frame nearly_blank(std::uint32_t width, std::uint32_t height) {
  return drawn(width, height, [](std::uint32_t x, std::uint32_t y) { return x / 9 == 30 && y / 6 == 40; });
}
// Saved as JPEG before: its bytes fall by steps where a quantiser comes to what that left.
Frame saved_before(std::uint32_t width, std::uint32_t height) {
  return decode(encode(landscape(width, height), OutputFormat::jpeg, 80));
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

TEST_CASE("the search's logarithm is the standard library's") {
  for (double x = 1e-9; x < 1e12; x *= 1.037) {
    INFO("of " << x);
    CHECK(std::abs(natural_log(x) - std::log(x)) <= 4e-16 * std::max(1.0, std::abs(std::log(x))));
  }
  CHECK(natural_log(1) == 0);
}

TEST_CASE("what a byte limit makes smaller is averaged in the light that was asked for") {
  Frame grain = noise(640, 480);  // black and white: the half of the light is far above the half of the samples
  for (auto& plane : grain.planes) {
    for (std::uint8_t& sample : plane) sample = sample < 128 ? 0 : 255;
  }
  for (int plane = 1; plane < 3; ++plane) grain.planes[plane] = grain.planes[0];
  const Bytes source = encode(grain, OutputFormat::png);
  const auto mean = [&](LightChoice light, OutputFormat format) {
    PrepareOptions options;
    options.light = light;
    options.format = format;
    options.max_bytes = 6'000;
    const auto made = prepare_photo(source, options);
    REQUIRE(made.ok());
    CHECK(made->photo.width_px < 320);
    const Frame small = decode(made->photo.bytes);
    double sum = 0;
    for (const std::uint8_t sample : small.planes[0]) sum += sample;
    return sum / static_cast<double>(small.planes[0].size());
  };
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
    CHECK(std::abs(mean(LightChoice::encoded, format) - 128) < 12);
    CHECK(std::abs(mean(LightChoice::linear, format) - 188) < 12);
  }
}

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

TEST_CASE("what a JPEG would weigh is counted without writing it") {
  for (const Frame& picture : {landscape(640, 480), noise(333, 217), writing(400, 300)}) {
    for (const double quality : {96.0, 82.0, 40.0}) {
      OutputSpec spec;
      spec.request.quality = quality;
      const auto file = encode_resized(picture, 300, 200, spec, false);
      const auto estimate = estimate_resized(picture, 300, 200, spec, false);
      REQUIRE(file.ok());
      REQUIRE(estimate.ok());
      INFO("quality " << quality << ", " << picture.layout.width_px << " wide");
      CHECK(std::abs(static_cast<double>(*estimate) / static_cast<double>(file->size()) - 1) < 0.005);
    }
  }
}

TEST_CASE("what a progressive JPEG, a WebP or a PNG would weigh is estimated about right") {
  for (const Frame& picture : {landscape(640, 480), pixel_art(640, 480)}) {
    OutputSpec png;
    png.format = OutputFormat::png;
    const auto file = encode_resized(picture, 400, 300, png, false);
    const auto estimate = estimate_resized(picture, 400, 300, png, false);
    REQUIRE(file.ok());
    REQUIRE(estimate.ok());
    INFO("PNG: " << *estimate << " of " << file->size());
    CHECK(std::abs(static_cast<double>(*estimate) / static_cast<double>(file->size()) - 1) < 0.1);
  }
  const Frame picture = landscape(640, 480);
  for (const double quality : {90.0, 75.0}) {
    OutputSpec progressive;
    progressive.request.quality = quality;
    progressive.request.progressive = true;
    OutputSpec webp;
    webp.format = OutputFormat::webp;
    webp.request.quality = quality;
    webp.request.is_limited = true;
    for (const OutputSpec& spec : {progressive, webp}) {
      const auto file = encode_resized(picture, 400, 300, spec, false);
      const auto estimate = estimate_resized(picture, 400, 300, spec, false);
      REQUIRE(file.ok());
      REQUIRE(estimate.ok());
      INFO("format " << int(spec.format) << ", quality " << quality << ": " << *estimate << " of " << file->size());
      CHECK(std::abs(static_cast<double>(*estimate) / static_cast<double>(file->size()) - 1) < 0.1);
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

TEST_CASE("what fits under a byte limit once it is encoded with care stays as it was asked for") {
  // The first encode of a small WebP is a quick one, which has much more of noise, and a little more of what is none.
  struct Case {
    Frame picture;
    double share;
  };
  for (const Case& one : {Case{noise(320, 240), 0.8}, Case{stripes(100, 104), 0.999}, Case{noise(250, 33), 0.99}}) {
    OutputSpec spec;
    spec.format = OutputFormat::webp;
    const auto whole = encode_frame(one.picture, spec, false);
    REQUIRE(whole.ok());
    const auto limit = static_cast<std::uint64_t>(one.share * static_cast<double>(whole->size()));
    spec.request.is_limited = true;
    const auto careful = encode_frame(one.picture, spec, false);
    REQUIRE(careful.ok());
    REQUIRE(careful->size() <= limit);
    spec.request.is_limited = false;
    const auto fitted = fit_into_bytes(one.picture, spec, false, limit, whole->size());
    REQUIRE(fitted.ok());
    INFO(one.picture.layout.width_px << " wide, " << one.share << ": " << fitted->bytes.size() << " of " << limit);
    CHECK(fitted->encodes <= 3);
    CHECK(fitted->bytes == *careful);
  }
}

TEST_CASE("a byte limit is met and nearly reached by drawings and by what was saved before, at every quality") {
  struct Kind {
    const char* name;
    Frame picture;
  };
  const Kind kinds[] = {{"checks", checks(640, 480)},
                        {"stripes", stripes(640, 480)},
                        {"writing", writing(640, 480)},
                        {"nearly blank", nearly_blank(700, 500)},
                        {"saved before", saved_before(640, 480)}};
  int lands = 0, fits = 0;
  for (const Kind& kind : kinds) {
    for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp}) {
      for (const double quality : {95.0, 82.0, 60.0}) {
        OutputSpec spec;
        spec.format = format;
        spec.request.quality = quality;
        const auto whole = encode_frame(kind.picture, spec, false);
        REQUIRE(whole.ok());
        for (const double share : {0.96, 0.8, 0.5, 0.25}) {
          const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
          if (limit < 1000) continue;
          INFO(kind.name << ", format " << int(format) << ", quality " << quality << ", " << share << " of "
                         << whole->size());
          const auto fitted = fit_into_bytes(kind.picture, spec, false, limit, whole->size());
          REQUIRE(fitted.ok());
          CHECK(fitted->bytes.size() <= limit);
          CHECK(fitted->encodes <= 3);
          ++fits;
          lands += static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit);
        }
      }
    }
  }
  CAPTURE(lands, fits);
  CHECK(lands >= fits - 1);
}

TEST_CASE("a byte limit is nearly reached in three encodes by pixel art, whose bytes jump with its size") {
  for (const auto& [width, height] : {std::pair{1152u, 864u}, {480u, 360u}}) {
    const Frame picture = pixel_art(width, height);
    for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
      for (const bool progressive : {false, true}) {
        if (progressive && format != OutputFormat::jpeg) continue;
        OutputSpec spec;
        spec.format = format;
        spec.request.progressive = progressive;
        const auto whole = encode_frame(picture, spec, false);
        REQUIRE(whole.ok());
        OutputSpec careful = spec;  // a small WebP is encoded quickly at first
        careful.request.is_limited = true;
        const std::size_t as_asked = encode_frame(picture, careful, false).value().size();
        for (const double share : {0.9, 0.75, 0.6, 0.5, 0.4, 0.3, 0.2, 0.12, 0.06}) {
          const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
          if (limit < 1500 || as_asked <= limit) continue;
          const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
          REQUIRE(fitted.ok());
          INFO("format " << int(format) << (progressive ? " progressive, " : ", ") << width << " wide, " << share
                         << " of " << whole->size() << ": " << fitted->bytes.size() << " in " << fitted->encodes);
          CHECK(fitted->encodes <= 3);
          CHECK(static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit));
          CHECK(fitted->bytes.size() <= limit);
        }
      }
    }
  }
}

TEST_CASE("a byte limit of a large picture is nearly reached in at most three encodes") {
  const Frame picture = landscape(1500, 1100);
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
    for (const double quality : {95.0, 90.0, 70.0}) {  // below 90 chroma is halved at once
      if (format == OutputFormat::png && quality != 70) continue;
      OutputSpec spec;
      spec.format = format;
      spec.request.quality = quality;
      const auto whole = encode_frame(picture, spec, false);
      REQUIRE(whole.ok());
      for (const double share : {0.9, 0.8, 0.7, 0.6, 0.3, 0.05}) {
        // WebP's finest steps are 15 percent apart in this picture.
        if (format == OutputFormat::webp && (quality > 90 || (quality == 90 && share == 0.8))) continue;
        const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
        INFO("format " << int(format) << ", quality " << quality << ", " << share << " of " << whole->size());
        const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
        REQUIRE(fitted.ok());
        CHECK(fitted->encodes <= 3);
        CHECK(static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit));
        CHECK(fitted->bytes.size() <= limit);
      }
    }
  }
}

TEST_CASE("a byte limit that a profile nearly fills leaves the picture what is left") {
  Bytes profile(20'000);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : profile) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  const Frame picture = landscape(400, 300);
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp, OutputFormat::png}) {
    OutputSpec spec;
    spec.format = format;
    spec.request.quality = 90;
    spec.request.icc_profile = profile;
    const auto whole = encode_frame(picture, spec, false);
    REQUIRE(whole.ok());
    const std::uint64_t limit = 21'500;  // of which 95 percent are hardly the profile
    const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
    REQUIRE(fitted.ok());
    INFO("format " << int(format) << ": " << fitted->bytes.size() << ", " << fitted->width_px << " wide");
    CHECK(fitted->encodes <= 3);
    CHECK(fitted->bytes.size() <= limit);
    CHECK(fitted->bytes.size() >= 21'100);
  }
}

TEST_CASE("a large drawing is fitted in three encodes where what a first file lacks of its estimate misleads") {
  // Writing as WebP has a tenth less than its estimate at its own size, and not where it is scaled.
  const Frame picture = writing(1601, 1200);
  OutputSpec spec;
  spec.format = OutputFormat::webp;
  spec.request.quality = 93;
  const auto whole = encode_frame(picture, spec, false);
  REQUIRE(whole.ok());
  const auto limit = static_cast<std::uint64_t>(0.45 * static_cast<double>(whole->size()));
  const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
  REQUIRE(fitted.ok());
  CHECK(fitted->encodes <= 3);
  CHECK(fitted->bytes.size() <= limit);
  CHECK(static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit));
}
