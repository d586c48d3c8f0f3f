#include "image/resize_stage.hpp"

#include <algorithm>

#include "image/wide_rows.hpp"

namespace photo_core {
namespace {

constexpr std::uint32_t unit_rows = 2;
constexpr std::uint32_t chunk_rows = 16;  // rows taken before target rows are made, so that rings stay small

// One axis of a plane.
struct PlaneAxis {
  std::uint32_t size;
  double subsampling;
  double extent;  // of it that is picture
  double begin;   // of the picture, from the plane's edge
};

[[gnu::noinline]] PlaneAxis plane_axis(const PlaneLayout& layout, int plane, bool is_x) {
  const bool chroma = layout.is_chroma(plane);
  PlaneAxis axis;
  axis.size = is_x ? layout.plane_width(plane) : layout.plane_height(plane);
  axis.subsampling = chroma ? (is_x ? layout.h_subsampling : layout.v_subsampling) : 1;
  axis.extent = (is_x ? layout.width_px : layout.height_px) / axis.subsampling;
  axis.begin = (is_x ? layout.pairs_from_right : layout.pairs_from_bottom) ? axis.size - axis.extent : 0;
  return axis;
}

[[gnu::noinline]] AxisMap axis_of(const ResizeMap& map, int plane, bool is_x) {
  const PlaneAxis source = plane_axis(map.source, plane, is_x), target = plane_axis(map.target, plane, is_x);
  AxisMap axis;
  axis.source_size = source.size;
  axis.target_size = target.size;
  axis.begin = source.begin + (is_x ? map.begin_x : map.begin_y) / source.subsampling;
  axis.extent = (is_x ? map.extent_x : map.extent_y) / source.subsampling;
  axis.behind = (is_x ? map.behind_x : map.behind_y) / source.subsampling;
  axis.target_extent = target.extent;
  axis.target_begin = target.begin;
  axis.source_begin = source.begin;
  return axis;
}

}  // namespace

std::uint64_t ResizeStage::memory_bytes(const ResizeMap& map) {
  const bool wide = map.space == ResizeSpace::linear || (map.target.has_alpha && map.premultiply);
  std::uint64_t total = 0;
  for (int plane = 0; plane < map.target.plane_count(); ++plane) {
    const AxisMap x = axis_of(map, plane, true), y = axis_of(map, plane, false);
    total += wide ? PlaneResampler<std::int16_t>::memory_bytes(x, y) : PlaneResampler<std::uint8_t>::memory_bytes(x, y);
  }
  return total;
}

ResizeStage::ResizeStage(const ResizeMap& map, RowSink& next)
    : map_(map),
      next_(next),
      weighs_(map.target.has_alpha && map.premultiply),
      wide_(map.space == ResizeSpace::linear) {
  const int planes = map_.target.plane_count();
  for (int plane = 0; plane < planes; ++plane) {
    kernels_[plane] = plane > 0 && map_.target.is_chroma(plane) == map_.target.is_chroma(plane - 1)
                          ? kernels_[plane - 1]
                          : std::make_shared<PlaneKernels>(axis_of(map_, plane, true), axis_of(map_, plane, false));
    unit_[plane].assign(std::size_t{map_.target.plane_width(plane)} * unit_rows, 255);
    if (wide_) wide_planes_[plane] = std::make_unique<PlaneResampler<std::int16_t>>(kernels_[plane]);
    else if (!weighs_ || plane < planes - 1)  // alpha is 255 until it was seen to be less
      narrow_planes_[plane] = std::make_unique<PlaneResampler<std::uint8_t>>(kernels_[plane]);
    if (wide_ || weighs_) wide_rows_[plane].resize(map_.target.width_px);
  }
}

bool ResizeStage::wants_wide(const Band& band, std::uint32_t y) const {
  return !is_opaque_row(band.planes[color_plane_count(map_.source.model)].row(y), map_.source.width_px);
}

// From here on with alpha: what the narrow planes hold is opaque.
void ResizeStage::widen() {
  const int colors = color_plane_count(map_.source.model);
  for (int plane = 0; plane <= colors; ++plane) {
    wide_planes_[plane] = std::make_unique<PlaneResampler<std::int16_t>>(kernels_[plane]);
    if (plane < colors) {
      wide_planes_[plane]->go_on_from(
          *narrow_planes_[plane], +[](const std::uint8_t* row, std::uint32_t count, std::int16_t* out) {
            widen_row(row, nullptr, count, out);
          });
    } else {
      wide_planes_[plane]->go_on_from(
          *narrow_planes_[0],
          +[](const std::uint8_t*, std::uint32_t count, std::int16_t* out) { std::fill_n(out, count, wide_one); });
    }
  }
  narrow_planes_ = {};
  wide_ = true;
}

// A row of every plane, all of the same size.
void ResizeStage::push_row(const Band& band, std::uint32_t y) {
  const int colors = color_plane_count(map_.source.model);
  const std::uint32_t width = map_.source.width_px;
  const std::uint8_t* const last = map_.source.has_alpha ? band.planes[colors].row(y) : nullptr;
  const std::uint8_t* const alpha = weighs_ ? last : nullptr;
  for (int plane = 0; plane < colors; ++plane) {
    const std::uint8_t* const in = band.planes[plane].row(y);
    if (!wide_) {
      narrow_planes_[plane]->push(in);
      continue;
    }
    std::int16_t* const out = wide_planes_[plane]->begin_row();
    if (map_.space == ResizeSpace::linear) {
      widen_row_to_light(in, alpha, width, (map_.light ? map_.light->light : srgb_to_linear15()).data(), out);
    } else {
      widen_row(in, alpha, width, out);
    }
    wide_planes_[plane]->end_row();
  }
  if (!wide_ || last == nullptr) return;
  widen_row(last, nullptr, width, wide_planes_[colors]->begin_row());
  wide_planes_[colors]->end_row();
}

// Takes one row of every plane out of the wide resamplers into row `index` of the unit.
void ResizeStage::finish_wide_row(std::uint32_t index) {
  const int colors = color_plane_count(map_.target.model);
  const std::uint32_t width = map_.target.width_px;
  for (int plane = 0; plane < map_.target.plane_count(); ++plane) wide_planes_[plane]->emit(wide_rows_[plane].data());
  const std::int16_t* const alpha = weighs_ ? wide_rows_[colors].data() : nullptr;
  for (int plane = 0; plane < map_.target.plane_count(); ++plane) {
    std::int16_t* const in = wide_rows_[plane].data();
    std::uint8_t* const out = unit_[plane].data() + std::size_t{index} * width;
    if (plane < colors && alpha != nullptr) unweigh_row(in, alpha, width);
    if (plane < colors && map_.space == ResizeSpace::linear) {
      narrow_row_from_light(in, width, (map_.light ? map_.light->code : linear15_to_srgb_table()).data(), out);
    } else {
      narrow_row(in, width, out);
    }
  }
}

Status ResizeStage::push(const Band& band) {
  const int planes = map_.source.plane_count();
  if (wide_ || weighs_) {  // rgb and gray planes are always in step
    const PlaneRows& rows = band.planes[0];
    for (std::uint32_t i = 0; i < rows.row_count; ++i) {
      if (!wide_ && wants_wide(band, rows.first_row + i)) widen();
      push_row(band, rows.first_row + i);
      if (Status status = drain(); !status) return status;
    }
    return {};
  }
  std::array<std::uint32_t, max_planes> taken{};
  bool more = true;
  while (more) {
    more = false;
    for (int plane = 0; plane < planes; ++plane) {
      const PlaneRows& rows = band.planes[plane];
      const std::uint32_t share =
          map_.source.is_chroma(plane) ? std::max(1u, chunk_rows / map_.source.v_subsampling) : chunk_rows;
      for (std::uint32_t i = 0; i < share && taken[plane] < rows.row_count; ++i, ++taken[plane]) {
        narrow_planes_[plane]->push(rows.row(rows.first_row + taken[plane]));
      }
      more |= taken[plane] < rows.row_count;
    }
    if (Status status = drain(); !status) return status;
  }
  return {};
}

Status ResizeStage::drain() {
  const int planes = map_.target.plane_count();
  while (!done()) {
    const std::uint32_t luma_rows = next_row_ == 0 ? first_unit_rows(map_.target, unit_rows)
                                                   : std::min(unit_rows, map_.target.height_px - next_row_);
    const auto wanted = [&](int plane) {
      return map_.target.is_chroma(plane) ? (luma_rows + map_.target.v_subsampling - 1) / map_.target.v_subsampling
                                          : luma_rows;
    };
    bool complete = true;
    if (wide_) {
      while (filled_[0] < luma_rows && wide_planes_[0]->can_emit()) finish_wide_row(filled_[0]++);
      complete = filled_[0] == luma_rows;
    } else {
      for (int plane = 0; plane < planes; ++plane) {
        if (!narrow_planes_[plane]) continue;  // opaque alpha: the unit says so already
        while (filled_[plane] < wanted(plane) && narrow_planes_[plane]->can_emit()) {
          narrow_planes_[plane]->emit(unit_[plane].data() +
                                      std::size_t{filled_[plane]++} * map_.target.plane_width(plane));
        }
        complete &= filled_[plane] == wanted(plane);
      }
    }
    if (!complete) return {};
    Band unit;
    for (int plane = 0; plane < planes; ++plane) {
      const std::uint32_t divisor = map_.target.is_chroma(plane) ? map_.target.v_subsampling : 1;
      unit.planes[plane] = {unit_[plane].data(), map_.target.plane_width(plane), (next_row_ + divisor - 1) / divisor,
                            wanted(plane)};
      filled_[plane] = 0;
    }
    next_row_ += luma_rows;
    if (Status status = next_.push(unit); !status) return status;
  }
  return {};
}

}  // namespace photo_core
