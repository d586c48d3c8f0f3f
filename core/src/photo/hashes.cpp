#include "photo/hashes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "image/resize_stage.hpp"

namespace photo_core {
namespace {

struct Channel {
  double dc = 0;
  double scale = 0;
  std::vector<double> ac;
};

std::vector<double> cosines(std::uint32_t size, std::uint32_t count) {
  std::vector<double> out(std::size_t{size} * count);
  for (std::uint32_t frequency = 0; frequency < count; ++frequency) {
    for (std::uint32_t i = 0; i < size; ++i) {
      out[std::size_t{frequency} * size + i] = std::cos(std::numbers::pi / size * frequency * (i + 0.5));
    }
  }
  return out;
}

// The low frequencies of a channel's cosine transform, a triangle of nx by ny. Summed in the reference's order and
// precision: where a frequency is absent, what is left is rounding, and a rounded half falls as it does there.
Channel encode_channel(const std::vector<double>& samples, std::uint32_t width, std::uint32_t height, std::uint32_t nx,
                       std::uint32_t ny) {
  Channel out;
  const std::vector<double> across = cosines(width, nx), down = cosines(height, ny);
  for (std::uint32_t cy = 0; cy < ny; ++cy) {
    for (std::uint32_t cx = 0; cx * ny < nx * (ny - cy); ++cx) {
      const double* const fx = across.data() + std::size_t{cx} * width;
      double sum = 0;
      for (std::uint32_t y = 0; y < height; ++y) {
        const double* const row = samples.data() + std::size_t{y} * width;
        const double fy = down[std::size_t{cy} * height + y];
        for (std::uint32_t x = 0; x < width; ++x) sum += row[x] * fx[x] * fy;
      }
      sum /= static_cast<double>(width) * height;
      if (cx == 0 && cy == 0) {
        out.dc = sum;
      } else {
        out.ac.push_back(sum);
        out.scale = std::max(out.scale, std::abs(sum));
      }
    }
  }
  if (out.scale > 0) {
    for (double& value : out.ac) value = 0.5 + 0.5 / out.scale * value;
  }
  return out;
}

std::uint32_t rounded(double value) { return static_cast<std::uint32_t>(std::max(0L, std::lround(value))); }

}  // namespace

std::vector<std::uint8_t> thumbhash(const Frame& rgb) {
  const std::uint32_t width = rgb.layout.width_px, height = rgb.layout.height_px;
  const std::size_t count = std::size_t{width} * height;
  const bool with_alpha = rgb.layout.has_alpha;
  const auto alpha_at = [&](std::size_t i) { return with_alpha ? static_cast<double>(rgb.planes[3][i]) / 255 : 1.0; };

  std::array<double, 3> average{};
  double alpha_sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double alpha = alpha_at(i);
    for (int plane = 0; plane < 3; ++plane) average[plane] += alpha / 255 * rgb.planes[plane][i];
    alpha_sum += alpha;
  }
  if (alpha_sum > 0) {
    for (double& value : average) value /= alpha_sum;
  }
  const bool has_alpha = with_alpha && alpha_sum < static_cast<double>(count);
  const std::uint32_t longest = std::max(width, height);
  const double limit = has_alpha ? 5 : 7;  // fewer luminance frequencies where alpha takes their bits
  const std::uint32_t lx = std::max(1u, rounded(limit * width / longest));
  const std::uint32_t ly = std::max(1u, rounded(limit * height / longest));

  std::vector<double> luminance(count), yellow_blue(count), red_green(count), opacity(has_alpha ? count : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const double alpha = alpha_at(i);
    std::array<double, 3> color;
    for (int plane = 0; plane < 3; ++plane) {
      color[plane] = average[plane] * (1 - alpha) + alpha / 255 * rgb.planes[plane][i];
    }
    luminance[i] = (color[0] + color[1] + color[2]) / 3;
    yellow_blue[i] = (color[0] + color[1]) / 2 - color[2];
    red_green[i] = color[0] - color[1];
    if (has_alpha) opacity[i] = alpha;
  }
  const Channel l = encode_channel(luminance, width, height, std::max(3u, lx), std::max(3u, ly));
  const Channel p = encode_channel(yellow_blue, width, height, 3, 3);
  const Channel q = encode_channel(red_green, width, height, 3, 3);
  const Channel a = has_alpha ? encode_channel(opacity, width, height, 5, 5) : Channel{};

  const bool landscape = width > height;
  const std::uint32_t header24 = rounded(63 * l.dc) | rounded(31.5 + 31.5 * p.dc) << 6 |
                                 rounded(31.5 + 31.5 * q.dc) << 12 | rounded(31 * l.scale) << 18 |
                                 (has_alpha ? 1u << 23 : 0);
  const std::uint32_t header16 =
      (landscape ? ly : lx) | rounded(63 * p.scale) << 3 | rounded(63 * q.scale) << 9 | (landscape ? 1u << 15 : 0);
  std::vector<std::uint8_t> hash = {static_cast<std::uint8_t>(header24), static_cast<std::uint8_t>(header24 >> 8),
                                    static_cast<std::uint8_t>(header24 >> 16), static_cast<std::uint8_t>(header16),
                                    static_cast<std::uint8_t>(header16 >> 8)};
  if (has_alpha) hash.push_back(static_cast<std::uint8_t>(rounded(15 * a.dc) | rounded(15 * a.scale) << 4));
  bool high_half = false;
  for (const Channel* channel : {&l, &p, &q, &a}) {
    for (const double value : channel->ac) {
      const auto nibble = static_cast<std::uint8_t>(std::min(15u, rounded(15 * value)));
      if (high_half) {
        hash.back() = static_cast<std::uint8_t>(hash.back() | nibble << 4);
      } else {
        hash.push_back(nibble);
      }
      high_half = !high_half;
    }
  }
  return hash;
}

std::uint64_t difference_hash(const Frame& rgb) {
  constexpr std::uint32_t columns = 9, rows = 8;
  Frame gray;
  gray.allocate({ColorModel::gray, false, rgb.layout.width_px, rgb.layout.height_px});
  for (std::size_t i = 0; i < gray.planes[0].size(); ++i) {
    const std::uint32_t luma =
        (rgb.planes[0][i] * 299u + rgb.planes[1][i] * 587u + rgb.planes[2][i] * 114u + 500) / 1000;
    const std::uint32_t alpha = rgb.layout.has_alpha ? rgb.planes[3][i] : 255;  // over white
    gray.planes[0][i] = static_cast<std::uint8_t>((luma * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  const PlaneLayout target{ColorModel::gray, false, columns, rows};
  FrameCollector small(target);
  ResizeStage stage(
      {gray.layout, target, 0, 0, static_cast<double>(rgb.layout.width_px), static_cast<double>(rgb.layout.height_px)},
      small);
  if (!stage.push(gray.band())) return 0;
  std::uint64_t hash = 0;
  for (std::uint32_t y = 0; y < rows; ++y) {
    const std::uint8_t* row = small.frame().row(0, y);
    for (std::uint32_t x = 0; x + 1 < columns; ++x) hash = hash << 1 | (row[x] < row[x + 1] ? 1 : 0);
  }
  return hash;
}

}  // namespace photo_core
