#include "image/colour_hdr.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image/colour_cicp.hpp"
#include "image/colour_curve.hpp"
#include "image/colour_space.hpp"

namespace photo_core {
namespace {

constexpr double white_nits = 203;
constexpr double pq_nits = 10'000;  // of PQ's largest sample
constexpr double hlg_nits = 1000;   // of HLG's, on its nominal display
constexpr std::uint8_t bt2020 = 9;

// What a component is multiplied with, by the largest one of its colour; 1 is the reference white.
class ToneMap {
 public:
  explicit ToneMap(double peak) : peak_(peak) {
    if (peak <= 1) return;
    white_ = 1 - headroom(peak) / 2;
    const double middle_x = (1 - bend) + bend / white_, middle_y = (1 - bend) * white_ + bend;
    b_x_ = 2 * (middle_x - 1);
    b_y_ = 2 * (middle_y - white_);
    a_x_ = 1 - 2 * middle_x + peak;
    a_y_ = white_ - 2 * middle_y + 1;
  }

  double gain(double largest) const {
    if (largest <= 1) return white_;
    if (largest >= peak_) return peak_ > 1 ? 1 / largest : 1;
    // The curve's place at this x, by the form of the quadratic's root that loses nothing where a_x is nearly 0.
    const double x = largest - 1;
    const double t = 2 * x / (b_x_ + std::sqrt(b_x_ * b_x_ + 4 * a_x_ * x));
    return (white_ + t * (b_y_ + t * a_y_)) / largest;
  }

 private:
  // log(peak) / log(1000 cd/m²), at most 1: by halving, because the logarithm's tables would be the only ones.
  static double headroom(double peak) {
    double low = 0, high = 1;
    for (int i = 0; i < 20; ++i) {
      const double middle = (low + high) / 2;
      (std::pow(hlg_nits / white_nits, middle) < peak ? low : high) = middle;
    }
    return high;
  }

  static constexpr double bend = 0.65;  // how far along its two tangents' meeting the curve's middle point lies
  double peak_;
  double white_ = 1;
  double a_x_ = 0, a_y_ = 0, b_x_ = 0, b_y_ = 0;
};

class HdrRows final : public ColourTransform {
 public:
  HdrRows(const CodePoints& points, const Matrix3& to_bt2020, const Matrix3& to_srgb, int planes)
      : is_hlg_(TransferCharacteristics{points.transfer} == TransferCharacteristics::hlg),
        planes_(planes),
        tone_(points.peak_nits / white_nits),
        to_bt2020_(to_bt2020),
        to_srgb_(to_srgb),
        encode_(linear15_to_srgb_table().data()) {
    for (std::size_t code = 0; code < linear_.size(); ++code) {
      linear_[code] = light(points.transfer, static_cast<double>(code) / 255);
    }
  }

  // For samples of 16 bits: lays the 8-bit codes along what grays become, and the last of them, where samples can be
  // brighter than the peak, along a root of that: colours are scaled by their brightest component.
  void deepen(std::uint8_t transfer, double peak) {
    constexpr std::size_t count = 65'536;
    const auto root = [](double value) { return std::pow(value, 0.2); };
    const double brightest = displayed(light(transfer, 1));
    const double end = brightest > peak ? 231 : 255;
    codes_.resize(count);
    std::array<double, 256> sum{};
    std::array<int, 256> samples{};
    for (std::size_t i = 0; i < count; ++i) {
      const double linear = light(transfer, static_cast<double>(i) / (count - 1));
      const double gray = displayed(linear);
      double place = clamp_unit(linear_to_srgb(gray * tone_.gain(gray))) * end;
      if (gray > peak) place += (root(gray / peak) - 1) / (root(brightest / peak) - 1) * (255 - end);
      const auto code = static_cast<std::uint8_t>(place + 0.5);
      codes_[i] = code;
      sum[code] += linear;
      ++samples[code];
    }
    for (std::size_t code = 0; code < linear_.size(); ++code) {
      if (samples[code] > 0) linear_[code] = sum[code] / samples[code];
    }
  }

  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    for (std::uint32_t x = 0; x < width; ++x) {
      Vector3 colour{};
      for (int plane = 0; plane < 3; ++plane) colour[plane] = linear_[in[planes_ == 1 ? 0 : plane][x]];
      colour = multiply(to_bt2020_, colour);
      if (is_hlg_) {
        const double luminance = 0.2627 * colour[0] + 0.6780 * colour[1] + 0.0593 * colour[2];
        scale(colour, luminance > 0 ? displayed(luminance) / luminance : 0);
      }
      scale(colour, tone_.gain(*std::max_element(colour.begin(), colour.end())));
      colour = multiply(to_srgb_, colour);
      for (int plane = 0; plane < planes_; ++plane) {
        out[plane][x] = encode_[static_cast<std::size_t>(clamp_unit(colour[plane]) * 32767 + 0.5)];
      }
    }
  }

  const std::uint8_t* codes_of_16_bits() const override { return codes_.empty() ? nullptr : codes_.data(); }

 private:
  static void scale(Vector3& colour, double factor) {
    for (double& value : colour) value *= factor;
  }

  double light(std::uint8_t transfer, double sample) const {
    return linear_light(transfer, sample) * (is_hlg_ ? 1 : pq_nits / white_nits);
  }
  // Of a gray, or a luminance, 1 for the reference white.
  double displayed(double linear) const {
    return is_hlg_ ? std::pow(linear, 1.2) * (hlg_nits / white_nits) : linear;  // BT.2100 table 5, the OOTF
  }

  bool is_hlg_;
  int planes_;
  ToneMap tone_;
  Matrix3 to_bt2020_, to_srgb_;
  const std::uint8_t* encode_;
  std::array<double, 256> linear_;  // HLG: of the scene; PQ: 1 for the reference white
  std::vector<std::uint8_t> codes_;
};

}  // namespace

std::unique_ptr<ColourTransform> make_hdr_rows(const CodePoints& points, ColorModel model, bool is_deep) {
  const Matrix3 from_bt2020 = *rgb_to_xyz_d50(*find_primaries(bt2020));
  const Matrix3 to_xyz = *rgb_to_xyz_d50(*find_primaries(points.primaries));
  auto rows = std::make_unique<HdrRows>(points, multiply(*inverse(from_bt2020), to_xyz),
                                        multiply(xyz_d50_to_srgb(), from_bt2020), model == ColorModel::gray ? 1 : 3);
  if (is_deep) rows->deepen(points.transfer, std::max(points.peak_nits / white_nits, 1.0));
  return rows;
}

}  // namespace photo_core
