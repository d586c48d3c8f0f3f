// Our Adler-32 (core/dependencies/zlib_adler32.cpp) against the sums as RFC 1950 states them, byte by byte.
#include <catch2/catch_test_macros.hpp>

#include <zlib.h>

#include <cstdint>
#include <vector>

namespace {

std::uint32_t plain_adler32(std::uint32_t adler, const std::uint8_t* data, std::size_t size) {
  std::uint32_t bytes = adler & 0xffff, prefix = adler >> 16;
  for (std::size_t i = 0; i < size; ++i) {
    bytes = (bytes + data[i]) % 65521;
    prefix = (prefix + bytes) % 65521;
  }
  return prefix << 16 | bytes;
}

}  // namespace

TEST_CASE("Adler-32 is the plain sums, at every length and place", "[dependencies]") {
  std::vector<std::uint8_t> data(40'000);
  std::uint32_t state = 1;
  for (auto& byte : data) byte = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  for (std::size_t size = 0; size < 1200; ++size) {
    const std::uint8_t* const from = data.data() + size % 17;
    CAPTURE(size);
    REQUIRE(adler32_z(1, from, size) == plain_adler32(1, from, size));
  }
  for (const std::size_t size : {5375u, 5376u, 5377u, 5552u, 5632u, 11'008u, 39'999u}) {
    CAPTURE(size);
    CHECK(adler32(1, data.data(), static_cast<uInt>(size)) == plain_adler32(1, data.data(), size));
    CHECK(adler32_z(0x1234fff0, data.data(), size) == plain_adler32(0x1234fff0, data.data(), size));
  }
}

TEST_CASE("Adler-32 of the largest sums there are does not overflow", "[dependencies]") {
  const std::vector<std::uint8_t> data(1'000'000, 255);
  CHECK(adler32_z(0xfff0fff0, data.data(), data.size()) == plain_adler32(0xfff0fff0, data.data(), data.size()));
}

TEST_CASE("Adler-32 begins as zlib's", "[dependencies]") {
  CHECK(adler32(0, nullptr, 0) == 1);
  const std::uint8_t byte = 200;
  CHECK(adler32(0xfff0fff0, &byte, 1) == plain_adler32(0xfff0fff0, &byte, 1));
  CHECK(adler32(7, &byte, 0) == 7);
}
