#include "image/colour.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "image/colour_cicp.hpp"
#include "image/colour_hdr.hpp"
#include "image/colour_profile.hpp"
#include "image/colour_rows.hpp"

namespace photo_core {
namespace {

constexpr std::uint32_t code_count = 256;

Vector3 encode(const Vector3& linear) {
  Vector3 out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = linear_to_srgb(linear[i]);
  return out;
}

// A gray picture through a transform of three planes: each code once. Fits what has one neutral axis, as matrix
// profiles do.
std::unique_ptr<ColourTransform> gray_through(const ColourTransform& transform) {
  std::array<std::uint8_t, code_count> codes, red, green, blue;
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  const std::uint8_t* const in[] = {codes.data(), codes.data(), codes.data()};
  std::uint8_t* const out[] = {red.data(), green.data(), blue.data()};
  transform.row(in, out, code_count);
  const std::unique_ptr<const LightTables> light = transform.light_tables();
  return make_table_rows(green, light ? &light->light : nullptr);
}

// Whether no sample changes by more than 1: every gray, and a grid of colours.
bool changes_nothing(const ColourTransform& transform, ColorModel model) {
  constexpr int step = 15;  // 18 codes from 0 to 255
  std::array<std::vector<std::uint8_t>, 3> from;
  for (int gray = 0; gray < 256; ++gray) {
    for (auto& plane : from) plane.push_back(static_cast<std::uint8_t>(gray));
  }
  if (model != ColorModel::gray) {
    for (int r = 0; r < 256; r += step) {
      for (int g = 0; g < 256; g += step) {
        for (int b = 0; b < 256; b += step) {
          from[0].push_back(static_cast<std::uint8_t>(r));
          from[1].push_back(static_cast<std::uint8_t>(g));
          from[2].push_back(static_cast<std::uint8_t>(b));
        }
      }
    }
  }
  auto to = from;
  const std::uint8_t* const in[] = {from[0].data(), from[1].data(), from[2].data()};
  std::uint8_t* const out[] = {to[0].data(), to[1].data(), to[2].data()};
  transform.row(in, out, static_cast<std::uint32_t>(from[0].size()));
  for (std::size_t plane = 0; plane < (model == ColorModel::gray ? 1 : 3); ++plane) {
    for (std::size_t i = 0; i < from[plane].size(); ++i) {
      if (std::abs(from[plane][i] - to[plane][i]) > 1) return false;
    }
  }
  return true;
}

// The connection space's values as XYZ, from what a table gives.
Vector3 pcs_to_xyz(const IccProfile& profile, const LutValues& values) {
  if (!profile.pcs_is_lab) {
    constexpr double scale = 1 + 32767.0 / 32768;  // u1Fixed15
    return {values[0] * scale, values[1] * scale, values[2] * scale};
  }
  if (profile.lut.has_old_lab()) {
    return lab_to_xyz({values[0] * 100 * 65535 / 65280, values[1] * 65535 / 256 - 128, values[2] * 65535 / 256 - 128});
  }
  return lab_to_xyz({values[0] * 100, values[1] * 255 - 128, values[2] * 255 - 128});
}

// How many points the row function's grid gets along each axis: the profile's own, or each of its cells cut evenly, so
// that its points stay points.
int choose_points(int own_points, std::size_t inputs) {
  const int most = inputs == 3 ? 33 : 21;
  if (own_points > most) return inputs == 3 ? 33 : 17;
  return (own_points - 1) * ((most - 1) / (own_points - 1)) + 1;
}

// From what a table gives to encoded sRGB, not clamped. Black point compensation: the darkest that there is is scaled
// to black, white stays.
Vector3 pcs_to_srgb(const IccProfile& profile, const LutValues& values) {
  const Vector3 black = lab_to_xyz({profile.black_lightness, 0, 0});
  Vector3 xyz = pcs_to_xyz(profile, values);
  for (std::size_t i = 0; i < 3; ++i) xyz[i] = (xyz[i] - black[i]) * d50_white[i] / (d50_white[i] - black[i]);
  return encode(multiply(xyz_d50_to_srgb(), xyz));
}

std::unique_ptr<ColourTransform> make_lut_transform(const IccProfile& profile) {
  const ColourLut& lut = profile.lut;
  return make_grid_rows(
      lut.inputs(), choose_points(lut.grid_points(), lut.inputs()),
      [&](std::size_t channel, double value) { return lut.first_curve(channel, value); },
      [&](const std::array<double, 4>& places) { return pcs_to_srgb(profile, lut.after_first_curves(places)); });
}

// changes_nothing() for a table, without building its grid: most fail at the first colours.
bool lut_changes_nothing(const IccProfile& profile) {
  constexpr int points = 9;
  constexpr double tolerance = 1.0 / 255;
  for (int i = 0; i < points * points * points; ++i) {
    // Mixed colours first: 7 shares no factor with the count.
    const int at = i * 7 % (points * points * points);
    const int steps[] = {at % points, at / points % points, at / points / points};
    const auto share = [&](int axis) { return static_cast<double>(steps[axis]) / (points - 1); };
    const Vector3 colour = {share(0), share(1), share(2)};
    const Vector3 srgb = pcs_to_srgb(profile, profile.lut({colour[0], colour[1], colour[2], 0}));
    for (std::size_t c = 0; c < 3; ++c) {
      if (std::abs(clamp_unit(srgb[c]) - colour[c]) > tolerance) return false;
    }
  }
  return true;
}

std::unique_ptr<ColourTransform> make_gray_transform(const IccProfile& profile) {
  std::array<std::uint8_t, code_count> table;
  std::array<std::int16_t, code_count> light;
  for (std::size_t code = 0; code < table.size(); ++code) {
    double value = profile.curves[0](static_cast<double>(code) / 255);
    if (profile.pcs_is_lab) value = lab_to_xyz({value * 100, 0, 0})[1];
    table[code] = static_cast<std::uint8_t>(std::lround(linear_to_srgb(clamp_unit(value)) * 255));
    light[code] = static_cast<std::int16_t>(std::lround(clamp_unit(value) * 32767));
  }
  return make_table_rows(table, &light);
}

// A transform for pictures of `model`, or null when the profile is not for them.
std::unique_ptr<ColourTransform> make_profile_transform(const IccProfile& profile, ColorModel model) {
  switch (profile.kind) {
    case ProfileKind::gray: return model == ColorModel::gray ? make_gray_transform(profile) : nullptr;
    case ProfileKind::matrix: {
      auto rows = make_matrix_rows([&](std::size_t channel, double sample) { return profile.curves[channel](sample); },
                                   multiply(xyz_d50_to_srgb(), profile.to_xyz));
      return model == ColorModel::gray ? gray_through(*rows) : std::move(rows);
    }
    case ProfileKind::lut: return model == ColorModel::gray ? nullptr : make_lut_transform(profile);
    case ProfileKind::cmyk: return make_lut_transform(profile);
    default: return nullptr;
  }
}

// Whether pictures of the profile's own kind can be taken as sRGB.
bool is_srgb(const IccProfile& profile) {
  if (profile.high_range) return false;
  if (profile.kind == ProfileKind::lut) return lut_changes_nothing(profile);
  if (profile.kind != ProfileKind::matrix && profile.kind != ProfileKind::gray) return false;
  const ColorModel model = profile.kind == ProfileKind::gray ? ColorModel::gray : ColorModel::rgb;
  return changes_nothing(*make_profile_transform(profile, model), model);
}

// Samples of 16 bits, turned to sRGB's curve before they become 8, and what is left to do with them then.
class DeepRows final : public ColourTransform {
 public:
  DeepRows(const std::function<double(double)>& light, std::unique_ptr<ColourTransform> rest, int planes)
      : codes_(65'536), rest_(std::move(rest)), planes_(planes) {
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      const double linear = light(static_cast<double>(i) / static_cast<double>(codes_.size() - 1));
      codes_[i] = static_cast<std::uint8_t>(clamp_unit(linear_to_srgb(linear)) * 255 + 0.5);
    }
  }

  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    if (rest_) return rest_->row(in, out, width);
    for (int plane = 0; plane < planes_; ++plane) std::memmove(out[plane], in[plane], width);
  }
  const std::uint8_t* codes_of_16_bits() const override { return codes_.data(); }

