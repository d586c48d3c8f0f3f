// JPEGs of several scans against the library: every kind of scan script, restarts, odd sizes, damage.
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "codec/decoder.hpp"
#include "codec/jpeg_library.hpp"
#include "codec_jpeg_files.hpp"
#include "metadata/jpeg_segments.hpp"

namespace {

using namespace photo_core;

struct Script {
  const char* name;
  std::vector<jpeg_scan_info> scans;  // none: the library's own progression
  bool is_complete = true;            // every low coefficient is sent to its last bit
};

// Scans of one component: first, last, high and low bit of each band.
std::vector<jpeg_scan_info> for_each_component(int components, std::vector<std::array<int, 4>> bands) {
  std::vector<jpeg_scan_info> scans;
  for (const auto& [first, last, high, low] : bands) {
    for (int i = 0; i < components; ++i) scans.push_back({1, {i, 0, 0, 0}, first, last, high, low});
  }
  return scans;
}

std::vector<Script> scripts(int components) {
  std::vector<Script> all;
  all.push_back({"the library's", {}});
  all.push_back({"bands only", for_each_component(components, {{0, 0, 0, 0}, {1, 5, 0, 0}, {6, 63, 0, 0}})});
  all.push_back({"many bits later", for_each_component(components, {{0, 0, 0, 3},
                                                                    {1, 63, 0, 4},
                                                                    {1, 63, 4, 3},
                                                                    {0, 0, 3, 2},
                                                                    {1, 63, 3, 2},
                                                                    {0, 0, 2, 1},
                                                                    {1, 63, 2, 1},
                                                                    {1, 63, 1, 0},
                                                                    {0, 0, 1, 0}})});
  all.push_back({"bands refined apart", for_each_component(components, {{0, 0, 0, 1},
                                                                        {1, 1, 0, 0},
                                                                        {2, 9, 0, 2},
                                                                        {10, 40, 0, 1},
                                                                        {41, 63, 0, 0},
                                                                        {2, 9, 2, 1},
                                                                        {10, 40, 1, 0},
                                                                        {0, 0, 1, 0},
                                                                        {2, 9, 1, 0}})});
  all.push_back({"one component after the other", for_each_component(components, {{0, 63, 0, 0}})});
  if (components == 3) {
    all.push_back({"brightness, then colour", {{1, {0}, 0, 63, 0, 0}, {2, {1, 2}, 0, 63, 0, 0}}});
    Script mixed{"first values of two together", for_each_component(3, {{1, 63, 0, 2}, {1, 63, 2, 1}, {1, 63, 1, 0}})};
    mixed.scans.insert(mixed.scans.begin(), {{2, {0, 2}, 0, 0, 0, 1}, {1, {1}, 0, 0, 0, 0}});
    mixed.scans.push_back({1, {0}, 0, 0, 1, 0});
    mixed.scans.push_back({1, {2}, 0, 0, 1, 0});
    all.push_back(mixed);
  }
  all.push_back({"the last bit left out", for_each_component(components, {{0, 0, 0, 0}, {1, 63, 0, 1}}), false});
  all.push_back({"first values alone", for_each_component(components, {{0, 0, 0, 0}}), false});
  return all;
}

struct Sampling {
  std::uint32_t h, v;
};

// A picture with a part of noise, a part of detail and a part of nothing at all, where bands end for many blocks.
Frame make_mixed_picture(ColorModel model, std::uint32_t width, std::uint32_t height, Sampling sampling) {
  PlaneLayout layout = layout_of(model, width, height, 1);
  layout.h_subsampling = sampling.h;
  layout.v_subsampling = sampling.v;
  Frame frame = make_picture(layout);
  std::mt19937 random(11);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t rows = layout.plane_height(plane);
    for (std::uint32_t y = 0; y < rows; ++y) {
      std::uint8_t* row = frame.row(plane, y);
      for (std::uint32_t x = 0; x < layout.plane_width(plane); ++x) {
        if (y < rows / 4) row[x] = static_cast<std::uint8_t>(random());
        if (y > rows * 2 / 3) row[x] = 77;
      }
    }
  }
  return frame;
}

