// The vectors of the kernels against their scalar twins: the same bits, at every width and with every value.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "codec/png_filter.hpp"
#include "codec/webp_upsample.hpp"
#include "image/convert_stage.hpp"
#include "image/resample_kernels.hpp"

namespace photo_core_scalar {

bool png_unfilter(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t size,
                  std::size_t pixel_bytes);
struct WebpChromaRows {
  const std::uint8_t* near;
  const std::uint8_t* far;
};
void webp_upsample_chroma(const WebpChromaRows& rows, std::uint32_t width, std::uint8_t* out);
void webp_convert_row(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v, std::uint32_t width,
                      std::uint8_t* red, std::uint8_t* green, std::uint8_t* blue);
void ycc_to_rgb_row(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, std::uint8_t* r,
                    std::uint8_t* g, std::uint8_t* b, std::uint32_t width);
void rgb_to_ycc_row(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, std::uint8_t* y,
                    std::uint8_t* cb, std::uint8_t* cr, std::uint32_t width);
namespace resample {
void vertical(const std::uint8_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out);
void vertical(const std::int16_t* const* rows, const std::int16_t* weights, std::uint32_t taps, std::uint32_t width,
              std::int16_t* out);
void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::uint8_t* out);
void horizontal(const std::int16_t* in, const std::uint32_t* first, const std::int16_t* weights, std::uint32_t taps,
                std::uint32_t count, std::int16_t* out);
}  // namespace resample

}  // namespace photo_core_scalar

