// A byte limit on pictures that were to be coarse already.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "photo/encode.hpp"
#include "photo/fit_bytes.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::testing;

TEST_CASE("at quality 1 no look is lost on coarser steps, which there are none of") {
  Frame picture = noise(100, 333);  // its lower third, and noise as alpha, which no quality changes
  for (int plane = 0; plane < 3; ++plane) std::fill_n(picture.row(plane, 0), 222 * 100, std::uint8_t{200});
  picture.planes[3].resize(picture.planes[0].size());
  picture.layout.has_alpha = true;
  for (std::uint32_t y = 0; y < 333; ++y) {
    for (std::uint32_t x = 0; x < 100; ++x)
      picture.row(3, y)[x] = static_cast<std::uint8_t>((x * 2654435761u ^ y * 40503u * 977) >> 13);
  }
  OutputSpec spec;
  spec.format = OutputFormat::webp;
  spec.request.quality = 1;
  const auto whole = encode_frame(picture, spec, false);
  REQUIRE(whole.ok());
  for (const double share : {0.995, 0.99, 0.98, 0.95, 0.9, 0.8}) {
    const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(whole->size()));
    const auto fitted = fit_into_bytes(picture, spec, false, limit, whole->size());
    REQUIRE(fitted.ok());
    INFO(share << " of " << whole->size() << ": " << fitted->width_px << " wide, " << fitted->bytes.size());
    CHECK(fitted->bytes.size() <= limit);
    CHECK(static_cast<double>(fitted->bytes.size()) >= 0.9 * static_cast<double>(limit));
  }
}