Bytes encode_with(const Frame& frame, const Script& script, int quality, unsigned restart_interval) {
  return write_by_library(frame, [&](jpeg_compress_struct& state) {
    jpeg_set_quality(&state, quality, TRUE);
    state.restart_interval = restart_interval;
    if (script.scans.empty()) {
      jpeg_simple_progression(&state);
    } else {
      state.scan_info = script.scans.data();
      state.num_scans = static_cast<int>(script.scans.size());
    }
  });
}

// What the library alone makes of a file; nothing when it decodes.
std::optional<ErrorCode> refused_by_library(ByteView bytes, bool allow_truncated) {
  static JpegErrors errors;
  static JpegSource source;
  static jpeg_decompress_struct state;
  static std::array<std::vector<std::uint8_t>, 3> samples;
  static std::array<std::array<JSAMPROW, 32>, 3> rows;
  init_jpeg_errors(errors);
  init_jpeg_source(source, bytes);
  state = {};
  state.err = &errors.base;
  auto run = [&] {
    jpeg_create_decompress(&state);
    state.src = &source.base;
    jpeg_read_header(&state, TRUE);
    state.raw_data_out = TRUE;
    state.out_color_space = state.jpeg_color_space;
    jpeg_start_decompress(&state);
    for (std::size_t i = 0; i < 3; ++i) {
      samples[i].assign(4096, 0);
      for (auto& row : rows[i]) row = samples[i].data();
    }
    while (state.output_scanline < state.output_height) {
      JSAMPARRAY planes[3] = {rows[0].data(), rows[1].data(), rows[2].data()};
      jpeg_read_raw_data(&state, planes, static_cast<JDIMENSION>(state.max_v_samp_factor) * 8);
    }
    jpeg_finish_decompress(&state);
  };
  const bool done = jpeg_guarded(errors, run);
  std::optional<ErrorCode> code;
  if (errors.corrupt_warning != 0) {
    code = ErrorCode::corrupt_image;
  } else if (!done) {
    code = jpeg_error(state, errors, source.hit_end).code;
  } else if (!allow_truncated && (source.hit_end || errors.premature_end)) {
    code = ErrorCode::truncated_image;
  }
  jpeg_destroy_decompress(&state);
  return code;
}

void check_planes(ByteView file, unsigned scale, bool allow_truncated) {
  const Decoded decoded = decode(file, {.scale_eighths = scale, .allow_truncated = allow_truncated});
  INFO("at " << scale << "/8: " << decoded.detail);
  REQUIRE(decoded.ok);
  CHECK(!decoded.gaps);
  Frame expected;
  REQUIRE(decode_by_library(file, scale, decoded.frame.layout, expected));
  for (int plane = 0; plane < decoded.frame.layout.plane_count(); ++plane) {
    const auto index = static_cast<std::size_t>(plane);
    CHECK((expected.planes[index] == decoded.frame.planes[index]));
  }
}

}  // namespace

TEST_CASE("scans of every script give the library's planes, to the bit", "[jpeg][scans]") {
  for (const bool gray : {false, true}) {
    for (const Script& script : scripts(gray ? 1 : 3)) {
      if (gray && script.scans.size() == 1 && script.scans[0].Se == 63) continue;  // one scan: not of several
      for (const Sampling sampling : {Sampling{2, 2}, Sampling{1, 1}, Sampling{2, 1}, Sampling{1, 2}, Sampling{4, 1}}) {
        if (gray && sampling.h != 1) continue;
        const std::uint32_t width = 8 * sampling.h * 9 + 3;
        const Frame picture = make_mixed_picture(gray ? ColorModel::gray : ColorModel::ycc, width, 149, sampling);
        for (const unsigned restart_interval : {0u, 1u, 7u, 40u}) {
          const Bytes file = encode_with(picture, script, 84, restart_interval);
          INFO(script.name << (gray ? ", gray" : "") << ", sampling " << sampling.h << " x " << sampling.v
                           << ", restarts every " << restart_interval);
          REQUIRE(!file.empty());
          auto opened = open_jpeg(file);
          REQUIRE(opened.ok());
          CHECK((*opened)->info().needs_full_frame == !script.is_complete);
          for (const unsigned scale : {8u, 5u, 4u, 1u}) check_planes(file, scale, false);
        }
      }
    }
  }
}

TEST_CASE("coefficients of all sizes come through the scans", "[jpeg][scans]") {
  for (const int quality : {1, 30, 95, 100}) {
    const Frame picture = make_mixed_picture(ColorModel::ycc, 131, 90, {2, 2});
    for (const Script& script : scripts(3)) {
      const Bytes file = encode_with(picture, script, quality, 0);
      INFO(script.name << ", quality " << quality);
      for (const unsigned scale : {8u, 7u, 6u, 3u, 2u}) check_planes(file, scale, false);
    }
  }
}

