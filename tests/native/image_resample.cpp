#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>
#include <vector>

#include "image/resample.hpp"
#include "image/resize_stage.hpp"

using namespace photo_core;

namespace {

std::vector<std::uint8_t> resample(const std::vector<std::uint8_t>& in, std::uint32_t width, std::uint32_t height,
                                   std::uint32_t to_width, std::uint32_t to_height) {
  const AxisMap x{width, to_width, 0, static_cast<double>(width), static_cast<double>(to_width)};
  const AxisMap y{height, to_height, 0, static_cast<double>(height), static_cast<double>(to_height)};
  PlaneResampler<std::uint8_t> resampler(std::make_shared<PlaneKernels>(x, y));
  std::vector<std::uint8_t> out(std::size_t{to_width} * to_height);
  for (std::uint32_t row = 0; row < height; ++row) {
    resampler.push(in.data() + std::size_t{row} * width);
    while (resampler.can_emit()) resampler.emit(out.data() + std::size_t{resampler.emitted()} * to_width);
  }
  REQUIRE(resampler.done());
  return out;
}

// The same by the book: floating point, Lanczos3 (shrinking), cut and raised at the edges.
std::vector<double> reference_axis(const std::vector<double>& in, std::uint32_t to) {
  const double ratio = static_cast<double>(in.size()) / to, stretch = std::max(1.0, ratio);
  const auto filter = [](double x) {
    if (x == 0) return 1.0;
    if (std::abs(x) >= 3) return 0.0;
    const double angle = std::numbers::pi * x;
    return 3 * std::sin(angle) * std::sin(angle / 3) / (angle * angle);
  };
  std::vector<double> out(to);
  for (std::uint32_t i = 0; i < to; ++i) {
    double sum = 0, weights = 0;
    for (std::size_t j = 0; j < in.size(); ++j) {
      const double weight = filter((static_cast<double>(j) + 0.5 - (i + 0.5) * ratio) / stretch);
      sum += weight * in[j];
      weights += weight;
    }
    out[i] = sum / weights;
  }
  return out;
}

}  // namespace

TEST_CASE("a flat plane stays flat at every size") {
  for (const std::uint32_t size : {1u, 2u, 3u, 7u, 16u, 63u, 100u}) {
    for (const std::uint32_t to : {1u, 2u, 5u, 16u, 64u}) {
      for (const int level : {0, 1, 127, 254, 255}) {
        const std::vector<std::uint8_t> in(std::size_t{size} * size, static_cast<std::uint8_t>(level));
        for (const std::uint8_t sample : resample(in, size, size, to, to)) CHECK(int{sample} == level);
      }
    }
  }
}

TEST_CASE("shrinking follows Lanczos3 to one level") {
  constexpr std::uint32_t width = 240, height = 5;
  for (const std::uint32_t to : {239u, 205u, 120u, 77u, 31u, 8u, 1u}) {
    std::vector<std::uint8_t> in(width * height);
    std::vector<double> row(width);
    std::uint32_t state = 7;
    for (std::uint32_t x = 0; x < width; ++x) {
      state = state * 1664525 + 1013904223;
      row[x] = 40 + (state >> 24) * 0.6;
      row[x] = std::floor(row[x]);
      for (std::uint32_t y = 0; y < height; ++y) in[y * width + x] = static_cast<std::uint8_t>(row[x]);
    }
    const std::vector<double> expected = reference_axis(row, to);
    const auto got = resample(in, width, height, to, height);
    for (std::uint32_t x = 0; x < to; ++x) {
      CHECK(std::abs(got[2 * to + x] - std::clamp(expected[x], 0.0, 255.0)) <= 1.0);
    }
  }
}

TEST_CASE("nothing shifts: the middle of a symmetric picture stays its middle") {
  for (const std::uint32_t size : {64u, 65u, 100u, 333u}) {
    std::vector<std::uint8_t> in(size * size);
    for (std::uint32_t y = 0; y < size; ++y) {
      for (std::uint32_t x = 0; x < size; ++x) {
        const double dx = x - (size - 1) / 2.0, dy = y - (size - 1) / 2.0;
        in[y * size + x] = static_cast<std::uint8_t>(255 * std::exp(-(dx * dx + dy * dy) / (size * size / 16.0)));
      }
    }
    for (const std::uint32_t to : {15u, 16u, 63u}) {
      const auto out = resample(in, size, size, to, to);
      for (std::uint32_t y = 0; y < to; ++y) {
        for (std::uint32_t x = 0; x < to; ++x) {
          CHECK(std::abs(out[y * to + x] - out[y * to + (to - 1 - x)]) <= 1);
          CHECK(std::abs(out[y * to + x] - out[(to - 1 - y) * to + x]) <= 1);
        }
      }
    }
  }
}

