#include "image/colour_rows.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/simd.hpp"
#include "image/colour_curve.hpp"

namespace photo_core {
namespace {

// --- matrix ---

class MatrixRows final : public ColourTransform {
 public:
  MatrixRows(const std::function<double(std::size_t, double)>& curve, const Matrix3& to_srgb)
      : encode_(linear15_to_srgb_table().data()) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t code = 0; code < 256; ++code) {
        const double linear = clamp_unit(curve(channel, static_cast<double>(code) / 255));
        const auto value = static_cast<std::int16_t>(std::lround(linear * 32767));
        // Red lies below green, blue below a 1 that the rounding is multiplied with.
        pairs_[channel][code] = channel == 1 ? pair(0, value) : pair(value, channel == 2 ? 1 : 0);
      }
    }
    double largest = 0;
    for (const Vector3& row : to_srgb) {
      for (const double value : row) largest = std::max(largest, std::abs(value));
    }
    while (bits_ > lowest_bits && largest * (1 << bits_) > largest_coefficient) --bits_;
    for (std::size_t row = 0; row < 3; ++row) set_row(row, to_srgb[row]);
  }

  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    // In steps that stay in the first-level cache: from the tables to pairs of linear values, the matrix over pairs,
    // back through the table.
    alignas(16) std::array<std::uint32_t, step> red_green;
    alignas(16) std::array<std::uint32_t, step> blue_one;
    alignas(16) std::array<std::array<std::int16_t, step>, 3> linear;
    red_green.fill(0);
    blue_one.fill(0);
    for (std::uint32_t x = 0; x < width; x += step) {
      const std::uint32_t count = std::min(step, width - x);
      for (std::uint32_t i = 0; i < count; ++i) {
        red_green[i] = pairs_[0][in[0][x + i]] | pairs_[1][in[1][x + i]];
        blue_one[i] = pairs_[2][in[2][x + i]];
      }
      for (std::size_t c = 0; c < 3; ++c)
        apply(coefficients_[c], red_green.data(), blue_one.data(), count, linear[c].data());
      for (std::uint32_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < 3; ++c) out[c][x + i] = encode_[linear[c][i]];
      }
    }
  }

  std::unique_ptr<const LightTables> light_tables() const override {
    std::array<std::int16_t, 256> light;
    for (std::size_t code = 0; code < light.size(); ++code) {
      const std::uint32_t green = pairs_[1][code] >> 16;
      if ((pairs_[0][code] & 0xffff) != green || (pairs_[2][code] & 0xffff) != green) return nullptr;
      light[code] = static_cast<std::int16_t>(green);
    }
    return make_light_tables(light);
  }

 private:
  static constexpr std::uint32_t step = 128;

  // One row of the matrix over `count` colours: linear values of 0 … 32767, rounded.
  void apply(const std::array<std::int16_t, 3>& c, const std::uint32_t* red_green, const std::uint32_t* blue_one,
             std::uint32_t count, std::int16_t* out) const {
    const std::int32_t half = 1 << (bits_ - 1);
#if PHOTO_CORE_SIMD
    const __m128i first = _mm_set1_epi32(static_cast<std::int32_t>(pair(c[0], c[1])));
    const __m128i second = _mm_set1_epi32(static_cast<std::int32_t>(pair(c[2], static_cast<std::int16_t>(half))));
    const __m128i shift = _mm_cvtsi32_si128(bits_);
    const auto four = [&](std::uint32_t i) {
      const __m128i sum =
          _mm_add_epi32(_mm_madd_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(red_green + i)), first),
                        _mm_madd_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(blue_one + i)), second));
      return _mm_sra_epi32(sum, shift);
    };
    // Whole vectors: behind `count` there is room, and nobody looks.
    for (std::uint32_t i = 0; i < count; i += 8) {
      const __m128i eight = _mm_max_epi16(_mm_packs_epi32(four(i), four(i + 4)), _mm_setzero_si128());
      _mm_store_si128(reinterpret_cast<__m128i*>(out + i), eight);
    }