TEST_CASE("several scans are decoded without the whole picture's coefficients", "[jpeg][scans]") {
  const Frame picture = make_mixed_picture(ColorModel::ycc, 1600, 1200, {2, 2});
  const Bytes file = encode_with(picture, scripts(3)[0], 80, 0);
  auto opened = open_jpeg(file);
  REQUIRE(opened.ok());
  CHECK((*opened)->info().is_progressive);
  CHECK((*opened)->info().decode_bytes < 1600 * 1200 / 2);
  // What is cut is estimated by the library, from all of them.
  auto cut = open_jpeg(ByteView(file).first(file.size() / 2));
  REQUIRE(cut.ok());
  CHECK((*cut)->info().needs_full_frame);
  CHECK((*cut)->info().decode_bytes > 1600 * 1200 * 3);
}

TEST_CASE("a file of several scans is truncated wherever it is cut, and has the scans before", "[jpeg][scans]") {
  const Frame picture = make_mixed_picture(ColorModel::ycc, 40, 33, {2, 2});
  for (const Script& script : scripts(3)) {
    const Bytes file = encode_with(picture, script, 80, 0);
    JpegWalker walker(file);
    JpegSegment first;
    do REQUIRE(walker.next(first));
    while (first.marker != jpeg_marker::sos);
    const std::size_t first_data = walker.position() - first.entropy_coded.size();
    for (std::size_t size = 0; size < file.size(); ++size) {
      INFO(script.name << ", cut to " << size << " of " << file.size());
      REQUIRE(decode(slice(file, 0, size)).code == ErrorCode::truncated_image);
      const Decoded lenient = decode(slice(file, 0, size), {.allow_truncated = true});
      REQUIRE(lenient.ok == (size >= first_data));
      if (!lenient.ok) REQUIRE(lenient.code == ErrorCode::truncated_image);
    }
  }
}

TEST_CASE("damaged scans get the library's verdict and planes", "[jpeg][scans]") {
  std::mt19937 random(5);
  int decoded_anyway = 0;
  int refused = 0;
  for (const Script& script : scripts(3)) {
    for (const unsigned restart_interval : {0u, 5u}) {
      const Frame picture = make_mixed_picture(ColorModel::ycc, 70, 61, {2, 2});
      const Bytes file = encode_with(picture, script, 60, restart_interval);
      for (int round = 0; round < 150; ++round) {
        Bytes damaged = file;
        const std::size_t at = random() % damaged.size();
        switch (round % 4) {
          case 0: damaged[at] = static_cast<std::uint8_t>(random()); break;
          case 1: damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1u << (random() % 8))); break;
          case 2: damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(at)); break;
          default:
            if (at + 1 < damaged.size())
              damaged[at] = 0xff, damaged[at + 1] = static_cast<std::uint8_t>(0xd0 + random() % 10);
        }
        for (const bool allow_truncated : {false, true}) {
          const Decoded decoded = decode(damaged, {.allow_truncated = allow_truncated});
          if (decoded.code == ErrorCode::too_many_pixels || decoded.info.is_cmyk || decoded.info.width_px > 4000)
            continue;
          if (decoded.detail.starts_with("Fractional sampling"))
            continue;  // refused only where planes are made to rows
          Frame expected;
          if (decoded.ok && !decode_by_library(damaged, 8, decoded.frame.layout, expected))
            continue;  // planes that are no layout's
          INFO(script.name << ", restarts " << restart_interval << ", round " << round << ": " << decoded.detail);
          const auto code = refused_by_library(damaged, allow_truncated);
          CHECK(decoded.ok == !code);
          if (code && !decoded.ok) CHECK(code_name(decoded.code) == code_name(*code));
          (decoded.ok ? decoded_anyway : refused)++;
          for (int plane = 0; decoded.ok && plane < decoded.frame.layout.plane_count(); ++plane) {
            const auto index = static_cast<std::size_t>(plane);
            CHECK((expected.planes[index] == decoded.frame.planes[index]));
          }
        }
      }
    }
  }
  CHECK(decoded_anyway > 300);
  CHECK(refused > 300);
}