TEST_CASE("vertical and horizontal passes agree: a transposed picture gives the transposed result") {
  constexpr std::uint32_t width = 83, height = 61, to_width = 40, to_height = 17;
  std::vector<std::uint8_t> in(width * height), turned(width * height);
  std::uint32_t state = 1;
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      state = state * 1664525 + 1013904223;
      in[y * width + x] = turned[x * height + y] = static_cast<std::uint8_t>(state >> 24);
    }
  }
  const auto out = resample(in, width, height, to_width, to_height);
  const auto out_turned = resample(turned, height, width, to_height, to_width);
  for (std::uint32_t y = 0; y < to_height; ++y) {
    for (std::uint32_t x = 0; x < to_width; ++x) {
      CHECK(std::abs(out[y * to_width + x] - out_turned[x * to_height + y]) <= 1);
    }
  }
}

TEST_CASE("weights of every target sample add up to one, and windows stay inside") {
  for (const double extent : {100.0, 99.375, 37.5}) {
    for (const double target_extent : {0.5, 1.0, 2.25, 3.0, 50.0, 98.5, 99.0, 100.0, 201.0}) {
      const auto to = static_cast<std::uint32_t>(std::ceil(target_extent));
      const AxisKernel kernel = make_kernel({100, to, 0, extent, target_extent}, 8);
      CHECK(kernel.taps % 8 == 0);
      for (std::uint32_t i = 0; i < to; ++i) {
        int sum = 0;
        for (std::uint32_t tap = 0; tap < kernel.taps; ++tap) sum += kernel.of(i)[tap];
        CHECK(sum == 16384);
        CHECK(kernel.first[i] <= kernel.last[i]);
        CHECK(kernel.last[i] < 100);
      }
    }
  }
}

TEST_CASE("colours of transparent pixels do not bleed") {
  // Opaque white beside transparent black: every visible pixel must stay white.
  const PlaneLayout source{ColorModel::rgb, true, 64, 64}, target{ColorModel::rgb, true, 20, 20};
  Frame in;
  in.allocate(source);
  for (std::uint32_t y = 0; y < 64; ++y) {
    for (std::uint32_t x = 0; x < 64; ++x) {
      for (int plane = 0; plane < 4; ++plane) in.row(plane, y)[x] = (x / 5 + y / 7) % 2 ? 255 : 0;
    }
  }
  for (const ResizeSpace space : {ResizeSpace::encoded, ResizeSpace::linear}) {
    FrameCollector out(target);
    ResizeStage stage({source, target, 0, 0, 64, 64, space, true}, out);
    REQUIRE(stage.push(in.band()).ok());
    for (std::size_t i = 0; i < out.frame().planes[0].size(); ++i) {
      if (out.frame().planes[3][i] < 8) continue;
      for (int plane = 0; plane < 3; ++plane) CHECK(int{out.frame().planes[plane][i]} >= 250);
    }
  }
}

TEST_CASE("colour is weighed by alpha wherever the first row begins that is not opaque") {
  constexpr std::uint32_t width = 60, height = 90, to_width = 25, to_height = 37;
  const PlaneLayout source{ColorModel::rgb, true, width, height}, target{ColorModel::rgb, true, to_width, to_height};
  for (const std::uint32_t opaque_rows : {0u, 1u, 41u, 89u, 90u}) {
    Frame in;
    in.allocate(source);
    std::uint32_t state = 3;
    for (int plane = 0; plane < 4; ++plane) {
      for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x) {
          state = state * 1664525 + 1013904223;
          const auto sample = static_cast<std::uint8_t>(60 + (state >> 24) % 130);  // nothing to cut off
          in.row(plane, y)[x] = plane == 3 && y < opaque_rows ? 255 : sample;
        }
      }
    }
    FrameCollector out(target);
    ResizeStage stage({source, target, 0, 0, width, height}, out);
    for (std::uint32_t y = 0; y < height; ++y) {  // in bands of one row, as some decoders give them
      Band band;
      for (int plane = 0; plane < 4; ++plane) band.planes[plane] = {in.row(plane, y), width, y, 1};
      REQUIRE(stage.push(band).ok());
    }
    REQUIRE(stage.done());

    // Colour times alpha (and alpha alone), filtered in floating point along columns, then rows.
    const auto filtered = [&](int plane) {
      std::vector<std::vector<double>> columns(width);
      for (std::uint32_t x = 0; x < width; ++x) {
        std::vector<double> column(height);
        for (std::uint32_t y = 0; y < height; ++y) {
          column[y] = in.row(3, y)[x] / 255.0 * (plane == 3 ? 255 : in.row(plane, y)[x]);
        }
        columns[x] = reference_axis(column, to_height);
      }
      std::vector<double> picture;
      for (std::uint32_t y = 0; y < to_height; ++y) {
        std::vector<double> row(width);
        for (std::uint32_t x = 0; x < width; ++x) row[x] = columns[x][y];
        for (const double sample : reference_axis(row, to_width)) picture.push_back(sample);
      }
      return picture;
    };
    const std::vector<double> alpha = filtered(3);
    for (int plane = 0; plane < 4; ++plane) {
      const std::vector<double> expected = filtered(plane);
      double worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double exact = plane == 3 ? expected[i] : expected[i] * 255 / alpha[i];
        worst = std::max(worst, std::abs(std::clamp(exact, 0.0, 255.0) - out.frame().planes[plane][i]));
      }
      INFO(opaque_rows << " opaque rows, plane " << plane);
      CHECK(worst < 1.1);
    }
  }
}

