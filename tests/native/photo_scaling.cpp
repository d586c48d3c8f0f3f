// How near a scaled photo comes to the best that can be made: a full decode and Lanczos3 in double precision.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <photo_core/prepare.hpp>

#include "codec_jpeg_files.hpp"
#include "image/orientation.hpp"
#include "metadata/metadata.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::testing;

namespace {

using Samples = std::vector<double>;

double lanczos3(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= 3) return 0;
  const double angle = std::numbers::pi * x;
  return 3 * std::sin(angle) * std::sin(angle / 3) / (angle * angle);
}

// One axis: `count` lines of `size` samples, `step` apart within a line and `line` apart between them, to `to` samples;
// of them those behind `begin`, `extent` of them (0: all).
Samples shrink_axis(const Samples& in, std::size_t size, std::size_t step, std::size_t count, std::size_t line,
                    std::size_t to, std::size_t to_step, std::size_t to_line, double begin = 0, double extent = 0) {
  Samples out(count * to);
  const double ratio = (extent > 0 ? extent : static_cast<double>(size)) / static_cast<double>(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double centre = begin + (static_cast<double>(i) + 0.5) * ratio;
    const auto first = static_cast<std::size_t>(std::max(0.0, centre - 3 * ratio));
    const std::size_t end = std::min(size, static_cast<std::size_t>(centre + 3 * ratio + 1));
    double sum = 0;
    Samples weights;
    for (std::size_t j = first; j < end; ++j)
      sum += weights.emplace_back(lanczos3((static_cast<double>(j) + 0.5 - centre) / ratio));
    for (std::size_t n = 0; n < count; ++n) {
      double value = 0;
      for (std::size_t j = first; j < end; ++j) value += weights[j - first] * in[n * line + j * step];
      out[n * to_line + i * to_step] = value / sum;
    }
  }
  return out;
}

Samples shrunk(const std::vector<std::uint8_t>& plane, std::size_t width, std::size_t height, std::size_t to_width,
               std::size_t to_height) {
  const Samples in(plane.begin(), plane.end());
  const Samples low = shrink_axis(in, height, width, width, 1, to_height, width, 1);
  return shrink_axis(low, width, 1, to_height, width, to_width, 1, to_width);
}

double decibels(double squares, std::size_t count) {
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(count) / squares);
}

struct Quality {
  double rgb_db;
  double luma_db;
};

// A photo against its source by the book; the reference is limited to what samples hold.
Quality judge(ByteView source, const PreparedPhoto& photo) {
  const Frame full = decode_rgb(source), got = decode_rgb(photo.photo.bytes);
  const PlaneLayout& layout = got.layout;
  std::array<Samples, 3> expected;
  for (int plane = 0; plane < 3; ++plane) {
    expected[plane] =
        shrunk(full.planes[plane], full.layout.width_px, full.layout.height_px, layout.width_px, layout.height_px);
  }
  double all = 0, luma = 0;
  const std::size_t count = expected[0].size();
  for (std::size_t i = 0; i < count; ++i) {
    std::array<double, 3> error{};
    for (int plane = 0; plane < 3; ++plane) {
      error[plane] = got.planes[plane][i] - std::clamp(expected[plane][i], 0.0, 255.0);
      all += error[plane] * error[plane];
    }
    const double one = 0.299 * error[0] + 0.587 * error[1] + 0.114 * error[2];
    luma += one * one;
  }
  return {decibels(all, count * 3), decibels(luma, count)};
}

// A landscape of grass and gravel: the finest detail that its size can hold.
Frame grained(std::uint32_t width, std::uint32_t height) {
  Frame frame = landscape(width, height);
  const Frame grain = noise(width, height);
  for (int plane = 0; plane < 3; ++plane) {
    for (std::size_t i = 0; i < frame.planes[plane].size(); ++i) {  // the same grain in every plane: light, not colour
      const int value = frame.planes[plane][i] + (grain.planes[0][i] - 128) / 3;
      frame.planes[plane][i] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
    }
  }
  return frame;
}

Frame decode_at(ByteView file, const DecodeRequest& request) {
  auto opened = open_jpeg(file);
  REQUIRE(opened.ok());
  auto layout = (*opened)->start(request);
  REQUIRE(layout.ok());
  FrameCollector frame(*layout);
  while (true) {
    auto band = (*opened)->next();
    REQUIRE(band.ok());
    if (band->planes[0].row_count == 0 && band->planes[1].row_count == 0) return std::move(frame.frame());
    REQUIRE(frame.push(*band).ok());
  }
}

}  // namespace

