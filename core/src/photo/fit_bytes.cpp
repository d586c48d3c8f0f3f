#include "photo/fit_bytes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace photo_core {
namespace {

constexpr double lowest_quality = 35;       // below it a smaller picture looks better than a coarser one
constexpr double aim = 0.955;               // of the byte limit: the middle of what counts as landing
constexpr double usual_slope = -0.65;       // log bytes against log quantiser step, over photos
constexpr double correction_slope = -0.75;  // the same near an attempt, by coarser steps or by fewer pixels
constexpr int most_samples = 6;
constexpr std::uint32_t strip_rows = 96;  // a sample is strips of so many rows,
constexpr std::uint32_t strip_share = 6;  // one in so many

// libjpeg's scale of its quantiser tables for a quality, in percent, and back.
double step_of(double quality) { return quality < 50 ? 5000 / quality : std::max(1.0, 200 - 2 * quality); }
double quality_of(double step) { return std::clamp(step > 100 ? 5000 / step : (200 - step) / 2, 1.0, 100.0); }

struct Setting {
  double quality = 0;
  double scale = 1;  // of both edges
};

// One number from "as asked" (0) to ever fewer bytes: first coarser steps down to the lowest quality, then fewer
// pixels.
Setting setting_at(double amount, const OutputSpec& spec) {
  double coarser = 0;
  if (spec.format != OutputFormat::png) {
    const double first = step_of(spec.request.quality);
    coarser = std::clamp(std::log(step_of(lowest_quality) / first), 0.0, amount);
    if (coarser > 0) return {quality_of(first * std::exp(coarser)), std::exp(-(amount - coarser) / 2)};
  }
  return {spec.request.quality, std::exp(-amount / 2)};
}

std::uint32_t scaled(std::uint32_t edge, double scale) {
  return std::max(1u, static_cast<std::uint32_t>(std::lround(edge * scale)));
}

Result<FittedImage> encode_at(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double amount) {
  const Setting setting = setting_at(amount, spec);
  OutputSpec attempt = spec;
  attempt.request.quality = setting.quality;
  FittedImage image;
  image.width_px = scaled(frame.layout.width_px, setting.scale);
  image.height_px = scaled(frame.layout.height_px, setting.scale);
  auto encoded = encode_resized(frame, image.width_px, image.height_px, attempt, drop_alpha);
  if (!encoded) return std::move(encoded).error();
  image.bytes = std::move(encoded).value();
  return image;
}

// Strips from the whole height of a frame: little to encode, and yet of its kind.
Frame sample_of(const Frame& frame) {
  const std::uint32_t strips = std::max(1u, frame.layout.height_px / (strip_rows * strip_share));
  const std::uint32_t period = frame.layout.height_px / strips / 2 * 2;  // even: chroma rows stay with their luma rows
  const std::uint32_t rows = std::min(strip_rows, frame.layout.height_px);
  Frame out;
  PlaneLayout layout = frame.layout;
  layout.height_px = strips * rows;
  out.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t divisor = layout.is_chroma(plane) ? layout.v_subsampling : 1;
    for (std::uint32_t strip = 0; strip < strips; ++strip) {
      for (std::uint32_t y = 0; y < rows / divisor; ++y) {
        std::memcpy(out.row(plane, strip * (rows / divisor) + y), frame.row(plane, strip * period / divisor + y),
                    layout.plane_width(plane));
      }
    }
  }
  return out;
}

// Looks on the sample for the amount that changes its bytes, from what they are at `from`, by exp(log_ratio).
double estimate(const Frame& sample, const OutputSpec& spec, bool drop_alpha, double from, double log_ratio,
                double header_bytes) {
  const auto log_bytes = [&](double amount) -> std::optional<double> {
    auto image = encode_at(sample, spec, drop_alpha, amount);
    if (!image) return std::nullopt;
    return std::log(std::max(1.0, static_cast<double>(image->bytes.size()) - header_bytes));
  };
  double next = std::max(0.0, from + log_ratio / usual_slope);
  const auto start = log_bytes(from);
  if (!start) return next;
  // The two newest points of a curve that falls; the wanted amount is where it crosses 0.
  double amount = from, value = -log_ratio;
  for (int i = 1; i < most_samples && next != amount; ++i) {
    const auto bytes = log_bytes(next);
    if (!bytes) return next;
    const double next_value = *bytes - *start - log_ratio;
    const double slope = std::clamp((next_value - value) / (next - amount), -3.0, -0.1);
    amount = next;
    value = next_value;
    if (std::abs(value) < 0.01) break;
    next = std::max(0.0, amount - value / slope);
  }
  return next;
}

}  // namespace

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  const double limit = static_cast<double>(max_bytes);
  const double header_bytes = (spec.format == OutputFormat::jpeg ? 350 : 60) +
                              static_cast<double>(spec.request.icc_profile.size() + spec.request.exif.size());
  const auto body = [&](double bytes) { return std::max(1.0, bytes - header_bytes); };
  const Frame sample = sample_of(frame);
  std::optional<FittedImage> best;
  double amount = 0, bytes = static_cast<double>(first_bytes), smallest = bytes;
  // Two more encodes; a picture that even then is too large has two more before it is refused, aimed ever lower.
  for (int encodes = 1; encodes < 3 || (!best && encodes < 5); ++encodes) {
    const double target = limit * (encodes < 3 ? aim : aim - 0.1 * (encodes - 2));
    const double log_ratio = std::log(body(target) / body(bytes));
    // A small correction is safer along the usual curve: where edges change by a few pixels, a sample is erratic.
    amount = encodes > 1 && std::abs(log_ratio) < 0.2
                 ? std::max(0.0, amount + log_ratio / correction_slope)
                 : estimate(sample, spec, drop_alpha, amount, log_ratio, header_bytes);
    auto image = encode_at(frame, spec, drop_alpha, amount);
    if (!image) return std::move(image).error();
    bytes = static_cast<double>(image->bytes.size());
    smallest = std::min(smallest, bytes);
    if (bytes <= limit && (!best || image->bytes.size() > best->bytes.size())) best = std::move(image).value();
    if (bytes <= limit && bytes >= 0.9 * limit) break;
  }
  if (!best) return fail_limit(ErrorCode::output_too_large, limit, smallest);
  return std::move(*best);
}

}  // namespace photo_core
