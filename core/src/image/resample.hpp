// Separable resampling of one plane, row by row: Lanczos3 where it shrinks, a triangle where it grows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace photo_core {

// How one axis of a plane maps to the target: the samples [begin, begin + extent) of the source, in fractions of a
// sample, become the samples [target_begin, target_begin + target_extent) of the target. Centres map to centres, so
// nothing shifts. Of an outer sample on either side only a part may be picture: of a scaled JPEG's last one, and of
// subsampled chroma where the luma's size is odd.
struct AxisMap {
  std::uint32_t source_size = 0;
  std::uint32_t target_size = 0;
  double begin = 0;
  double extent = 0;
  double target_extent = 0;  // more than target_size - 1
  double target_begin = 0;   // less than 1
  double source_begin = 0;   // where the source's picture begins, less than 1
  double behind = 0;         // how much of the source's picture there is behind `extent`

  double ratio() const { return extent / target_extent; }
  // Nothing to do; a millionth of a sample is rounding.
  bool is_identity() const {
    const double excess = extent - target_extent;
    return source_size == target_size && begin == target_begin && excess < 1e-6 && excess > -1e-6;
  }
};

// The weights of one axis, in 1/16384; those of one target sample add up to 16384 exactly. Outside the source nothing
// is assumed: the window is cut at the edge and its weights raised to the whole. A sample that is picture only in part
// counts by that part where the axis shrinks, and a target sample is filtered as wide as its own part.
struct AxisKernel {
  std::uint32_t taps = 0;             // weights a target sample, zeros included: a multiple of `tap_multiple`
  std::vector<std::uint32_t> first;   // source sample of the first weight, ascending
  std::vector<std::uint32_t> last;    // source sample of the last weight that is not padding
  std::vector<std::int16_t> weights;  // target_size * taps

  const std::int16_t* of(std::uint32_t target) const { return weights.data() + std::size_t{target} * taps; }
};

AxisKernel make_kernel(const AxisMap& map, std::uint32_t tap_multiple);

// The two kernels of planes that share a size.
struct PlaneKernels {
  AxisMap x_map, y_map;
  AxisKernel x, y;

  PlaneKernels(const AxisMap& x_axis, const AxisMap& y_axis);
};

// Sample is std::uint8_t (0..255), or std::int16_t (linear light, premultiplied colour: wide_rows.hpp).
template <typename Sample>
class PlaneResampler {
 public:
  explicit PlaneResampler(std::shared_ptr<const PlaneKernels> kernels);

  // Takes the next source row (copied). Rows come in order; every row must be pushed.
  void push(const Sample* row);
  // The same in place: where the next source row is to be written. Call end_row() when it is.
  Sample* begin_row();
  void end_row() { ++pushed_; }
  // Whether the next target row can be made from what was pushed.
  bool can_emit() const;
  // Makes the next target row; call only when can_emit().
  void emit(Sample* out);
  std::uint32_t emitted() const { return next_target_; }
  // Goes on where `other`, of the same kernels, is: `turn` makes each row that the other holds one of this.
  template <typename Other>
  void go_on_from(const PlaneResampler<Other>& other, void (*turn)(const Other* row, std::uint32_t count, Sample* out));
  bool done() const { return next_target_ == kernels_->y_map.target_size; }

  // Upper bound of the memory one instance needs, for the plan.
  static std::uint64_t memory_bytes(const AxisMap& x, const AxisMap& y);

 private:
  template <typename>
  friend class PlaneResampler;

  Sample* slot(std::uint32_t row) { return ring_.data() + std::size_t{row % capacity_} * row_length_; }
  void grow();

  std::shared_ptr<const PlaneKernels> kernels_;
  std::size_t row_length_;  // samples a ring row, padding included
  std::uint32_t capacity_;  // rows the ring holds
  std::vector<Sample> ring_;
  std::vector<std::int16_t> middle_;  // one row between the vertical and the horizontal pass
  std::vector<const Sample*> taps_;
  std::uint32_t pushed_ = 0;
  std::uint32_t next_target_ = 0;
};

extern template class PlaneResampler<std::uint8_t>;
extern template class PlaneResampler<std::int16_t>;

}  // namespace photo_core
