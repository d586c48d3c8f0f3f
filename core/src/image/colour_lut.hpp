// Multi-dimensional tables of colour profiles: lut8Type, lut16Type, lutAToBType (ICC.1:2022, 10.10 to 10.12).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "image/colour_curve.hpp"
#include "image/colour_space.hpp"

namespace photo_core {

inline constexpr std::size_t max_lut_channels = 4;
using LutValues = std::array<double, max_lut_channels>;  // each 0 … 1; those behind the channel count are 0

// A chain of curves, tables and matrices. Views point into the profile.
class ColourLut {
 public:
  // Reads the element of a tag, of 3 or 4 inputs and 3 outputs. nullopt when it is broken, or has other channel counts.
  static std::optional<ColourLut> read(ByteView element, std::size_t inputs);

  std::size_t inputs() const { return inputs_; }
  // Whether Lab values are in the old 16-bit encoding, where 0xff00 stands for 100 (lut16Type).
  bool has_old_lab() const { return has_old_lab_; }
  // Grid points along each axis of the table, 2 when there is none.
  int grid_points() const;
  // The curves at the very beginning, one a channel, and everything behind them.
  double first_curve(std::size_t channel, double value) const;
  LutValues after_first_curves(LutValues values) const;
  LutValues operator()(LutValues values) const;

 private:
  struct Grid {
    std::array<std::uint8_t, max_lut_channels> points{};
    std::size_t inputs = 0;
    int entry_bytes = 0;
    ByteView entries;
    LutValues operator()(const LutValues& at) const;

   private:
    double entry(std::size_t index) const;
    LutValues tetrahedron(std::size_t base, const std::size_t* low, const double* part, std::size_t first) const;
    LutValues along(std::size_t base, const std::size_t* low, const double* part, std::size_t axis) const;
    std::size_t stride(std::size_t axis) const;
  };
  struct Stage {
    std::vector<ToneCurve> curves;  // one of the three is there
    std::optional<Grid> grid;
    std::optional<Matrix3> matrix;
    Vector3 offset{};
  };

  static std::optional<ColourLut> read_old(ByteView element, std::size_t inputs);
  static std::optional<ColourLut> read_new(ByteView element, std::size_t inputs);
  static std::optional<std::vector<ToneCurve>> read_curves(ByteView element, std::size_t offset, std::size_t count);
  static LutValues apply(const Stage& stage, const LutValues& values);

  std::vector<Stage> stages_;
  std::size_t inputs_ = 0;
  bool has_old_lab_ = false;
};

}  // namespace photo_core
