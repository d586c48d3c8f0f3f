#include "image/colour_curve.hpp"

#include <algorithm>
#include <cmath>

#include "image/colour.hpp"

namespace photo_core {
namespace {

constexpr double lowest_sane_exponent = 0.01;
constexpr double highest_sane_exponent = 100;

// x^g for x > 0, else 0.
double power_of(double x, double g) { return x > 0 ? std::pow(x, g) : 0; }

}  // namespace

ToneCurve ToneCurve::power(double exponent) {
  ToneCurve curve;
  curve.p_[0] = exponent;
  return curve;
}

ToneCurve ToneCurve::sampled(ByteView table, int entry_bytes) {
  ToneCurve curve;
  curve.form_ = entry_bytes == 1 ? Form::table8 : Form::table16;
  curve.table_ = table;
  return curve;
}

std::optional<ToneCurve> ToneCurve::read(ByteView element, std::size_t* used) {
  constexpr std::array<std::size_t, 5> parameter_counts = {1, 3, 4, 5, 7};
  if (element.size() < 12) return std::nullopt;
  if (has_at(element, 0, "curv")) {
    const std::size_t count = read_be32(element.data() + 8);
    if (count > element.size() || !in_bounds(element.size(), 12, count * 2)) return std::nullopt;
    if (used) *used = 12 + count * 2;
    if (count == 0) return ToneCurve{};
    if (count > 1) return sampled(element.subspan(12, count * 2), 2);
    const double exponent = read_be16(element.data() + 12) / 256.0;
    if (exponent < lowest_sane_exponent) return std::nullopt;
    return power(exponent);
  }
  if (!has_at(element, 0, "para")) return std::nullopt;
  const std::size_t function = read_be16(element.data() + 8);
  if (function >= parameter_counts.size()) return std::nullopt;
  const std::size_t count = parameter_counts[function];
  if (!in_bounds(element.size(), 12, count * 4)) return std::nullopt;
  if (used) *used = 12 + count * 4;
  ToneCurve curve;
  curve.function_ = static_cast<int>(function);
  for (std::size_t i = 0; i < count; ++i) {
    curve.p_[i] = static_cast<std::int32_t>(read_be32(element.data() + 12 + i * 4)) / 65536.0;
  }
  const double exponent = curve.p_[0];
  if (!(exponent >= lowest_sane_exponent && exponent <= highest_sane_exponent)) return std::nullopt;
  return curve;
}

double ToneCurve::operator()(double x) const {
  if (form_ != Form::parametric) {
    x = clamp_unit(x);
    const std::size_t entry_bytes = form_ == Form::table8 ? 1 : 2;
    const std::size_t last = table_.size() / entry_bytes - 1;
    const double place = x * static_cast<double>(last);
    const auto low = std::min(static_cast<std::size_t>(place), last - 1);
    const auto entry = [&](std::size_t i) {
      return entry_bytes == 1 ? table_[i] / 255.0 : read_be16(table_.data() + i * 2) / 65535.0;
    };
    const double fraction = place - static_cast<double>(low);
    return entry(low) + (entry(low + 1) - entry(low)) * fraction;
  }
  const auto [g, a, b, c, d, e, f] = p_;
  switch (function_) {
    case 0: return g == 1 ? x : power_of(x, g);  // a table's last curves pass on what is below 0
    case 1: return power_of(a * x + b, g);
    case 2: return power_of(a * x + b, g) + c;
    case 3: return x >= d ? power_of(a * x + b, g) : c * x;
    default: return x >= d ? power_of(a * x + b, g) + e : c * x + f;
  }
}

double srgb_to_linear(double encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}

double linear_to_srgb(double linear) {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

const std::array<std::int16_t, 256>& srgb_to_linear15() {
  static const std::array<std::int16_t, 256> table = [] {
    std::array<std::int16_t, 256> values{};
    for (std::size_t code = 0; code < values.size(); ++code) {
      values[code] = static_cast<std::int16_t>(std::lround(srgb_to_linear(static_cast<double>(code) / 255) * 32767));
    }
    return values;
  }();
  return table;
}

const std::array<std::uint8_t, 32768>& linear15_to_srgb_table() {
  static const std::array<std::uint8_t, 32768> table = [] {
    // Filled from one code's upper edge to the next: 255 powers in place of 32768.
    std::array<std::uint8_t, 32768> values{};
    std::size_t value = 0;
    for (int code = 0; code < 255; ++code) {
      const double edge = srgb_to_linear((code + 0.5) / 255) * 32767;
      for (; static_cast<double>(value) < edge; ++value) values[value] = static_cast<std::uint8_t>(code);
    }
    for (; value < values.size(); ++value) values[value] = 255;
    return values;
  }();
  return table;
}

std::unique_ptr<const LightTables> make_light_tables(const std::array<std::int16_t, 256>& light) {
  constexpr int near = 328;  // a hundredth
  bool is_near = true;
  for (std::size_t i = 0; i < light.size(); ++i) {
    // Resizing has half of the values.
    if (i > 0 && (light[i] + 1) >> 1 <= (light[i - 1] + 1) >> 1) return nullptr;
    is_near = is_near && std::abs(light[i] - srgb_to_linear15()[i]) <= near;
  }
  if (is_near) return nullptr;
  auto tables = std::make_unique<LightTables>();
  tables->light = light;
  std::size_t code = 0;
  for (int value = 0; value < 32'768; ++value) {
    while (code < 255 && value * 2 > light[code] + light[code + 1]) ++code;
    tables->code[static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(code);
  }
  return tables;
}

std::uint8_t linear15_to_srgb(std::int32_t value) {
  return linear15_to_srgb_table()[static_cast<std::size_t>(std::clamp<std::int32_t>(value, 0, 32767))];
}

}  // namespace photo_core
