// JPEG files in the tests: decoded by the core, decoded by the library alone, and a picture to encode.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "codec/decoder.hpp"
#include "codec/jpeg_library.hpp"

namespace photo_core {

struct Decoded {
  ErrorCode code = ErrorCode::internal;
  std::string detail;
  bool ok = false;
  bool gaps = false;
  ImageInfo info;
  Frame frame;
  std::size_t consumed = 0;
};

inline Decoded decode(ByteView bytes, DecodeRequest request = {}) {
  Decoded out;
  const auto refuse = [&out](const Error& error) {
    out.code = error.code;
    out.detail = error.detail;
    return out;
  };
  auto opened = open_jpeg(bytes);
  if (!opened.ok()) return refuse(opened.error());
  Decoder& decoder = **opened;
  out.info = decoder.info();
  if (std::uint64_t{out.info.width_px} * out.info.height_px > 120'000'000) {
    return refuse(fail(ErrorCode::too_many_pixels));
  }
  auto layout = decoder.start(request);
  if (!layout.ok()) return refuse(layout.error());
  out.frame.allocate(*layout);
  std::array<std::uint32_t, max_planes> rows{};
  for (;;) {
    auto band = decoder.next();
    if (!band.ok()) return refuse(band.error());
    bool any = false;
    for (int plane = 0; plane < layout->plane_count(); ++plane) {
      const PlaneRows& part = band->planes[static_cast<std::size_t>(plane)];
      auto& count = rows[static_cast<std::size_t>(plane)];
      if (part.row_count == 0) continue;
      any = true;
      out.gaps = out.gaps || part.first_row != count;
      for (std::uint32_t y = part.first_row; y < part.first_row + part.row_count; ++y) {
        std::memcpy(out.frame.row(plane, y), part.row(y), layout->plane_width(plane));
      }
      count += part.row_count;
    }
    if (!any) break;
  }
  for (int plane = 0; plane < layout->plane_count(); ++plane) {
    out.gaps = out.gaps || rows[static_cast<std::size_t>(plane)] != layout->plane_height(plane);
  }
  out.consumed = decoder.consumed_bytes();
  out.ok = true;
  return out;
}

// The same planes by the library alone: its coefficient controller, its entropy decoder, its C transforms. False for
// files whose stored planes are not what the layout says.
inline bool decode_by_library(ByteView bytes, unsigned scale, const PlaneLayout& layout, Frame& frame) {
  static JpegErrors errors;
  static JpegSource source;
  static jpeg_decompress_struct state;
  init_jpeg_errors(errors);
  init_jpeg_source(source, bytes);
  state = {};
  state.err = &errors.base;
  frame.allocate(layout);
  std::vector<std::vector<std::uint8_t>> samples(3);
  std::array<std::array<JSAMPROW, 32>, 3> rows{};
  bool raw = true;
  auto run = [&] {
    jpeg_create_decompress(&state);
    state.src = &source.base;
    jpeg_read_header(&state, TRUE);
    state.scale_num = scale;
    state.scale_denom = 8;
    state.raw_data_out = TRUE;
    state.dct_method = JDCT_ISLOW;
    state.out_color_space = state.jpeg_color_space;
    for (int i = 0; i < state.num_components; ++i) {
      const jpeg_component_info& component = state.comp_info[i];
      const auto h = layout.is_chroma(i) ? layout.h_subsampling : 1;
      const auto v = layout.is_chroma(i) ? layout.v_subsampling : 1;
      raw = raw && component.h_samp_factor * static_cast<int>(h) == state.max_h_samp_factor &&
            component.v_samp_factor * static_cast<int>(v) == state.max_v_samp_factor;
    }
    if (!raw) return;
    jpeg_start_decompress(&state);
    for (int i = 0; i < state.num_components; ++i) {
      jpeg_component_info& component = state.comp_info[i];
      component.DCT_scaled_size = static_cast<int>(scale);
      if (!jpeg_has_multiple_scans(&state)) component.MCU_sample_width = component.MCU_width * static_cast<int>(scale);
      const std::size_t stride = (component.width_in_blocks + 4) * scale;
      const auto height = static_cast<std::size_t>(component.v_samp_factor) * scale;
      samples[static_cast<std::size_t>(i)].assign(stride * height, 0);
      for (std::size_t y = 0; y < height; ++y)
        rows[static_cast<std::size_t>(i)][y] = samples[static_cast<std::size_t>(i)].data() + y * stride;
    }
    state.idct->start_pass(&state);
    for (std::uint32_t index = 0; state.output_scanline < state.output_height; ++index) {
      JSAMPARRAY planes[3] = {rows[0].data(), rows[1].data(), rows[2].data()};
      jpeg_read_raw_data(&state, planes, static_cast<JDIMENSION>(state.max_v_samp_factor) * scale);
      for (int i = 0; i < state.num_components; ++i) {
        const auto height = static_cast<std::uint32_t>(state.comp_info[i].v_samp_factor) * scale;
        for (std::uint32_t y = 0; y < height && index * height + y < layout.plane_height(i); ++y) {
          std::memcpy(frame.row(i, index * height + y), rows[static_cast<std::size_t>(i)][y], layout.plane_width(i));
        }
      }
    }
  };
  const bool done = jpeg_guarded(errors, run) && raw;
  jpeg_destroy_decompress(&state);
  return done;
}

// A file by the library alone, of the samples as they are: gray, or Y'CbCr in the frame's own sampling. `choose` is
// given the state with its defaults, to set quality, scans and the like.
template <typename Choose>
Bytes write_by_library(const Frame& frame, Choose choose) {
  static JpegErrors errors;
  static jpeg_compress_struct state;
  static std::array<std::array<std::vector<std::uint8_t>, 32>, 3> samples;
  static std::array<std::array<JSAMPROW, 32>, 3> rows;
  init_jpeg_errors(errors);
  state = {};
  state.err = &errors.base;
  unsigned char* out = nullptr;
  unsigned long size = 0;
  const PlaneLayout& layout = frame.layout;
  auto run = [&] {
    jpeg_create_compress(&state);
    jpeg_mem_dest(&state, &out, &size);
    state.image_width = layout.width_px;
    state.image_height = layout.height_px;
    state.input_components = layout.plane_count();
    state.in_color_space = layout.model == ColorModel::gray ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(&state);
    state.raw_data_in = TRUE;
    state.comp_info[0].h_samp_factor = static_cast<int>(layout.h_subsampling);
    state.comp_info[0].v_samp_factor = static_cast<int>(layout.v_subsampling);
    choose(state);
    jpeg_start_compress(&state, TRUE);
    while (state.next_scanline < state.image_height) {
      for (int i = 0; i < state.num_components; ++i) {
        const auto height = static_cast<std::uint32_t>(state.comp_info[i].v_samp_factor) * 8;
        const std::uint32_t width = (state.comp_info[i].width_in_blocks + 4) * 8;
        const std::uint32_t first =
            state.next_scanline / (static_cast<std::uint32_t>(state.max_v_samp_factor) * 8) * height;
        for (std::uint32_t y = 0; y < height; ++y) {
          auto& row = samples[static_cast<std::size_t>(i)][y];
          row.resize(width);
          const std::uint8_t* from = frame.row(i, std::min(first + y, layout.plane_height(i) - 1));
          for (std::uint32_t x = 0; x < width; ++x) row[x] = from[std::min(x, layout.plane_width(i) - 1)];
          rows[static_cast<std::size_t>(i)][y] = row.data();
        }
      }
      JSAMPARRAY planes[3] = {rows[0].data(), rows[1].data(), rows[2].data()};
      jpeg_write_raw_data(&state, planes, static_cast<JDIMENSION>(state.max_v_samp_factor) * 8);
    }
    jpeg_finish_compress(&state);
  };
  const bool done = jpeg_guarded(errors, run);
  jpeg_destroy_compress(&state);
  Bytes bytes(out, out + (done ? size : 0));
  std::free(out);
  return bytes;
}

// A smooth picture with an edge and some noise.
inline Frame make_picture(const PlaneLayout& layout) {
  std::mt19937 random(7);
  Frame frame;
  frame.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    for (std::uint32_t y = 0; y < layout.plane_height(plane); ++y) {
      for (std::uint32_t x = 0; x < layout.plane_width(plane); ++x) {
        const double wave = 100 * std::sin(0.05 * x + plane) * std::cos(0.04 * y) + (x > 2 * y ? 30 : -30);
        frame.row(plane, y)[x] =
            static_cast<std::uint8_t>(std::clamp(128.0 + wave + static_cast<int>(random() % 5), 0.0, 255.0));
      }
    }
  }
  return frame;
}

inline PlaneLayout layout_of(ColorModel model, std::uint32_t width, std::uint32_t height, std::uint32_t subsampling) {
  PlaneLayout layout;
  layout.model = model;
  layout.width_px = width;
  layout.height_px = height;
  layout.h_subsampling = layout.v_subsampling = subsampling;
  return layout;
}

}  // namespace photo_core