TEST_CASE("a scaled photo is the full decode's, filtered: as PNG to rounding, as JPEG in its luma") {
  for (const std::uint32_t width : {1000u, 701u}) {
    const Bytes source = encode(grained(width, 560), OutputFormat::jpeg, 89);  // 4:2:0
    // Shrunk by a little, by nearly 2, by exactly 2, by more than 2 and by nearly 3.
    for (const double shrink : {1.1, 1.594, 1.969, 2.0, 2.27, 2.93}) {
      PrepareOptions options;
      options.max_edge_px = static_cast<std::uint32_t>(width / shrink);
      options.keep_original = OriginalChoice::never;
      options.max_bytes = 100u << 20;
      INFO(width << " to " << options.max_edge_px);
      options.format = OutputFormat::png;
      auto png = prepare_photo(source, options);
      REQUIRE(png.ok());
      CHECK(judge(source, *png).rgb_db > 57);  // rounding alone leaves 59
      options.format = OutputFormat::jpeg;
      options.quality = 100;
      auto jpeg = prepare_photo(source, options);
      REQUIRE(jpeg.ok());
      CHECK(judge(source, *jpeg).luma_db > 51);  // 34 when the DCT alone makes the size
    }
  }
}

TEST_CASE("a cut picture is filtered over the cut's edge, and taken as it stands where it does not shrink") {
  const Frame picture = noise(57, 40);
  struct Box {
    std::uint32_t width, height;  // asked for
    double begin_x, begin_y;      // of the part that becomes it
    double extent_x, extent_y;
    std::uint32_t to_width, to_height;
  };
  // Less than a pixel cut off either end; much; nothing shrunk, with an odd rest; the same, as the box is too large.
  for (const Box& box :
       {Box{38, 27, 0.5 * (57 - 38 / 0.675), 0, 38 / 0.675, 40, 38, 27}, Box{20, 20, 8.5, 0, 40, 40, 20, 20},
        Box{40, 40, 9, 0, 40, 40, 40, 40}, Box{500, 240, 0, 7, 57, 27, 57, 27}}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const int inverse = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
      PrepareOptions options;
      options.fit = FitChoice::cover;
      options.cover_width_px = box.width;
      options.cover_height_px = box.height;
      options.format = OutputFormat::png;
      const auto photo = prepare_photo(
          encode(turn_upright(picture, inverse), OutputFormat::png, 100, write_orientation_exif(orientation)), options);
      REQUIRE(photo.ok());
      const Frame got = decode_rgb(photo->photo.bytes);
      REQUIRE(got.layout.width_px == box.to_width);
      REQUIRE(got.layout.height_px == box.to_height);
      double worst = 0;
      for (int plane = 0; plane < 3; ++plane) {
        const Samples in(picture.planes[plane].begin(), picture.planes[plane].end());
        const Samples low = shrink_axis(in, 40, 57, 57, 1, box.to_height, 57, 1, box.begin_y, box.extent_y);
        const Samples expected =
            shrink_axis(low, 57, 1, box.to_height, 57, box.to_width, 1, box.to_width, box.begin_x, box.extent_x);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          worst = std::max(worst, std::abs(got.planes[plane][i] - std::clamp(expected[i], 0.0, 255.0)));
        }
      }
      INFO(box.width << " x " << box.height << ", orientation " << orientation);
      CHECK(worst < 1);  // 20 and more when the last row is taken for a part of one, 100 between two pixels
    }
  }
}

