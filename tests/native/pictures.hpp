// Pictures and files that tests make themselves.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.hpp"
#include "codec/decoder.hpp"
#include "codec/encoder.hpp"
#include "image/convert_stage.hpp"
#include "image/planes.hpp"
#include "image/resize_stage.hpp"
#include "photo/encode.hpp"

namespace photo_core::testing {

// A smooth picture whose four corners differ: red left top, green right top, blue left bottom, white right bottom.
inline Frame corners(std::uint32_t width, std::uint32_t height, bool alpha = false) {
  Frame frame;
  frame.allocate({ColorModel::rgb, alpha, width, height});
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      const bool right = x >= width / 2, bottom = y >= height / 2;
      frame.row(0, y)[x] = !right && bottom ? 20 : right && !bottom ? 20 : 230;
      frame.row(1, y)[x] = right ? 230 : 20;
      frame.row(2, y)[x] = bottom ? 230 : 20;
      if (alpha) frame.row(3, y)[x] = x < width / 4 ? 0 : 255;
    }
  }
  return frame;
}

// Detail everywhere, the same every time: what does not compress.
inline Frame noise(std::uint32_t width, std::uint32_t height) {
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  std::uint32_t state = 12345;
  for (auto& plane : {0, 1, 2}) {
    for (auto& sample : frame.planes[plane]) {
      state = state * 1664525 + 1013904223;
      sample = static_cast<std::uint8_t>(state >> 24);
    }
  }
  return frame;
}

inline Bytes encode(const Frame& frame, OutputFormat format, double quality = 90, ByteView exif = {},
                    ByteView icc = {}) {
  OutputSpec spec;
  spec.format = format;
  spec.request.quality = quality;
  spec.request.exif = [&](const PlaneLayout&) { return Bytes(exif.begin(), exif.end()); };
  spec.request.icc_profile = icc;
  auto bytes = encode_frame(frame, spec, false);
  return bytes ? std::move(bytes).value() : Bytes{};
}

// Detail at every scale, less of it the finer it is, as photos have.
inline Frame landscape(std::uint32_t width, std::uint32_t height) {
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  const auto lattice = [](std::uint32_t x, std::uint32_t y, std::uint32_t seed) {
    std::uint32_t hash = x * 374761393u + y * 668265263u + seed * 2246822519u;
    hash = (hash ^ (hash >> 13)) * 1274126177u;
    return static_cast<double>((hash ^ (hash >> 16)) & 0xffff) / 65535 - 0.5;
  };
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        double value = 128;
        for (std::uint32_t octave = 0; octave < 8; ++octave) {
          const double period = 256.0 / (1u << octave), fx = x / period, fy = y / period;
          const auto ix = static_cast<std::uint32_t>(fx), iy = static_cast<std::uint32_t>(fy);
          const double dx = fx - ix, dy = fy - iy;
          const std::uint32_t seed = octave * 3 + static_cast<std::uint32_t>(plane) * (octave < 4 ? 1 : 0);
          const double top = lattice(ix, iy, seed) * (1 - dx) + lattice(ix + 1, iy, seed) * dx;
          const double low = lattice(ix, iy + 1, seed) * (1 - dx) + lattice(ix + 1, iy + 1, seed) * dx;
          value += (top * (1 - dy) + low * dy) * 0.9 * period;
        }
        frame.row(plane, y)[x] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  return frame;
}

// Decodes a whole file at full size, as its own colour model; an empty frame when it fails.
inline Frame decode(ByteView file) {
  auto opened = file.size() > 2 && file[0] == 0xff ? open_jpeg(file)
                : has_at(file, 0, "RIFF")          ? open_webp(file)
                                                   : open_png(file);
  if (!opened) return {};
  auto layout = (*opened)->start({});
  if (!layout) return {};
  FrameCollector frame(*layout);
  while (true) {
    auto band = (*opened)->next();
    if (!band) return {};
    if (band->planes[0].row_count == 0 && band->planes[1].row_count == 0) return std::move(frame.frame());
    if (!frame.push(*band)) return {};
  }
}

// Decodes to rgb (+ alpha) whatever the file holds.
inline Frame decode_rgb(ByteView file) {
  const Frame frame = decode(file);
  PlaneLayout full = frame.layout;
  full.h_subsampling = full.v_subsampling = 1;
  PlaneLayout rgb{ColorModel::rgb, full.has_alpha, full.width_px, full.height_px};
  FrameCollector out(rgb);
  ConvertStage convert({full, rgb}, out);
  RowSink& next = needs_conversion({full, rgb}) ? static_cast<RowSink&>(convert) : out;
  ResizeStage upsample(
      {frame.layout, full, 0, 0, static_cast<double>(full.width_px), static_cast<double>(full.height_px)}, next);
  if (full.width_px == 0 || !upsample.push(frame.band())) return {};
  return std::move(out.frame());
}

struct Color {
  int r = 0, g = 0, b = 0;
};
inline Color at(const Frame& rgb, std::uint32_t x, std::uint32_t y) {
  return {rgb.row(0, y)[x], rgb.row(1, y)[x], rgb.row(2, y)[x]};
}
inline bool near(const Color& a, const Color& b, int tolerance = 12) {
  return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance && std::abs(a.b - b.b) <= tolerance;
}

}  // namespace photo_core::testing