#else
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto red = static_cast<std::int32_t>(red_green[i] & 0xffff);
      const auto green = static_cast<std::int32_t>(red_green[i] >> 16);
      const auto blue = static_cast<std::int32_t>(blue_one[i] & 0xffff);
      const std::int32_t sum = c[0] * red + c[1] * green + c[2] * blue + half;
      out[i] = static_cast<std::int16_t>(std::clamp(sum >> bits_, 0, 32767));
    }
#endif
  }

  static constexpr std::uint32_t pair(std::int16_t low, std::int16_t high) {
    return static_cast<std::uint16_t>(low) | std::uint32_t{static_cast<std::uint16_t>(high)} << 16;
  }

  // Three products of a coefficient and 15 bits stay below 2^31.
  static constexpr double largest_coefficient = 21'300;
  static constexpr int lowest_bits = 8;

  // Rounds a row of the matrix. One that leaves white nearly white (it sums to nearly 1) is made to leave it exactly,
  // so that no gray gets a tint from rounding.
  void set_row(std::size_t row, const Vector3& values) {
    constexpr double nearly = 0.005;
    const int one = 1 << bits_;
    auto& c = coefficients_[row];
    for (std::size_t i = 0; i < 3; ++i) {
      const double rounded = std::clamp(values[i] * one, -largest_coefficient, largest_coefficient);
      c[i] = static_cast<std::int16_t>(std::lround(rounded));
    }
    if (std::abs(values[0] + values[1] + values[2] - 1) < nearly) {
      auto& largest = *std::max_element(c.begin(), c.end());
      largest = static_cast<std::int16_t>(largest + one - (c[0] + c[1] + c[2]));
    }
  }

  int bits_ = 13;
  std::array<std::array<std::uint32_t, 256>, 3> pairs_;
  std::array<std::array<std::int16_t, 3>, 3> coefficients_;
  const std::uint8_t* encode_;
};

// --- one table ---

class TableRows final : public ColourTransform {
 public:
  TableRows(const std::array<std::uint8_t, 256>& table, const std::array<std::int16_t, 256>* light) : table_(table) {
    if (light != nullptr) light_ = *light;
  }

  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    for (std::uint32_t x = 0; x < width; ++x) out[0][x] = table_[in[0][x]];
  }

  std::unique_ptr<const LightTables> light_tables() const override { return make_light_tables(light_); }

 private:
  std::array<std::uint8_t, 256> table_;
  std::array<std::int16_t, 256> light_{};
};

// --- grid ---

