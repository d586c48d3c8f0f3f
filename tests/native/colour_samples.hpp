// Profiles made by lcms2, and our transforms measured against lcms2's.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <lcms2.h>

#include "image/colour.hpp"

namespace photo_core::samples {

struct ProfileCloser {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using LcmsProfile = std::unique_ptr<void, ProfileCloser>;

struct TransformCloser {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using LcmsTransform = std::unique_ptr<void, TransformCloser>;

inline Bytes saved(const LcmsProfile& profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile.get(), nullptr, &size);
  Bytes out(size);
  cmsSaveProfileToMem(profile.get(), out.data(), &size);
  return out;
}

// The same curve for all three channels; it stays the caller's.
inline Bytes rgb_profile(const cmsCIExyY& white, const cmsCIExyYTRIPLE& primaries, cmsToneCurve* curve,
                         double version) {
  cmsToneCurve* curves[3] = {curve, curve, curve};
  const LcmsProfile profile(cmsCreateRGBProfile(&white, &primaries, curves));
  cmsSetProfileVersion(profile.get(), version);
  return saved(profile);
}

struct Difference {
  double mean = 0, largest = 0;  // CIEDE2000
  int largest_level = 0;         // of any channel
};

enum class Reference { usual, exact };  // lcms2 as it comes, or without its shortcuts

// Through our transform and lcms2's: all grays of the device, then random colours.
inline Difference compare(const Bytes& profile_bytes, ColorModel model, bool is_cmyk,
                          Reference reference = Reference::usual) {
  constexpr std::size_t count = 20'000;
  const std::size_t channels = is_cmyk ? 4 : model == ColorModel::gray ? 1 : 3;
  std::mt19937 random(1);
  std::vector<std::uint8_t> in(count * channels);
  for (auto& sample : in) sample = static_cast<std::uint8_t>(random());
  for (std::size_t i = 0; i < 256 * channels; ++i) in[i] = static_cast<std::uint8_t>(i / channels);

  const LcmsProfile profile(
      cmsOpenProfileFromMem(profile_bytes.data(), static_cast<cmsUInt32Number>(profile_bytes.size())));
  const LcmsProfile srgb(cmsCreate_sRGBProfile());
  const LcmsProfile lab(cmsCreateLab4Profile(nullptr));
  const cmsUInt32Number format = is_cmyk ? TYPE_CMYK_8 : channels == 1 ? TYPE_GRAY_8 : TYPE_RGB_8;
  const cmsUInt32Number flags = reference == Reference::exact ? cmsFLAGS_NOOPTIMIZE : 0u;
  // For lcms2 the perceptual intent brings black point compensation. Of a matrix it is nobody's intent to tell.
  const bool has_table = is_cmyk || inspect_profile(profile_bytes).kind == ProfileKind::lut;
  const cmsUInt32Number intent = has_table ? INTENT_PERCEPTUAL : INTENT_RELATIVE_COLORIMETRIC;
  const LcmsTransform theirs(cmsCreateTransform(profile.get(), format, srgb.get(), TYPE_RGB_8, intent, flags));
  const LcmsTransform to_lab(cmsCreateTransform(srgb.get(), TYPE_RGB_8, lab.get(), TYPE_Lab_DBL,
                                                INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE));
  std::vector<std::uint8_t> expected(count * 3);
  cmsDoTransform(theirs.get(), in.data(), expected.data(), count);

  std::array<std::vector<std::uint8_t>, 4> planes;
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < count; ++i) planes[c].push_back(in[i * channels + c]);
  }
  const std::unique_ptr<ColourTransform> ours = make_icc_transform(profile_bytes, model, is_cmyk);
  if (ours) {  // in place, as the pipeline does it
    const std::uint8_t* const from[] = {planes[0].data(), planes[1].data(), planes[2].data(), planes[3].data()};
    std::uint8_t* const to[] = {planes[0].data(), planes[1].data(), planes[2].data()};
    ours->row(from, to, count);
  }
  Difference out;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<std::uint8_t, 3> colour;
    for (std::size_t c = 0; c < 3; ++c) {
      colour[c] = planes[channels == 1 ? 0 : c][i];
      out.largest_level = std::max(out.largest_level, std::abs(colour[c] - expected[i * 3 + c]));
    }
    cmsCIELab a, b;
    cmsDoTransform(to_lab.get(), colour.data(), &a, 1);
    cmsDoTransform(to_lab.get(), &expected[i * 3], &b, 1);
    const double difference = cmsCIE2000DeltaE(&a, &b, 1, 1, 1);
    out.mean += difference / count;
    out.largest = std::max(out.largest, difference);
  }
  return out;
}

}  // namespace photo_core::samples
