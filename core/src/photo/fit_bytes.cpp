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
constexpr double most_work = 3;             // encodes of the whole frame
constexpr int most_encodes = 10;            // of whatever size
constexpr int most_samples = 8;
constexpr double near_enough = 0.015;     // of the goal, in log bytes
constexpr std::uint32_t strip_rows = 96;  // a sample is strips of so many rows,
constexpr std::uint32_t strip_share = 6;  // one in so many,
constexpr std::uint32_t least_sample_pixels = 250'000;

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

// Strips from the whole height of a frame: little to encode, and yet of its kind. A small frame is its own sample.
Frame sample_of(const Frame& frame) {
  const std::uint32_t width = frame.layout.width_px, height = frame.layout.height_px;
  const std::uint32_t least = least_sample_pixels / strip_rows / width + 1;
  const std::uint32_t strips = std::max(least, height / (strip_rows * strip_share));
  if (strips >= height / strip_rows) return frame;
  const std::uint32_t period = height / strips / 2 * 2;  // even: chroma rows stay with their luma rows
  Frame out;
  PlaneLayout layout = frame.layout;
  layout.height_px = strips * strip_rows;
  out.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t divisor = layout.is_chroma(plane) ? layout.v_subsampling : 1;
    for (std::uint32_t strip = 0; strip < strips; ++strip) {
      for (std::uint32_t y = 0; y < strip_rows / divisor; ++y) {
        std::memcpy(out.row(plane, strip * (strip_rows / divisor) + y), frame.row(plane, strip * period / divisor + y),
                    layout.plane_width(plane));
      }
    }
  }
  return out;
}

// How the bytes of a sample change with the amount. A curve that falls, but for steps: fewer pixels may need more bytes
// where a palette is lost, and a size has whole pixels.
class Curve {
 public:
  Curve(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double header_bytes)
      : sample_(sample_of(frame)), spec_(spec), drop_alpha_(drop_alpha), header_bytes_(header_bytes) {}

  std::optional<double> log_bytes(double amount) const {
    auto image = encode_at(sample_, spec_, drop_alpha_, amount);
    if (!image) return std::nullopt;
    return std::log(std::max(1.0, static_cast<double>(image->bytes.size()) - header_bytes_));
  }

  // The amount that changes the bytes from what they are at `from` by exp(log_ratio). Above `too_little` (where they
  // are known to be too many) in any case.
  double find(double from, double log_ratio, double too_little) {
    const auto start = log_bytes(from);
    const double guess = std::max(too_little, from + log_ratio / usual_slope);
    if (!start) return guess;
    // What is beyond the goal at the two ends of where it must lie.
    double low = too_little, high = -1, beyond_low = 0, beyond_high = 0;
    if (log_ratio < 0) {
      low = from;
      beyond_low = -log_ratio;
    } else {
      high = from;
      beyond_high = -log_ratio;
    }
    double next = guess;
    for (int i = 0; i < most_samples; ++i) {
      const auto bytes = log_bytes(next);
      if (!bytes) break;
      const double beyond = *bytes - *start - log_ratio;
      const double slope = beyond_low > 0 && next > low ? (beyond - beyond_low) / (next - low) : usual_slope;
      if (beyond_low > 0 && next > low + 0.02) slope_ = std::clamp(slope, 2 * correction_slope, correction_slope);
      if (std::abs(beyond) < near_enough) return next;
      if (beyond > 0) {
        low = next;
        beyond_low = beyond;
      } else {
        high = next;
        beyond_high = beyond;
      }
      if (high < 0) {
        next = low - beyond_low / std::clamp(slope, -3.0, -0.5);
      } else if (beyond_low > 0) {
        next = low + (high - low) * std::clamp(beyond_low / (beyond_low - beyond_high), 0.1, 0.9);
      } else {
        next = (low + high) / 2;
      }
    }
    return high < 0 ? next : high;
  }

  // Log bytes against amount where the last search ended, within what is usual.
  double slope() const { return slope_; }

 private:
  const Frame sample_;
  const OutputSpec& spec_;
  const bool drop_alpha_;
  const double header_bytes_;
  double slope_ = correction_slope;
};

}  // namespace

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  const double limit = static_cast<double>(max_bytes);
  const double header_bytes = (spec.format == OutputFormat::jpeg ? 350 : 60) +
                              static_cast<double>(spec.request.icc_profile.size() + spec.request.exif.size());
  const auto body = [&](double bytes) { return std::max(1.0, bytes - header_bytes); };
  Curve curve(frame, spec, drop_alpha, header_bytes);
  std::optional<FittedImage> best;
  struct Attempt {
    double amount, bytes;
  };
  Attempt latest{0, static_cast<double>(first_bytes)};
  Attempt over = latest;         // the smallest that was too large
  std::optional<Attempt> under;  // the largest that was too small to count as landing
  double work = 1, smallest = latest.bytes;
  // Three encodes, those of fewer pixels counted by their share; a picture that even then is too large has two more
  // before it is refused, aimed ever lower.
  for (int encodes = 1; encodes < most_encodes; ++encodes) {
    const double target = limit * (work < most_work ? aim : aim - 0.1 * (work - most_work + 1));
    const double log_ratio = std::log(body(target) / body(latest.bytes));
    double amount = 0;
    if (under) {
      const double share = std::log(body(over.bytes) / body(target)) / std::log(body(over.bytes) / body(under->bytes));
      amount = over.amount + (under->amount - over.amount) * std::clamp(share, 0.05, 0.95);
    } else if (encodes > 1 && std::abs(log_ratio) < 0.2) {
      // A small correction is safer along a usual curve: where edges change by a few pixels, a sample is erratic.
      amount = std::max(over.amount, latest.amount + log_ratio / curve.slope());
    } else {
      amount = curve.find(latest.amount, log_ratio, over.amount);
    }
    const double scale = setting_at(amount, spec).scale;
    if (best && work + scale * scale > most_work + 0.01) break;
    auto image = encode_at(frame, spec, drop_alpha, amount);
    if (!image) return std::move(image).error();
    work += scale * scale;
    latest = {amount, static_cast<double>(image->bytes.size())};
    smallest = std::min(smallest, latest.bytes);
    if (latest.bytes > limit) {
      if (latest.amount >= over.amount) over = latest;
      if (!best && work > most_work + 1.99) break;
      continue;
    }
    if (!best || image->bytes.size() > best->bytes.size()) best = std::move(image).value();
    if (latest.bytes >= 0.9 * limit || latest.amount <= over.amount) break;
    under = latest;
  }
  if (!best) return fail_limit(ErrorCode::output_too_large, limit, smallest);
  return std::move(*best);
}

}  // namespace photo_core