TEST_CASE("thumbnails are averaged in the light that is asked for, however the photo comes about") {
  Frame checks;
  checks.allocate({ColorModel::rgb, false, 320, 240});
  for (std::uint32_t y = 0; y < 240; ++y) {
    for (int plane = 0; plane < 3; ++plane) {
      for (std::uint32_t x = 0; x < 320; ++x) checks.row(plane, y)[x] = (x + y) % 2 == 0 ? 255 : 0;
    }
  }
  for (const OutputFormat source : {OutputFormat::png, OutputFormat::jpeg}) {
    const Bytes file = encode(checks, source, 100);
    for (const bool passes : {true, false}) {
      for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::png, OutputFormat::webp}) {
        for (const LightChoice light : {LightChoice::encoded, LightChoice::linear}) {
          PrepareOptions options;
          options.light = light;
          options.format = passes ? OutputFormat::automatic : format;
          options.keep_original = passes ? OriginalChoice::automatic : OriginalChoice::never;
          options.thumbnails = {{80, format, 90}, {320, OutputFormat::png, 90}};
          const auto photo = prepare_photo(file, options);
          REQUIRE(photo.ok());
          CHECK(photo->passed_through == passes);
          const Color middle = at(decode_rgb(photo->thumbnails[0].bytes), 40, 30);
          INFO(static_cast<int>(source) << " as " << static_cast<int>(format) << ", passes " << passes << ": "
                                        << middle.g);
          CHECK(std::abs(middle.g - (light == LightChoice::linear ? 188 : 128)) < 5);
        }
      }
    }
  }
}

TEST_CASE("chroma as fine as the luma is the stored chroma at twice the scale") {
  for (const bool progressive : {false, true}) {
    for (const std::uint32_t width : {321u, 64u, 17u}) {
      OutputSpec spec;
      spec.format = OutputFormat::jpeg;
      spec.request.quality = 80;
      spec.request.progressive = progressive;
      const auto file = encode_frame(landscape(width, 203), spec, true);
      REQUIRE(file.ok());
      for (std::uint32_t scale = 1; scale <= 8; ++scale) {
        INFO(width << " wide, " << scale << "/8" << (progressive ? ", progressive" : ""));
        const Frame stored = decode_at(*file, {.scale_eighths = scale});
        const Frame full = decode_at(*file, {.scale_eighths = scale, .full_chroma = true});
        CHECK((full.planes[0] == stored.planes[0]));
        if (scale > 4) {  // there are no more coefficients than the luma's
          CHECK(full.layout.h_subsampling == 2);
          CHECK((full.planes[1] == stored.planes[1]));
          continue;
        }
        const Frame twice = decode_at(*file, {.scale_eighths = 2 * scale});
        REQUIRE(full.layout.h_subsampling == 1);
        REQUIRE(full.layout.v_subsampling == 1);
        CHECK((full.planes[1] == twice.planes[1]));
        CHECK((full.planes[2] == twice.planes[2]));
      }
    }
  }
}

namespace {

// Colours that differ most where the last column and the last row are.
Frame edged(std::uint32_t width, std::uint32_t height) {
  Frame frame;
  frame.allocate({ColorModel::rgb, false, width, height});
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      const bool right = x >= width - std::max(1u, width / 6), bottom = y >= height - std::max(1u, height / 6);
      frame.row(0, y)[x] = bottom ? 40 : right ? 30 : 190;
      frame.row(1, y)[x] = bottom ? 210 : right ? 70 : 50;
      frame.row(2, y)[x] = bottom ? 60 : right ? 220 : 50;
    }
  }
  return frame;
}

// The planes of a JPEG in this sampling, chroma averaged over what there is of the picture.
Frame subsampled(const Frame& rgb, std::uint32_t h, std::uint32_t v) {
  const std::uint32_t width = rgb.layout.width_px, height = rgb.layout.height_px;
  Frame full, out;
  full.allocate({ColorModel::ycc, false, width, height});
  for (std::uint32_t y = 0; y < height; ++y) {
    rgb_to_ycc_row(rgb.row(0, y), rgb.row(1, y), rgb.row(2, y), full.row(0, y), full.row(1, y), full.row(2, y), width);
  }
  out.allocate({ColorModel::ycc, false, width, height, h, v});
  out.planes[0] = full.planes[0];
  for (int plane = 1; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < out.layout.plane_height(plane); ++y) {
      for (std::uint32_t x = 0; x < out.layout.plane_width(plane); ++x) {
        std::uint32_t sum = 0;
        for (std::uint32_t i = 0; i < h * v; ++i) {
          sum += full.row(plane, std::min(y * v + i / h, height - 1))[std::min(x * h + i % h, width - 1)];
        }
        out.row(plane, y)[x] = static_cast<std::uint8_t>((sum + h * v / 2) / (h * v));
      }
    }
  }
  return out;
}

double mean_of(const std::vector<std::uint8_t>& plane) {
  double sum = 0;
  for (const std::uint8_t sample : plane) sum += sample;
  return sum / static_cast<double>(plane.size());
}