 private:
  std::vector<std::uint8_t> codes_;
  std::unique_ptr<ColourTransform> rest_;
  int planes_;
};

// From a curve (`light`: of a sample of 0 … 1), the same for all channels, and primaries; `gain` multiplies what is
// linear. null when nothing changes.
std::unique_ptr<ColourTransform> make_primaries_transform(const std::array<double, 8>& chromaticities, double gain,
                                                          const std::function<double(double)>& light, ColorModel model,
                                                          bool is_deep) {
  const std::optional<Matrix3> to_xyz = rgb_to_xyz_d50(chromaticities);
  if (!to_xyz) return nullptr;
  Matrix3 to_srgb = multiply(xyz_d50_to_srgb(), *to_xyz);
  for (Vector3& row : to_srgb) {
    for (double& value : row) value *= gain;
  }
  std::unique_ptr<ColourTransform> transform = make_matrix_rows(
      [&](std::size_t, double sample) { return is_deep ? srgb_to_linear(sample) : light(sample); }, to_srgb);
  if (model == ColorModel::gray) transform = gray_through(*transform);
  if (changes_nothing(*transform, model)) transform = nullptr;
  if (!is_deep) return transform;
  return std::make_unique<DeepRows>(light, std::move(transform), model == ColorModel::gray ? 1 : 3);
}

