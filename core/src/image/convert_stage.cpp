#include "image/convert_stage.hpp"

#include <algorithm>
#include <cstring>

namespace photo_core {
namespace {

constexpr std::uint32_t unit_rows = 2;
constexpr int fixed_bits = 16;
constexpr std::int32_t fixed(double value) { return static_cast<std::int32_t>(value * (1 << fixed_bits) + 0.5); }
constexpr std::int32_t half_fixed = 1 << (fixed_bits - 1);

std::uint8_t clamp_byte(std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void flatten_row(std::uint8_t* color, const std::uint8_t* alpha, std::int32_t background, std::uint32_t width) {
  for (std::uint32_t x = 0; x < width; ++x) {
    const std::int32_t sum = color[x] * alpha[x] + background * (255 - alpha[x]);
    color[x] = static_cast<std::uint8_t>((sum + 127) / 255);
  }
}

// Averages two by two samples; an odd last column stands for itself.
void halve_rows(const std::uint8_t* upper, const std::uint8_t* lower, std::uint32_t width, std::uint8_t* out) {
  const std::uint32_t pairs = width / 2;
  for (std::uint32_t x = 0; x < pairs; ++x) {
    out[x] = static_cast<std::uint8_t>((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) >> 2);
  }
  if (width % 2 != 0) out[pairs] = static_cast<std::uint8_t>((upper[width - 1] + lower[width - 1] + 1) >> 1);
}

}  // namespace

void ycc_to_rgb_row(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, std::uint8_t* r,
                    std::uint8_t* g, std::uint8_t* b, std::uint32_t width) {
  for (std::uint32_t x = 0; x < width; ++x) {
    const std::int32_t luma = (y[x] << fixed_bits) + half_fixed;
    const std::int32_t blue = cb[x] - 128, red = cr[x] - 128;
    r[x] = clamp_byte((luma + fixed(1.402) * red) >> fixed_bits);
    g[x] = clamp_byte((luma - fixed(0.344136) * blue - fixed(0.714136) * red) >> fixed_bits);
    b[x] = clamp_byte((luma + fixed(1.772) * blue) >> fixed_bits);
  }
}

void rgb_to_ycc_row(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, std::uint8_t* y,
                    std::uint8_t* cb, std::uint8_t* cr, std::uint32_t width) {
  constexpr std::int32_t centre = (128 << fixed_bits) + half_fixed - 1;   // so that pure blue and red stay below 256
  for (std::uint32_t x = 0; x < width; ++x) {
    const std::int32_t red = r[x], green = g[x], blue = b[x];
    y[x] = static_cast<std::uint8_t>((fixed(0.299) * red + fixed(0.587) * green + fixed(0.114) * blue + half_fixed) >>
                                     fixed_bits);
    cb[x] = static_cast<std::uint8_t>((centre - fixed(0.168736) * red - fixed(0.331264) * green + fixed(0.5) * blue) >>
                                      fixed_bits);
    cr[x] = static_cast<std::uint8_t>((centre + fixed(0.5) * red - fixed(0.418688) * green - fixed(0.081312) * blue) >>
                                      fixed_bits);
  }
}

bool needs_conversion(const ConvertMap& map) {
  return map.is_ink || map.transform != nullptr || map.source.model != map.target.model ||
         map.source.has_alpha != map.target.has_alpha || map.source.h_subsampling != map.target.h_subsampling ||
         map.source.v_subsampling != map.target.v_subsampling;
}

ConvertStage::ConvertStage(const ConvertMap& map, RowSink& next) : map_(map), next_(next) {
  for (auto& rows : full_) rows.resize(std::size_t{map_.target.width_px} * unit_rows);
  for (auto& row : half_) row.resize((map_.target.width_px + 1) / 2);
}

void ConvertStage::convert_row(const Band& band, std::uint32_t y, std::uint32_t index) {
  const std::uint32_t width = map_.target.width_px;
  std::array<std::uint8_t*, max_planes> out{};
  for (int plane = 0; plane < max_planes; ++plane) out[plane] = full_[plane].data() + std::size_t{index} * width;
  const auto in = [&](int plane) { return band.planes[plane].row(y); };

  bool gray = map_.source.model == ColorModel::gray;
  const int colors = color_plane_count(map_.source.model);
  if (map_.is_ink) {
    const std::array<const std::uint8_t*, max_planes> inks{in(0), in(1), in(2), in(3)};
    map_.transform->row(inks.data(), out.data(), width);
  } else {
    if (map_.source.model == ColorModel::ycc) {
      if (map_.target.model == ColorModel::ycc && map_.transform == nullptr) {
        for (int plane = 0; plane < 3; ++plane) std::memcpy(out[plane], in(plane), width);
        return;   // only the subsampling changes
      }
      ycc_to_rgb_row(in(0), in(1), in(2), out[0], out[1], out[2], width);
    } else {
      for (int plane = 0; plane < colors; ++plane) std::memcpy(out[plane], in(plane), width);
    }
    if (map_.transform) map_.transform->row(out.data(), out.data(), width);
    if (map_.source.has_alpha && map_.target.has_alpha) {
      std::memcpy(out[color_plane_count(map_.target.model)], in(colors), width);
    } else if (map_.source.has_alpha) {
      if (gray && map_.target.model != ColorModel::gray) {   // the background has a colour of its own
        std::memcpy(out[1], out[0], width);
        std::memcpy(out[2], out[0], width);
        gray = false;
      }
      const std::int32_t red = map_.background >> 16 & 0xff, green = map_.background >> 8 & 0xff,
                         blue = map_.background & 0xff;
      flatten_row(out[0], in(colors), gray ? (red * 299 + green * 587 + blue * 114 + 500) / 1000 : red, width);
      if (!gray) {
        flatten_row(out[1], in(colors), green, width);
        flatten_row(out[2], in(colors), blue, width);
      }
    }
  }

  if (map_.target.model == ColorModel::gray) return;
  if (gray) {
    const int first_copy = map_.target.model == ColorModel::rgb ? 1 : 3;
    for (int plane = first_copy; plane < 3; ++plane) std::memcpy(out[plane], out[0], width);
    if (map_.target.model == ColorModel::ycc) {
      std::memset(out[1], 128, width);
      std::memset(out[2], 128, width);
    }
  } else if (map_.target.model == ColorModel::ycc) {
    rgb_to_ycc_row(out[0], out[1], out[2], out[0], out[1], out[2], width);
  }
}

Status ConvertStage::push(const Band& band) {
  const PlaneRows& luma = band.planes[0];
  const std::uint32_t width = map_.target.width_px;
  const bool halve = map_.target.model == ColorModel::ycc && map_.target.v_subsampling == 2;
  for (std::uint32_t done = 0; done < luma.row_count; done += unit_rows) {
    const std::uint32_t rows = std::min(unit_rows, luma.row_count - done);
    const std::uint32_t y = luma.first_row + done;
    for (std::uint32_t i = 0; i < rows; ++i) convert_row(band, y + i, i);
    Band out;
    for (int plane = 0; plane < map_.target.plane_count(); ++plane) {
      out.planes[plane] = {full_[plane].data(), width, y, rows};
      if (halve && map_.target.is_chroma(plane)) {
        const std::uint8_t* upper = full_[plane].data();
        halve_rows(upper, rows == 2 ? upper + width : upper, width, half_[plane].data());
        out.planes[plane] = {half_[plane].data(), (width + 1) / 2, y / 2, 1};
      }
    }
    if (Status status = next_.push(out); !status) return status;
  }
  return {};
}

}  // namespace photo_core