double mean_square(const Frame& a, const Frame& b) {
  double sum = 0;
  std::size_t count = 0;
  for (int plane = 0; plane < 3; ++plane) {
    for (std::size_t i = 0; i < a.planes[plane].size(); ++i, ++count) {
      const int error = a.planes[plane][i] - b.planes[plane][i];
      sum += error * error;
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace

TEST_CASE("a side of few pixels keeps its colours, whatever its last block holds") {
  struct Shape {
    std::uint32_t width, height, edge;
  };
  constexpr std::array<std::array<std::uint32_t, 2>, 5> samplings = {{{1, 1}, {2, 2}, {2, 1}, {1, 2}, {4, 1}}};
  for (const Shape& shape :
       {Shape{33, 2001, 60}, {2001, 33, 60}, {33, 1201, 36}, {7, 1001, 40}, {17, 17, 1}, {1, 300, 40}}) {
    const Frame picture = edged(shape.width, shape.height);
    for (const auto& [h, v] : samplings) {
      for (const bool progressive : {false, true}) {
        const Bytes source = write_by_library(subsampled(picture, h, v), [&](jpeg_compress_struct& state) {
          jpeg_set_quality(&state, 95, TRUE);
          if (progressive) jpeg_simple_progression(&state);
        });
        const Frame full = decode_rgb(source);
        for (const OutputFormat format : {OutputFormat::png, OutputFormat::jpeg, OutputFormat::webp}) {
          INFO(shape.width << " x " << shape.height << " to " << shape.edge << ", " << h << " x " << v
                           << ", progressive " << progressive << ", as " << static_cast<int>(format));
          PrepareOptions options;
          options.max_edge_px = shape.edge;
          options.format = format;
          options.quality = 89;  // subsampled
          const auto photo = prepare_photo(source, options);
          REQUIRE(photo.ok());
          const Frame got = decode_rgb(photo->photo.bytes);
          for (int plane = 0; plane < 3; ++plane) {
            const Samples expected =
                shrunk(full.planes[plane], shape.width, shape.height, got.layout.width_px, got.layout.height_px);
            double mean = 0;
            for (const double value : expected) mean += std::clamp(value, 0.0, 255.0);
            mean /= static_cast<double>(expected.size());
            CHECK(std::abs(mean_of(got.planes[plane]) - mean) < 3);  // 60 and more when a sample's share is not minded
          }
        }
      }
    }
  }
}

TEST_CASE("turning a picture of odd size moves no colours") {
  for (const std::uint32_t width : {101u, 64u}) {
    for (const std::uint32_t height : {75u, 48u}) {
      Frame picture;
      picture.allocate({ColorModel::rgb, false, width, height});
      for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x) {
          picture.row(0, y)[x] = static_cast<std::uint8_t>(128 + 100 * std::sin(x / 5.0 + y / 9.0));
          picture.row(1, y)[x] = static_cast<std::uint8_t>(128 + 100 * std::cos(y / 6.0));
          picture.row(2, y)[x] = static_cast<std::uint8_t>(128 + 100 * std::sin((x + 2.0 * y) / 13));
        }
      }
      for (const OutputFormat stored_as : {OutputFormat::jpeg, OutputFormat::png}) {
        for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::webp}) {
          double upright = 0;
          for (int orientation = 1; orientation <= 8; ++orientation) {
            const int inverse = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
            const Bytes source =
                encode(turn_upright(picture, inverse), stored_as, 100, write_orientation_exif(orientation));
            PrepareOptions options;
            options.format = format;
            options.quality = 88;  // subsampled
            options.thumbnails = {{200, OutputFormat::webp, 88}};
            options.keep_original = OriginalChoice::never;
            const auto photo = prepare_photo(source, options);
            REQUIRE(photo.ok());
            const double error = mean_square(decode_rgb(photo->photo.bytes), picture);
            const double thumbnail_error = mean_square(decode_rgb(photo->thumbnails[0].bytes), picture);
            if (orientation == 1) upright = error;
            INFO(width << " x " << height << ", orientation " << orientation << ", " << error << " and "
                       << thumbnail_error << " against " << upright);
            CHECK(error < upright * 1.15 + 0.5);  // 10 times as much with the chroma a column off
            CHECK(thumbnail_error < upright * 1.6 + 0.5);
          }
        }
      }
    }
  }
}