class PlainCmykRows final : public ColourTransform {
 public:
  void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const override {
    for (std::uint32_t x = 0; x < width; ++x) {
      const int paper = 255 - in[3][x];
      for (int c = 0; c < 3; ++c) {
        // Division by 255 with rounding, exact for products of two codes.
        const int product = (255 - in[c][x]) * paper + 128;
        out[c][x] = static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
      }
    }
  }
};

}  // namespace

ProfileInfo inspect_profile(ByteView icc_profile) {
  ProfileInfo info;
  if (icc_profile.empty()) return info;
  const IccProfile profile = read_icc_profile(icc_profile);
  info.kind = profile.kind;
  info.description = icc_description(icc_profile);
  info.is_srgb = is_srgb(profile);
  if (info.is_srgb && profile.kind != ProfileKind::gray) info.kind = ProfileKind::srgb;
  return info;
}

std::unique_ptr<ColourTransform> make_icc_transform(ByteView icc_profile, ColorModel model, bool is_cmyk,
                                                    bool is_deep) {
  const IccProfile profile = read_icc_profile(icc_profile);
  if ((profile.kind == ProfileKind::cmyk) != is_cmyk) return nullptr;
  if (profile.high_range) return make_hdr_rows(*profile.high_range, model, is_deep);
  if (is_srgb(profile)) return nullptr;
  return make_profile_transform(profile, model);
}

std::unique_ptr<ColourTransform> make_png_transform(double encoding_gamma, const std::array<double, 8>* chromaticities,
                                                    ColorModel model, bool is_deep) {
  // An exponent within 5 percent of 1/2.2 is what programs wrote that meant sRGB; readers have always taken it so.
  constexpr double usual_gamma = 1 / 2.2;
  constexpr double tolerance = 0.05;
  // Primaries without a curve say too little: browsers pass over cHRM without gAMA.
  if (!(encoding_gamma > 0.01 && encoding_gamma < 100)) return nullptr;
  const bool usual = std::abs(encoding_gamma / usual_gamma - 1) < tolerance;
  const auto light = [&](double sample) {
    return usual ? srgb_to_linear(sample) : std::pow(sample, 1 / encoding_gamma);
  };
  return make_primaries_transform(chromaticities ? *chromaticities : srgb_chromaticities, 1, light, model,
                                  is_deep && !usual);
}

bool are_known(const CodePoints& points) {
  return find_primaries(points.primaries) != nullptr && linear_light(points.transfer, 0) >= 0;
}

bool is_high_range(const CodePoints& points) {
  const TransferCharacteristics transfer{points.transfer};
  return are_known(points) && (transfer == TransferCharacteristics::pq || transfer == TransferCharacteristics::hlg);
}

std::unique_ptr<ColourTransform> make_cicp_transform(const CodePoints& points, ColorModel model, bool is_deep) {
  if (!are_known(points)) return nullptr;
  if (is_high_range(points)) return make_hdr_rows(points, model, is_deep);
  const TransferCharacteristics transfer{points.transfer};
  constexpr double digital_cinema_white = 52.37 / 48;  // ST 428-1: 48 cd/m² of the 52.37 that the samples can say
  return make_primaries_transform(
      *find_primaries(points.primaries), transfer == TransferCharacteristics::dcdm ? digital_cinema_white : 1,
      [&](double sample) { return linear_light(points.transfer, sample); }, model,
      is_deep && transfer != TransferCharacteristics::srgb);
}

std::unique_ptr<ColourTransform> make_plain_cmyk_transform() { return std::make_unique<PlainCmykRows>(); }

}  // namespace photo_core
