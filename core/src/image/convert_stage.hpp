// Changes what the planes hold: colour model, profile, alpha, chroma subsampling.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "image/colour.hpp"
#include "image/planes.hpp"
#include "image/row_sink.hpp"

namespace photo_core {

struct ConvertMap {
  PlaneLayout source;  // ycc without subsampling, gray, rgb, or (is_ink) four ink planes carried as rgb + alpha
  PlaneLayout target;  // same size; ycc may be 4:2:0
  bool is_ink = false;
  const ColourTransform* transform = nullptr;  // applied to rgb, gray or ink rows; not owned
  std::uint32_t background = 0xffffff;         // 0xRRGGBB, where alpha ends
};

// Whether a stage is needed at all.
bool needs_conversion(const ConvertMap& map);

// Takes bands as ResizeStage gives them, their planes in step; hands on bands of the target.
class ConvertStage final : public RowSink {
 public:
  ConvertStage(const ConvertMap& map, RowSink& next);
  Status push(const Band& band) override;

 private:
  void convert_row(const Band& band, std::uint32_t y, std::uint32_t index);

  ConvertMap map_;
  RowSink& next_;
  std::array<std::vector<std::uint8_t>, max_planes> full_;  // two rows, before chroma is halved
  std::array<std::vector<std::uint8_t>, max_planes> half_;  // one row of chroma
};

// Rows of three planes, full-range BT.601 (JFIF 1.02, section 7); in and out may be the same.
void ycc_to_rgb_row(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, std::uint8_t* r,
                    std::uint8_t* g, std::uint8_t* b, std::uint32_t width);
void rgb_to_ycc_row(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, std::uint8_t* y,
                    std::uint8_t* cb, std::uint8_t* cr, std::uint32_t width);

}  // namespace photo_core
