#include "image/colour_lut.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace photo_core {
namespace {

constexpr std::size_t outputs = 3;

double read_fixed(const std::uint8_t* p) { return static_cast<std::int32_t>(read_be32(p)) / 65536.0; }

constexpr std::size_t round_up_to_4(std::size_t value) { return (value + 3) & ~std::size_t{3}; }

// How many entries a grid has; 0 when it has a side below 2 or more entries than any profile's bytes.
std::size_t entry_count(const std::uint8_t* points, std::size_t inputs) {
  std::uint64_t count = outputs;  // a size of 32 bits would wrap before it is looked at
  for (std::size_t i = 0; i < inputs; ++i) {
    if (points[i] < 2) return 0;
    count *= points[i];
    if (count > (1u << 26)) return 0;
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

// --- the table ---

double ColourLut::Grid::entry(std::size_t index) const {
  return entry_bytes == 1 ? entries[index] / 255.0 : read_be16(entries.data() + index * 2) / 65535.0;
}

std::size_t ColourLut::Grid::stride(std::size_t axis) const {
  std::size_t step = outputs;
  for (std::size_t i = axis + 1; i < inputs; ++i) step *= points[i];
  return step;
}

// Tetrahedral interpolation over three axes from `first` on: from the lower corner to the upper one along the axes in
// the order of their fractions.
LutValues ColourLut::Grid::tetrahedron(std::size_t base, const std::size_t* low, const double* part,
                                       std::size_t first) const {
  std::array<std::size_t, 3> order = {first, first + 1, first + 2};
  for (const std::size_t i : {0u, 1u, 0u}) {  // three sort themselves in three comparisons
    if (part[order[i]] < part[order[i + 1]]) std::swap(order[i], order[i + 1]);
  }
  std::size_t corner = base;
  for (std::size_t i = first; i < first + 3; ++i) corner += low[i] * stride(i);
  LutValues out{};
  double from = 1;
  for (std::size_t step = 0; step <= 3; ++step) {
    const double to = step < 3 ? part[order[step]] : 0;
    for (std::size_t o = 0; o < outputs; ++o) out[o] += entry(corner + o) * (from - to);
    if (step == 3) break;
    corner += stride(order[step]);
    from = to;
  }
  return out;
}

// Along the axes before the last three, one by one.
LutValues ColourLut::Grid::along(std::size_t base, const std::size_t* low, const double* part, std::size_t axis) const {
  if (inputs - axis == 3) return tetrahedron(base, low, part, axis);
  const LutValues below = along(base + low[axis] * stride(axis), low, part, axis + 1);
  const LutValues above = along(base + (low[axis] + 1) * stride(axis), low, part, axis + 1);
  LutValues out{};
  for (std::size_t o = 0; o < outputs; ++o) out[o] = below[o] + (above[o] - below[o]) * part[axis];
  return out;
}

LutValues ColourLut::Grid::operator()(const LutValues& at) const {
  std::array<std::size_t, max_lut_channels> low{};
  std::array<double, max_lut_channels> part{};
  for (std::size_t i = 0; i < inputs; ++i) {
    const double place = clamp_unit(at[i]) * (points[i] - 1);
    low[i] = std::min(static_cast<std::size_t>(place), std::size_t{points[i]} - 2);
    part[i] = place - static_cast<double>(low[i]);
  }
  return along(0, low.data(), part.data(), 0);
}

// --- the chain ---

LutValues ColourLut::apply(const Stage& stage, const LutValues& values) {
  if (stage.grid) return (*stage.grid)(values);
  LutValues out{};
  if (stage.matrix) {
    const Vector3 product = multiply(*stage.matrix, Vector3{values[0], values[1], values[2]});
    for (std::size_t i = 0; i < 3; ++i) out[i] = product[i] + stage.offset[i];
    return out;
  }
  for (std::size_t i = 0; i < stage.curves.size(); ++i) out[i] = stage.curves[i](values[i]);
  return out;
}

int ColourLut::grid_points() const {
  for (const Stage& stage : stages_) {
    if (stage.grid) return *std::max_element(stage.grid->points.begin(), stage.grid->points.begin() + inputs_);
  }
  return 2;
}

double ColourLut::first_curve(std::size_t channel, double value) const {
  return stages_.empty() || stages_[0].curves.empty() ? clamp_unit(value) : stages_[0].curves[channel](value);
}

LutValues ColourLut::after_first_curves(LutValues values) const {
  const std::size_t begin = stages_.empty() || stages_[0].curves.empty() ? 0 : 1;
  for (std::size_t i = begin; i < stages_.size(); ++i) values = apply(stages_[i], values);
  return values;
}

LutValues ColourLut::operator()(LutValues values) const {
  for (std::size_t i = 0; i < inputs_; ++i) values[i] = first_curve(i, values[i]);
  return after_first_curves(values);
}

// --- reading ---

std::optional<ColourLut> ColourLut::read(ByteView element, std::size_t inputs) {
  if (element.size() < 32 || element[8] != inputs || element[9] != outputs) return std::nullopt;
  if (has_at(element, 0, "mft1") || has_at(element, 0, "mft2")) return read_old(element, inputs);
  if (has_at(element, 0, "mAB ")) return read_new(element, inputs);
  return std::nullopt;
}

// lut8Type and lut16Type: matrix (for XYZ only, which the callers do not feed in), input curves, grid, output curves.
std::optional<ColourLut> ColourLut::read_old(ByteView element, std::size_t inputs) {
  const int entry_bytes = has_at(element, 0, "mft1") ? 1 : 2;
  const auto unit = static_cast<std::size_t>(entry_bytes);
  std::size_t at = 48;
  std::size_t in_entries = 256;
  std::size_t out_entries = 256;
  if (entry_bytes == 2) {
    if (element.size() < 52) return std::nullopt;
    in_entries = read_be16(element.data() + 48);
    out_entries = read_be16(element.data() + 50);
    at = 52;
  }
  if (in_entries < 2 || in_entries > 4096 || out_entries < 2 || out_entries > 4096) return std::nullopt;

  ColourLut lut;
  lut.inputs_ = inputs;
  lut.has_old_lab_ = entry_bytes == 2;
  const auto take_curves = [&](std::size_t channels, std::size_t entries) {
    Stage stage;
    for (std::size_t i = 0; i < channels; ++i, at += entries * unit) {
      if (!in_bounds(element.size(), at, entries * unit)) return false;
      stage.curves.push_back(ToneCurve::sampled(element.subspan(at, entries * unit), entry_bytes));
    }
    lut.stages_.push_back(std::move(stage));
    return true;
  };
  if (!take_curves(inputs, in_entries)) return std::nullopt;
  Grid grid;
  grid.inputs = inputs;
  grid.entry_bytes = entry_bytes;
  std::fill_n(grid.points.begin(), inputs, element[10]);
  const std::size_t count = entry_count(grid.points.data(), inputs);
  if (count == 0 || !in_bounds(element.size(), at, count * unit)) return std::nullopt;
  grid.entries = element.subspan(at, count * unit);
  at += count * unit;
  lut.stages_.push_back({{}, grid, {}, {}});
  if (!take_curves(outputs, out_entries)) return std::nullopt;
  return lut;
}

std::optional<std::vector<ToneCurve>> ColourLut::read_curves(ByteView element, std::size_t offset, std::size_t count) {
  std::vector<ToneCurve> curves;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t used = 0;
    const std::optional<ToneCurve> curve = ToneCurve::read(slice(element, offset), &used);
    if (!curve) return std::nullopt;
    curves.push_back(*curve);
    offset += round_up_to_4(used);
  }
  return curves;
}

// lutAToBType: A curves, grid, M curves, matrix, B curves. Parts may be missing.
std::optional<ColourLut> ColourLut::read_new(ByteView element, std::size_t inputs) {
  const auto offset_at = [&](std::size_t at) -> std::size_t { return read_be32(element.data() + at); };
  const std::size_t b_offset = offset_at(12), matrix_offset = offset_at(16), m_offset = offset_at(20),
                    grid_offset = offset_at(24), a_offset = offset_at(28);
  if (grid_offset == 0 && inputs != outputs) return std::nullopt;

  ColourLut lut;
  lut.inputs_ = inputs;
  const auto take_curves = [&](std::size_t offset, std::size_t channels) {
    if (offset == 0) return true;
    std::optional<std::vector<ToneCurve>> curves = read_curves(element, offset, channels);
    if (!curves) return false;
    lut.stages_.push_back({std::move(*curves), {}, {}, {}});
    return true;
  };
  const auto take_grid = [&] {
    if (grid_offset == 0) return true;
    if (!in_bounds(element.size(), grid_offset, 20)) return false;
    Grid grid;
    grid.inputs = inputs;
    std::memcpy(grid.points.data(), element.data() + grid_offset, inputs);
    grid.entry_bytes = element[grid_offset + 16];
    if (grid.entry_bytes != 1 && grid.entry_bytes != 2) return false;
    const std::size_t bytes = entry_count(grid.points.data(), inputs) * static_cast<std::size_t>(grid.entry_bytes);
    if (bytes == 0 || !in_bounds(element.size(), grid_offset + 20, bytes)) return false;
    grid.entries = element.subspan(grid_offset + 20, bytes);
    lut.stages_.push_back({{}, grid, {}, {}});
    return true;
  };
  const auto take_matrix = [&] {
    if (matrix_offset == 0) return true;
    if (!in_bounds(element.size(), matrix_offset, 48)) return false;
    Stage stage;
    stage.matrix.emplace();
    const std::uint8_t* p = element.data() + matrix_offset;
    for (std::size_t i = 0; i < 9; ++i) (*stage.matrix)[i / 3][i % 3] = read_fixed(p + i * 4);
    for (std::size_t i = 0; i < 3; ++i) stage.offset[i] = read_fixed(p + 36 + i * 4);
    lut.stages_.push_back(std::move(stage));
    return true;
  };
  const bool whole = take_curves(a_offset, inputs) && take_grid() && take_curves(m_offset, outputs) && take_matrix() &&
                     take_curves(b_offset, outputs);
  if (!whole || lut.stages_.empty()) return std::nullopt;
  return lut;
}

}  // namespace photo_core