namespace {

class Random {
 public:
  std::uint32_t operator()() { return (state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 33; }

  template <typename Sample>
  std::vector<Sample> row(std::size_t size) {
    std::vector<Sample> out(size);
    // Extremes as often as all the rest.
    for (Sample& sample : out) {
      const std::uint32_t kind = (*this)() % 4;
      sample = kind == 0   ? std::numeric_limits<Sample>::max()
               : kind == 1 ? Sample{0}
                           : static_cast<Sample>((*this)() & std::numeric_limits<Sample>::max());
    }
    return out;
  }

 private:
  std::uint64_t state_ = 9;
};

using Row = std::vector<std::uint8_t>;
constexpr std::array<std::uint32_t, 9> widths{1, 2, 7, 8, 9, 16, 31, 64, 1000};
constexpr std::size_t slack = 32;

// Weights as a kernel has them: a few below zero, 16384 in all.
std::vector<std::int16_t> weights(std::uint32_t taps) {
  std::vector<std::int16_t> out(taps);
  int left = 16384;
  for (std::uint32_t tap = 0; tap + 1 < taps; ++tap) {
    out[tap] = static_cast<std::int16_t>(tap % 3 == 0 ? -1200 : 18000 / static_cast<int>(taps));
    left -= out[tap];
  }
  out[taps - 1] = static_cast<std::int16_t>(left);
  return out;
}

template <typename Sample>
void check_resampling(Random& random) {
  for (const std::uint32_t width : widths) {
    for (const std::uint32_t taps : {2u, 6u, 8u, 24u}) {
      std::vector<std::vector<Sample>> held;
      std::vector<const Sample*> rows;
      for (std::uint32_t tap = 0; tap < taps; ++tap) held.push_back(random.row<Sample>(width + slack));
      for (const auto& row : held) rows.push_back(row.data());
      const std::vector<std::int16_t> weight = weights(taps);
      std::vector<std::int16_t> vectors(width + slack), scalars(width + slack);
      photo_core::resample::vertical(rows.data(), weight.data(), taps, width, vectors.data());
      photo_core_scalar::resample::vertical(rows.data(), weight.data(), taps, width, scalars.data());
      INFO(width << " wide, " << taps << " taps");
      CHECK(std::equal(vectors.begin(), vectors.begin() + width, scalars.begin()));

      if (taps % 8 != 0) continue;
      const auto middle = random.row<std::int16_t>(width + taps + slack);
      std::vector<std::uint32_t> first(width);
      std::vector<std::int16_t> all;
      for (std::uint32_t x = 0; x < width; ++x) {
        first[x] = x;
        all.insert(all.end(), weight.begin(), weight.end());
      }
      std::vector<Sample> out(width + slack), twin(width + slack);
      photo_core::resample::horizontal(middle.data(), first.data(), all.data(), taps, width, out.data());
      photo_core_scalar::resample::horizontal(middle.data(), first.data(), all.data(), taps, width, twin.data());
      CHECK(std::equal(out.begin(), out.begin() + width, twin.begin()));
    }
  }
}

using Convert = void (*)(const std::uint8_t*, const std::uint8_t*, const std::uint8_t*, std::uint8_t*, std::uint8_t*,
                         std::uint8_t*, std::uint32_t);

void check_conversion(Random& random, Convert vectors, Convert scalars) {
  for (const std::uint32_t width : widths) {
    const Row a = random.row<std::uint8_t>(width + slack), b = random.row<std::uint8_t>(width + slack),
              c = random.row<std::uint8_t>(width + slack);
    std::array<Row, 3> out, twin;
    for (auto* rows : {&out, &twin}) rows->fill(Row(width + slack));
    vectors(a.data(), b.data(), c.data(), out[0].data(), out[1].data(), out[2].data(), width);
    scalars(a.data(), b.data(), c.data(), twin[0].data(), twin[1].data(), twin[2].data(), width);
    INFO(width << " wide");
    for (std::size_t plane = 0; plane < 3; ++plane) {
      CHECK(std::equal(out[plane].begin(), out[plane].begin() + width, twin[plane].begin()));
    }
  }
}

}  // namespace

TEST_CASE("resampling gives the same with and without vectors") {
  Random random;
  check_resampling<std::uint8_t>(random);
  check_resampling<std::int16_t>(random);
}

TEST_CASE("colours are converted the same with and without vectors") {
  Random random;
  check_conversion(random, photo_core::ycc_to_rgb_row, photo_core_scalar::ycc_to_rgb_row);
  check_conversion(random, photo_core::rgb_to_ycc_row, photo_core_scalar::rgb_to_ycc_row);
  using Samples = const std::uint8_t*;
  using Out = std::uint8_t*;
  check_conversion(
      random,
      [](Samples y, Samples u, Samples v, Out r, Out g, Out b, std::uint32_t width) {
        photo_core::webp_convert_row(y, u, v, width, r, g, b);
      },
      [](Samples y, Samples u, Samples v, Out r, Out g, Out b, std::uint32_t width) {
        photo_core_scalar::webp_convert_row(y, u, v, width, r, g, b);
      });
}

TEST_CASE("WebP chroma is interpolated the same with and without vectors") {
  Random random;
  for (const std::uint32_t width : widths) {
    const Row near = random.row<std::uint8_t>(width / 2 + slack), far = random.row<std::uint8_t>(width / 2 + slack);
    Row out(width + slack), twin(width + slack);
    photo_core::webp_upsample_chroma({near.data(), far.data()}, width, out.data());
    photo_core_scalar::webp_upsample_chroma({near.data(), far.data()}, width, twin.data());
    INFO(width << " wide");
    CHECK(std::equal(out.begin(), out.begin() + width, twin.begin()));
  }
}

TEST_CASE("PNG filters are undone the same with and without vectors") {
  Random random;
  for (const std::size_t pixel_bytes : {3u, 4u, 6u, 8u}) {
    for (const std::uint32_t width : widths) {
      const std::size_t size = width * pixel_bytes;
      const Row above = random.row<std::uint8_t>(size + slack), filtered = random.row<std::uint8_t>(size + slack);
      for (std::uint8_t filter = 0; filter < 5; ++filter) {
        Row row = filtered, twin = filtered;
        REQUIRE(photo_core::png_unfilter(filter, row.data(), above.data(), size, pixel_bytes));
        REQUIRE(photo_core_scalar::png_unfilter(filter, twin.data(), above.data(), size, pixel_bytes));
        INFO("filter " << int{filter} << ", " << width << " pixels of " << pixel_bytes << " bytes");
        CHECK(row == twin);
      }
    }
  }
}
