#include "image/colour_cicp.hpp"

#include <algorithm>
#include <cmath>

#include "image/colour_curve.hpp"

namespace photo_core {
namespace {

struct Primaries {
  std::uint8_t code;
  std::array<double, 8> chromaticities;
};
constexpr std::array<Primaries, 11> known_primaries = {{
    {1, {0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060}},   // BT.709, sRGB
    {4, {0.3100, 0.3160, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080}},   // BT.470 M
    {5, {0.3127, 0.3290, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060}},   // BT.470 B and G
    {6, {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},   // BT.601, 525 lines
    {7, {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},   // SMPTE 240M
    {8, {0.3100, 0.3160, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049}},   // film, through C's filters
    {9, {0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046}},   // BT.2020, BT.2100
    {10, {1 / 3.0, 1 / 3.0, 1, 0, 0, 1, 0, 0}},                        // SMPTE ST 428-1: CIE XYZ itself
    {11, {0.3140, 0.3510, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},  // DCI P3
    {12, {0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},  // Display P3
    {22, {0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077}},  // EBU 3213
}};

// SMPTE ST 2084, BT.2100 table 4: 10 000 cd/m² at 1.
double pq_to_linear(double sample) {
  constexpr double m1 = 2610.0 / 16384, m2 = 2523.0 / 32, c1 = 3424.0 / 4096, c2 = 2413.0 / 128, c3 = 2392.0 / 128;
  const double power = std::pow(sample, 1 / m2);
  return std::pow(std::max(power - c1, 0.0) / (c2 - c3 * power), 1 / m1);
}

// BT.2100 table 5, the inverse of its OETF.
double hlg_to_linear(double sample) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073, e = 2.718281828459045;
  return sample <= 0.5 ? sample * sample / 3 : (std::pow(e, (sample - c) / a) + b) / 12;
}

}  // namespace

const std::array<double, 8>* find_primaries(std::uint8_t code) {
  for (const Primaries& primaries : known_primaries) {
    if (primaries.code == code) return &primaries.chromaticities;
  }
  return nullptr;
}

double linear_light(std::uint8_t transfer, double sample) {
  switch (transfer) {
    case 1:
    case 6:
    case 11:
    case 12:
    case 14:
    case 15: return std::pow(sample, 2.4);
    case 4: return std::pow(sample, 2.2);
    case 5: return std::pow(sample, 2.8);
    case 7: return sample < 4 * 0.0228 ? sample / 4 : std::pow((sample + 0.1115) / 1.1115, 1 / 0.45);  // SMPTE 240M
    case 8: return sample;
    case 9: return sample > 0 ? std::pow(10, 2 * (sample - 1)) : 0;  // logarithms over 100 : 1, and 316 : 1
    case 10: return sample > 0 ? std::pow(10, 2.5 * (sample - 1)) : 0;
    case 13: return srgb_to_linear(sample);
    case 16: return pq_to_linear(sample);
    case 17: return std::pow(sample, 2.6);  // SMPTE ST 428-1, but for its white's factor
    case 18: return hlg_to_linear(sample);
    default: return -1;
  }
}

}  // namespace photo_core
