#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <vector>

#include "codec/png_filter.hpp"

using namespace photo_core;

TEST_CASE("rows come back from every filter, whatever the size of a pixel") {
  std::uint32_t state = 11;
  const auto next = [&] { return state = state * 1664525 + 1013904223; };
  for (const std::size_t pixel_bytes : {1u, 2u, 3u, 4u, 6u, 8u}) {
    for (const std::size_t pixels : {1u, 2u, 3u, 17u, 5000u}) {
      const std::size_t size = pixels * pixel_bytes;
      // Few levels: many ties between the neighbours of a Paeth sample.
      for (const std::uint32_t levels : {3u, 256u}) {
        std::vector<std::uint8_t> above(size + 16), row(size + 16), filtered(size + 16);
        for (std::size_t i = 0; i < size; ++i) {
          above[i] = static_cast<std::uint8_t>((next() >> 24) % levels * (255 / (levels - 1)));
          row[i] = static_cast<std::uint8_t>((next() >> 24) % levels * (255 / (levels - 1)));
        }
        for (const PngFilter filter :
             {PngFilter::none, PngFilter::sub, PngFilter::up, PngFilter::average, PngFilter::paeth}) {
          png_filter(filter, row.data(), above.data(), size, pixel_bytes, filtered.data());
          INFO("filter " << int(filter) << ", " << pixels << " pixels of " << pixel_bytes << ", " << levels
                         << " levels");
          REQUIRE(png_unfilter(static_cast<std::uint8_t>(filter), filtered.data(), above.data(), size, pixel_bytes));
          CHECK(std::vector(filtered.begin(), filtered.begin() + static_cast<std::ptrdiff_t>(size)) ==
                std::vector(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(size)));
        }
      }
    }
  }
}
