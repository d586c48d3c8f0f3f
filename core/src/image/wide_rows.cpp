// Plain loops that the compilers turn into vectors: no branch, no division of integers.
#include "image/wide_rows.hpp"

#include <algorithm>

namespace photo_core {
namespace {

// a * b / 65025 of two 8-bit samples, rounded to a part of `wide_one`: the factor in 1/65536 is the nearest.
std::int16_t product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int16_t>((a * b * 16'513u + 32'768u) >> 16);
}

void weigh(std::int16_t* samples, const std::uint8_t* alpha, std::uint32_t count) {
  for (std::uint32_t x = 0; x < count; ++x) {
    const std::int32_t value = samples[x] * (alpha[x] * 257 + (alpha[x] >> 7));  // alpha in 1/65536
    samples[x] = static_cast<std::int16_t>((value + 32'768) >> 16);
  }
}

}  // namespace

bool is_opaque_row(const std::uint8_t* alpha, std::uint32_t count) {
  std::uint8_t all = 255;
  for (std::uint32_t x = 0; x < count; ++x) all &= alpha[x];
  return all == 255;
}

void widen_row(const std::uint8_t* in, const std::uint8_t* alpha, std::uint32_t count, std::int16_t* out) {
  if (alpha == nullptr) {
    for (std::uint32_t x = 0; x < count; ++x) out[x] = product(in[x], 255);
  } else {
    for (std::uint32_t x = 0; x < count; ++x) out[x] = product(in[x], alpha[x]);
  }
}

void widen_row_to_light(const std::uint8_t* in, const std::uint8_t* alpha, std::uint32_t count,
                        const std::int16_t* light, std::int16_t* out) {
  for (std::uint32_t x = 0; x < count; ++x) out[x] = static_cast<std::int16_t>((light[in[x]] + 1) >> 1);
  if (alpha != nullptr) weigh(out, alpha, count);
}

void unweigh_row(std::int16_t* samples, const std::int16_t* alpha, std::uint32_t count) {
  for (std::uint32_t x = 0; x < count; ++x) {
    const auto weight = static_cast<float>(alpha[x]);
    const float value = static_cast<float>(samples[x]) * wide_one / std::max(weight, 1.0f) + 0.5f;
    samples[x] = static_cast<std::int16_t>(weight > 0 ? std::min(value, 1.0f * wide_one) : 0.0f);
  }
}

void narrow_row(const std::int16_t* in, std::uint32_t count, std::uint8_t* out) {
  for (std::uint32_t x = 0; x < count; ++x) {
    const std::int32_t rounded = (in[x] * 255 + wide_one / 2) >> 14;
    out[x] = static_cast<std::uint8_t>(std::min(rounded, 255));
  }
}

void narrow_row_from_light(const std::int16_t* in, std::uint32_t count, const std::uint8_t* encoded,
                           std::uint8_t* out) {
  for (std::uint32_t x = 0; x < count; ++x) out[x] = encoded[std::min(in[x] * 2, 32'767)];
}

}  // namespace photo_core
