// Resizes a whole picture plane by plane as its rows pass.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "image/colour.hpp"
#include "image/planes.hpp"
#include "image/resample.hpp"
#include "image/row_sink.hpp"

namespace photo_core {

// In which numbers colour is averaged.
enum class ResizeSpace : std::uint8_t {
  encoded,  // the samples as they are
  linear,   // samples turned to light (rgb and gray models)
};

struct ResizeMap {
  PlaneLayout source;
  PlaneLayout target;  // same model and alpha as the source; chroma subsampling may differ (1 or 2)
  // The part of the source that is wanted, in luma samples, fractions allowed.
  double begin_x = 0, begin_y = 0, extent_x = 0, extent_y = 0;
  ResizeSpace space = ResizeSpace::encoded;
  // Weigh colour by alpha, so that colours of transparent pixels do not bleed. False for CMYK carried as four planes.
  bool premultiply = true;
  double behind_x = 0, behind_y = 0;   // what of the picture is behind the wanted part, and read by its last samples
  const LightTables* light = nullptr;  // of the samples, for `linear`; null: sRGB's
};

// Takes bands of the source; gives bands of one or two luma rows of the target with the chroma rows that belong to
// them, in step, every one but the last (with `pairs_from_bottom`, the first) of two rows.
class ResizeStage final : public RowSink {
 public:
  ResizeStage(const ResizeMap& map, RowSink& next);
  Status push(const Band& band) override;
  bool done() const { return next_row_ >= map_.target.height_px; }

  // Upper bound of the memory a stage needs, for the plan.
  static std::uint64_t memory_bytes(const ResizeMap& map);

 private:
  bool wants_wide(const Band& band, std::uint32_t y) const;
  void widen();
  void push_row(const Band& band, std::uint32_t y);
  Status drain();
  void finish_wide_row(std::uint32_t index);

  ResizeMap map_;
  RowSink& next_;
  const bool weighs_;  // colour by alpha
  bool wide_;          // 16-bit samples: linear light, or an alpha sample below 255 was seen
  std::array<std::shared_ptr<const PlaneKernels>, max_planes> kernels_;
  std::array<std::unique_ptr<PlaneResampler<std::uint8_t>>, max_planes> narrow_planes_;
  std::array<std::unique_ptr<PlaneResampler<std::int16_t>>, max_planes> wide_planes_;
  std::array<std::vector<std::uint8_t>, max_planes> unit_;       // two rows of each plane
  std::array<std::vector<std::int16_t>, max_planes> wide_rows_;  // one row of each plane, in and out
  std::array<std::uint32_t, max_planes> filled_{};
  std::uint32_t next_row_ = 0;  // luma row of the unit being filled
};

}  // namespace photo_core