TEST_CASE("a colour stays what it is under dithered alpha, where a filter overshoots most") {
  constexpr std::uint32_t size = 200;
  const PlaneLayout source{ColorModel::gray, true, size, size};
  Frame in;
  in.allocate(source);
  for (std::uint32_t y = 0; y < size; ++y) {
    for (std::uint32_t x = 0; x < size; ++x) {
      in.row(0, y)[x] = 200;
      in.row(1, y)[x] = (x / 2 + y / 2) % 2 ? 255 : 0;
    }
  }
  for (const std::uint32_t to : {189u, 154u, 100u}) {
    const PlaneLayout target{ColorModel::gray, true, to, to};
    FrameCollector out(target);
    ResizeStage stage({source, target, 0, 0, size, size}, out);
    REQUIRE(stage.push(in.band()).ok());
    int worst = 0;
    for (std::size_t i = 0; i < out.frame().planes[0].size(); ++i) {
      if (out.frame().planes[1][i] >= 128) worst = std::max(worst, std::abs(out.frame().planes[0][i] - 200));
    }
    INFO(size << " to " << to);
    CHECK(worst <= 1);
  }
}

TEST_CASE("planes that are not alpha do not weigh the others, in linear light neither") {
  const PlaneLayout source{ColorModel::rgb, true, 20, 20}, target{ColorModel::rgb, true, 9, 9};
  Frame in;
  in.allocate(source);
  constexpr std::array<int, 4> ink{200, 100, 50, 0};
  for (std::size_t plane = 0; plane < 4; ++plane)
    std::fill(in.planes[plane].begin(), in.planes[plane].end(), static_cast<std::uint8_t>(ink[plane]));
  for (const ResizeSpace space : {ResizeSpace::encoded, ResizeSpace::linear}) {
    FrameCollector out(target);
    ResizeStage stage({source, target, 0, 0, 20, 20, space, false}, out);
    REQUIRE(stage.push(in.band()).ok());
    for (std::size_t plane = 0; plane < 4; ++plane) {
      for (const std::uint8_t sample : out.frame().planes[plane]) CHECK(std::abs(sample - ink[plane]) <= 1);
    }
  }
}

TEST_CASE("linear light keeps the light of a fine pattern, encoded light keeps its numbers") {
  const PlaneLayout source{ColorModel::rgb, false, 64, 64}, target{ColorModel::rgb, false, 8, 8};
  Frame in;
  in.allocate(source);
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < 64; ++y) {
      for (std::uint32_t x = 0; x < 64; ++x) in.row(plane, y)[x] = (x + y) % 2 ? 255 : 0;
    }
  }
  const auto middle = [&](ResizeSpace space) {
    FrameCollector out(target);
    ResizeStage stage({source, target, 0, 0, 64, 64, space, true}, out);
    REQUIRE(stage.push(in.band()).ok());
    return int{out.frame().row(0, 4)[4]};
  };
  CHECK(std::abs(middle(ResizeSpace::linear) - 188) <= 1);
  CHECK(std::abs(middle(ResizeSpace::encoded) - 128) <= 1);
}

TEST_CASE("planes that lag behind each other come out in step") {
  // 4:2:0 with bands in which chroma is far behind luma.
  const PlaneLayout source{ColorModel::ycc, false, 101, 77, 2, 2};
  PlaneLayout target = source;
  target.width_px = 50;
  target.height_px = 39;
  Frame in;
  in.allocate(source);
  for (int plane = 0; plane < 3; ++plane)
    std::fill(in.planes[plane].begin(), in.planes[plane].end(), static_cast<std::uint8_t>(60 * (plane + 1)));
  FrameCollector out(target);
  ResizeStage stage({source, target, 0, 0, 101, 77}, out);
  Band luma = in.band(), chroma = in.band();
  luma.planes[1].row_count = luma.planes[2].row_count = 0;
  chroma.planes[0].row_count = 0;
  REQUIRE(stage.push(luma).ok());
  CHECK_FALSE(stage.done());
  REQUIRE(stage.push(chroma).ok());
  CHECK(stage.done());
  for (int plane = 0; plane < 3; ++plane) {
    for (const std::uint8_t sample : out.frame().planes[plane]) CHECK(int{sample} == 60 * (plane + 1));
  }
}