class GridRows final : public ColourTransform {
 public:
  GridRows(std::size_t inputs, int points, const std::function<double(std::size_t, double)>& curve,
           const std::function<Vector3(const std::array<double, 4>&)>& node)
      : inputs_(inputs) {
    std::size_t stride = 3;
    for (std::size_t axis = inputs; axis-- > 0; stride *= static_cast<std::size_t>(points)) {
      stride_[axis] = static_cast<std::uint32_t>(stride);
      for (std::size_t code = 0; code < 256; ++code) {
        const double place = clamp_unit(curve(axis, static_cast<double>(code) / 255)) * (points - 1);
        // The last point is reached as the upper end of the last cell.
        const int low = std::min(static_cast<int>(place), points - 2);
        places_[axis][code] = {static_cast<std::uint32_t>(low) * stride_[axis],
                               static_cast<std::int32_t>(std::lround((place - low) * one))};
      }
    }
    fill(points, node, stride);
  }

  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    std::array<std::uint8_t, 4> samples{};
    for (std::uint32_t x = 0; x < width; ++x) {
      for (std::size_t axis = 0; axis < inputs_; ++axis) samples[axis] = in[axis][x];
      const std::array<std::int32_t, 3> colour =
          inputs_ == 3 ? within_three(0, samples.data(), 0) : within_four(samples.data());
      for (std::size_t c = 0; c < 3; ++c) {
        out[c][x] = static_cast<std::uint8_t>(std::clamp((colour[c] + value_half) >> value_bits, 0, 255));
      }
    }
  }

 private:
  static constexpr int place_bits = 12;
  static constexpr std::int32_t one = 1 << place_bits;
  static constexpr int value_bits = 6;
  static constexpr double lowest_code = -511;
  static constexpr double highest_code = 511;
  static constexpr std::int32_t value_half = 1 << (value_bits - 1);

  struct Place {
    std::uint32_t base;  // of the lower corner, as a step into nodes_
    std::int32_t part;   // 0 … one of the way to the upper corner
  };

  void fill(int points, const std::function<Vector3(const std::array<double, 4>&)>& node, std::size_t size) {
    nodes_.resize(size);
    std::array<int, 4> index{};
    for (std::size_t at = 0; at < size; at += 3) {
      std::array<double, 4> places{};
      for (std::size_t axis = 0; axis < inputs_; ++axis) places[axis] = static_cast<double>(index[axis]) / (points - 1);
      const Vector3 colour = node(places);
      for (std::size_t c = 0; c < 3; ++c) {
        // Colours outside of sRGB stay outside here, so that the edge of sRGB lies where it should between the points.
        const double code = colour[c] * 255 > lowest_code ? std::min(colour[c] * 255, highest_code) : lowest_code;
        nodes_[at + c] = static_cast<std::int16_t>(std::lround(code * (1 << value_bits)));
      }
      for (std::size_t axis = inputs_; axis-- > 0;) {
        if (++index[axis] < points) break;
        index[axis] = 0;
      }
    }
  }

  // Tetrahedral interpolation over three axes from `first` on.
  std::array<std::int32_t, 3> within_three(std::uint32_t base, const std::uint8_t* samples, std::size_t first) const {
    std::array<std::int32_t, 3> part;
    std::array<std::uint32_t, 3> step;
    for (std::size_t i = 0; i < 3; ++i) {
      const Place& place = places_[first + i][samples[i]];
      base += place.base;
      part[i] = place.part;
      step[i] = stride_[first + i];
    }
    const auto order = [&](std::size_t a, std::size_t b) {
      if (part[a] < part[b]) {
        std::swap(part[a], part[b]);
        std::swap(step[a], step[b]);
      }
    };
    order(0, 1);
    order(1, 2);
    order(0, 1);
    const std::int16_t* p0 = nodes_.data() + base;
    const std::int16_t* p1 = p0 + step[0];
    const std::int16_t* p2 = p1 + step[1];
    const std::int16_t* p3 = p2 + step[2];
    std::array<std::int32_t, 3> out;
    for (std::size_t c = 0; c < 3; ++c) {
      out[c] = (p0[c] * (one - part[0]) + p1[c] * (part[0] - part[1]) + p2[c] * (part[1] - part[2]) + p3[c] * part[2] +
                one / 2) >>
               place_bits;
    }
    return out;
  }

  std::array<std::int32_t, 3> within_four(const std::uint8_t* samples) const {
    const Place& place = places_[0][samples[0]];
    std::array<std::int32_t, 3> low = within_three(place.base, samples + 1, 1);
    if (place.part == 0) return low;
    const std::array<std::int32_t, 3> high = within_three(place.base + stride_[0], samples + 1, 1);
    for (std::size_t c = 0; c < 3; ++c) {
      low[c] = (low[c] * (one - place.part) + high[c] * place.part + one / 2) >> place_bits;
    }
    return low;
  }

  std::size_t inputs_;
  std::array<std::uint32_t, 4> stride_{};
  std::array<std::array<Place, 256>, 4> places_;
  std::vector<std::int16_t> nodes_;
};

}  // namespace

std::unique_ptr<ColourTransform> make_matrix_rows(const std::function<double(std::size_t, double)>& curve,
                                                  const Matrix3& to_srgb) {
  return std::make_unique<MatrixRows>(curve, to_srgb);
}

std::unique_ptr<ColourTransform> make_table_rows(const std::array<std::uint8_t, 256>& table,
                                                 const std::array<std::int16_t, 256>* light) {
  return std::make_unique<TableRows>(table, light);
}

std::unique_ptr<ColourTransform> make_grid_rows(std::size_t inputs, int points,
                                                const std::function<double(std::size_t, double)>& curve,
                                                const std::function<Vector3(const std::array<double, 4>&)>& node) {
  return std::make_unique<GridRows>(inputs, points, curve, node);
}

}  // namespace photo_core
