// One-dimensional curves of colour profiles, and the sRGB transfer function.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.hpp"

namespace photo_core {

// `value` within [0, 1]; NaN gives 0.
inline double clamp_unit(double value) { return value > 0 ? (value < 1 ? value : 1.0) : 0; }

// A curve over [0, 1]. Its values may leave that range where a formula does so (tables of three dimensions rely on it);
// inputs of sampled curves are clamped. A table stays where it is, in the profile's bytes: a curve must not outlive
// them.
class ToneCurve {
 public:
  ToneCurve() = default;  // identity
  static ToneCurve power(double exponent);
  // `table` holds entries of 1 or 2 bytes (big-endian), at least two of them.
  static ToneCurve sampled(ByteView table, int entry_bytes);
  // A curv or para element at the beginning of `element` (ICC.1:2022, 10.6 and 10.18); `used` gets its length in bytes.
  static std::optional<ToneCurve> read(ByteView element, std::size_t* used = nullptr);

  double operator()(double x) const;

 private:
  enum class Form : std::uint8_t { parametric, table8, table16 };
  Form form_ = Form::parametric;
  int function_ = 0;                                 // of para, 0 to 4
  std::array<double, 7> p_ = {1, 1, 0, 0, 0, 0, 0};  // g a b c d e f
  ByteView table_;
};

// IEC 61966-2-1. Outside of [0, 1] the two pieces go on.
double srgb_to_linear(double encoded);
double linear_to_srgb(double linear);

}  // namespace photo_core
