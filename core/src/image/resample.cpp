#include "image/resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <type_traits>

#include "image/resample_kernels.hpp"

namespace photo_core {
namespace {

constexpr int weight_one = 16384;
constexpr double lanczos_lobes = 3;
constexpr int table_steps = 1024;  // samples of the filter a unit; linear between them: error below 2e-6

// Lanczos3 at every 1/1024, once for all kernels.
const std::array<float, 3 * table_steps + 2>& lanczos_table() {
  static const auto table = [] {
    std::array<float, 3 * table_steps + 2> out{};
    out[0] = 1;
    for (int i = 1; i < 3 * table_steps; ++i) {
      const double x = std::numbers::pi * i / table_steps;
      out[i] = static_cast<float>(lanczos_lobes * std::sin(x) * std::sin(x / lanczos_lobes) / (x * x));
    }
    return out;
  }();
  return table;
}

double lanczos3(double x) {
  const double position = std::abs(x) * table_steps;
  if (position >= lanczos_lobes * table_steps) return 0;
  const auto index = static_cast<std::size_t>(position);
  const double fraction = position - static_cast<double>(index);
  const auto& table = lanczos_table();
  return table[index] + (table[index + 1] - table[index]) * fraction;
}

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Rounds weights so that they add up to weight_one: each takes over what its neighbours' rounding left.
void quantise(const std::vector<double>& weights, std::size_t count, double sum, std::int16_t* out) {
  double exact = 0;
  int given = 0;
  for (std::size_t i = 0; i < count; ++i) {
    exact += weights[i] / sum * weight_one;
    const int rounded = static_cast<int>(std::lround(exact)) - given;
    out[i] = static_cast<std::int16_t>(rounded);
    given += rounded;
  }
}

}  // namespace

AxisKernel make_kernel(const AxisMap& map, std::uint32_t tap_multiple) {
  const double ratio = map.ratio();
  const bool shrinks = ratio > 1;
  const double lobes = shrinks || ratio == 1 ? lanczos_lobes : 1.0;
  const double end = map.begin + map.extent + map.behind;
  const std::uint32_t last_sample = map.source_size - 1;
  // Where the picture begins in the first source sample, and ends in the last.
  const double first_begin = shrinks ? map.source_begin : 0;
  const double last_end = shrinks && end > last_sample ? std::min(end, last_sample + 1.0) : last_sample + 1.0;

  AxisKernel kernel;
  kernel.first.resize(map.target_size);
  kernel.last.resize(map.target_size);
  const double most_taps = std::ceil(lobes * std::max(ratio, 1.0) * 2) + 1;
  const std::uint32_t most = std::min(static_cast<std::uint32_t>(most_taps), map.source_size);
  kernel.taps = (most + tap_multiple - 1) / tap_multiple * tap_multiple;

  std::vector<double> weights(most + 2);
  std::vector<std::uint32_t> counts(map.target_size);
  std::vector<std::int16_t> all(std::size_t{map.target_size} * kernel.taps, 0);
  std::uint32_t widest = 1;
  for (std::uint32_t target = 0; target < map.target_size; ++target) {
    const double left = std::max<double>(target, map.target_begin);
    const double right = std::min<double>(target + 1, map.target_begin + map.target_extent);
    const double centre = map.begin + ((left + right) / 2 - map.target_begin) * ratio;  // sample i centres at i + 0.5
    const double stretch = std::max(ratio * (right - left), 1.0);
    const double support = lobes * stretch;
    const auto clamp_index = [&](double value) {
      return static_cast<std::uint32_t>(std::clamp(value, 0.0, static_cast<double>(last_sample)));
    };
    std::uint32_t first = clamp_index(std::floor(centre - support + 0.5));
    std::uint32_t last = clamp_index(std::ceil(centre + support - 0.5));
    last = std::min(last, first + most - 1);
    double sum = 0;
    std::uint32_t count = 0;
    for (std::uint32_t i = first; i <= last; ++i) {
      const double part_begin = i == 0 ? first_begin : i;
      const double part_end = i == last_sample ? last_end : i + 1.0;
      const double x = ((part_begin + part_end) / 2 - centre) / stretch;
      const double weight = (lobes > 1 ? lanczos3(x) : triangle(x)) * (part_end - part_begin);
      if (count == 0 && std::abs(weight) < 1e-9) {  // a window's edge that weighs nothing
        if (first < last) ++first;
        continue;
      }
      weights[count++] = weight;
      sum += weight;
    }
    if (count == 0 || sum < 1e-9) {  // cannot be, but must not divide by nothing
      first = clamp_index(centre);
      weights[0] = sum = 1;
      count = 1;
    }
    kernel.first[target] = first;
    quantise(weights, count, sum, all.data() + std::size_t{target} * kernel.taps);
    while (count > 1 && all[std::size_t{target} * kernel.taps + count - 1] == 0) --count;
    kernel.last[target] = first + count - 1;
    widest = std::max(widest, count);
  }
  const std::uint32_t taps = (widest + tap_multiple - 1) / tap_multiple * tap_multiple;
  if (taps < kernel.taps) {  // close the gaps that the estimate left
    for (std::uint32_t target = 1; target < map.target_size; ++target) {
      std::memmove(all.data() + std::size_t{target} * taps, all.data() + std::size_t{target} * kernel.taps,
                   taps * sizeof(std::int16_t));
    }
    all.resize(std::size_t{map.target_size} * taps);
    kernel.taps = taps;
  }
  kernel.weights = std::move(all);
  // Ascending windows are what the ring relies on; cutting leading zeros may have broken the order by one.
  for (std::uint32_t target = 1; target < map.target_size; ++target) {
    kernel.last[target] = std::max(kernel.last[target], kernel.last[target - 1]);
  }
  return kernel;
}

PlaneKernels::PlaneKernels(const AxisMap& x_axis, const AxisMap& y_axis) : x_map(x_axis), y_map(y_axis) {
  if (!x_map.is_identity()) x = make_kernel(x_map, 8);
  if (!y_map.is_identity()) y = make_kernel(y_map, 2);
}

namespace {

std::size_t ring_row_length(std::uint32_t width) { return (std::size_t{width} + 31) / 16 * 16; }

std::uint32_t ring_rows(const AxisMap& y) {
  if (y.is_identity()) return 32;
  const double ratio = std::max(1.0, y.ratio());
  return std::min(static_cast<std::uint32_t>(ratio * 6), y.source_size) + 32;
}

}  // namespace

template <typename Sample>
std::uint64_t PlaneResampler<Sample>::memory_bytes(const AxisMap& x, const AxisMap& y) {
  const std::uint64_t kernels = 8ULL * (std::uint64_t{x.target_size} + y.target_size) +
                                2ULL * static_cast<std::uint64_t>(std::max(x.extent, 1.0 * x.target_size) * 8 + 64) +
                                2ULL * static_cast<std::uint64_t>(std::max(y.extent, 1.0 * y.target_size) * 8 + 64);
  // Twice the rows: a ring may grow once when another plane lags behind.
  return kernels + 2ULL * ring_row_length(x.source_size) * ring_rows(y) * sizeof(Sample) + 2ULL * x.source_size + 4096;
}

template <typename Sample>
PlaneResampler<Sample>::PlaneResampler(std::shared_ptr<const PlaneKernels> kernels)
    : kernels_(std::move(kernels)),
      row_length_(ring_row_length(kernels_->x_map.source_size)),
      capacity_(ring_rows(kernels_->y_map)),
      ring_(row_length_ * capacity_),
      middle_(row_length_ + kernels_->x.taps + 16),
      taps_(kernels_->y.taps) {}

template <typename Sample>
void PlaneResampler<Sample>::grow() {
  const std::uint32_t old_capacity = capacity_;
  std::vector<Sample> old(row_length_ * capacity_ * 2);
  old.swap(ring_);
  capacity_ *= 2;
  for (std::uint32_t row = pushed_ > old_capacity ? pushed_ - old_capacity : 0; row < pushed_; ++row) {
    std::memcpy(slot(row), old.data() + std::size_t{row % old_capacity} * row_length_, row_length_ * sizeof(Sample));
  }
}

template <typename Sample>
Sample* PlaneResampler<Sample>::begin_row() {
  // Two rows of slack: windows whose leading zeros were cut need not be strictly ascending.
  std::uint32_t needed_from =
      done() ? pushed_ : (kernels_->y_map.is_identity() ? next_target_ : kernels_->y.first[next_target_]);
  needed_from -= std::min(needed_from, 2u);
  if (pushed_ >= capacity_ && pushed_ - capacity_ >= needed_from && needed_from < pushed_) grow();
  return slot(pushed_);
}

template <typename Sample>
void PlaneResampler<Sample>::push(const Sample* row) {
  std::memcpy(begin_row(), row, kernels_->x_map.source_size * sizeof(Sample));
  end_row();
}

template <typename Sample>
template <typename Other>
void PlaneResampler<Sample>::go_on_from(const PlaneResampler<Other>& other,
                                        void (*turn)(const Other* row, std::uint32_t count, Sample* out)) {
  capacity_ = other.capacity_;
  ring_.resize(row_length_ * capacity_);
  pushed_ = other.pushed_;
  next_target_ = other.next_target_;
  for (std::uint32_t row = pushed_ > capacity_ ? pushed_ - capacity_ : 0; row < pushed_; ++row) {
    const std::size_t at = std::size_t{row % capacity_} * row_length_;
    turn(other.ring_.data() + at, kernels_->x_map.source_size, ring_.data() + at);
  }
}

template <typename Sample>
bool PlaneResampler<Sample>::can_emit() const {
  if (done()) return false;
  return pushed_ > (kernels_->y_map.is_identity() ? next_target_ : kernels_->y.last[next_target_]);
}

template <typename Sample>
void PlaneResampler<Sample>::emit(Sample* out) {
  const bool same_x = kernels_->x_map.is_identity(), same_y = kernels_->y_map.is_identity();
  const std::uint32_t width = kernels_->x_map.source_size;
  const std::uint32_t target = next_target_++;
  if (same_y && same_x) {
    std::memcpy(out, slot(target), width * sizeof(Sample));
    return;
  }
  const std::int16_t* middle = middle_.data();
  if (!same_y) {
    const AxisKernel& y = kernels_->y;
    for (std::uint32_t tap = 0; tap < y.taps; ++tap) {
      taps_[tap] = slot(std::min(y.first[target] + tap, pushed_ - 1));  // behind the last row the weights are zero
    }
    resample::vertical(taps_.data(), y.of(target), y.taps, width, middle_.data());
  } else if constexpr (std::is_same_v<Sample, std::uint8_t>) {
    resample::widen(slot(target), width, middle_.data());
  } else {
    std::memcpy(middle_.data(), slot(target), width * sizeof(Sample));
  }
  if (same_x) {
    resample::narrow(middle, width, out);
  } else {
    const AxisKernel& x = kernels_->x;
    resample::horizontal(middle, x.first.data(), x.weights.data(), x.taps, kernels_->x_map.target_size, out);
  }
}

template class PlaneResampler<std::uint8_t>;
template class PlaneResampler<std::int16_t>;
template void PlaneResampler<std::int16_t>::go_on_from(const PlaneResampler<std::uint8_t>& other,
                                                       void (*turn)(const std::uint8_t*, std::uint32_t, std::int16_t*));

}  // namespace photo_core
