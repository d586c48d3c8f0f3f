#include "photo/fit_bytes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace photo_core {
namespace {

constexpr double lowest_quality = 35;      // below it a smaller picture looks better than a coarser one,
constexpr double last_coarser = 0.3;       // but for the last correction: a size has whole pixels and smooths at once
constexpr double aim = 0.95;               // of the byte limit: the middle of what counts as landing
constexpr double usual_slope = -0.65;      // log bytes against log quantiser step, over photos
constexpr double pixel_slope = -0.85;      // the same against log pixels given up
constexpr int most_encodes = 3;            // of the picture
constexpr int most_samples = 3;            // before an encode, beside that of where it starts
constexpr double near_enough = 0.02;       // of the goal, in log bytes
constexpr double small_step = 0.06;        // in log bytes: foreseen from the slope alone
constexpr double last_room = 0.04;         // in log bytes, for a last encode that has to fit,
constexpr double blind_room = 0.4;         // where there is no sample
constexpr double strip_rows = 32;          // a sample is strips of so many rows after scaling,
constexpr double strip_share = 6;          // one in so many before it,
constexpr double sample_pixels = 250'000;  // or of so many pixels, up to half of the picture

// libjpeg's scale of its quantiser tables for a quality, in percent, and back.
double step_of(double quality) { return quality < 50 ? 5000 / quality : std::max(1.0, 200 - 2 * quality); }
double quality_of(double step) { return std::clamp(step > 100 ? 5000 / step : (200 - step) / 2, 1.0, 100.0); }

// What gives fewer bytes than "as asked": both are logarithms, 0 for nothing given up.
struct Setting {
  double coarser = 0;  // quantiser step
  double fewer = 0;    // pixels
};

std::uint32_t scaled(std::uint32_t edge, double fewer) {
  return std::max(1u, static_cast<std::uint32_t>(std::lround(edge * std::exp(-fewer / 2))));
}

Result<FittedImage> encode_at(const Frame& frame, const OutputSpec& spec, bool drop_alpha, const Setting& setting) {
  OutputSpec attempt = spec;
  if (setting.coarser != 0) {
    attempt.request.quality = quality_of(step_of(spec.request.quality) * std::exp(setting.coarser));
  }
  FittedImage image;
  image.width_px = scaled(frame.layout.width_px, setting.fewer);
  image.height_px = scaled(frame.layout.height_px, setting.fewer);
  auto encoded = encode_resized(frame, image.width_px, image.height_px, attempt, drop_alpha);
  if (!encoded) return std::move(encoded).error();
  image.bytes = std::move(encoded).value();
  return image;
}

// Strips from the whole height of a frame that will be scaled to about 1 in `shrink` of its height: little to encode,
// and yet of its kind. Nothing of a very low frame.
Frame sample_of(const Frame& frame, double shrink) {
  const double width = frame.layout.width_px;
  const std::uint32_t height = frame.layout.height_px;
  const double rows = std::min(std::max(sample_pixels / width, height / strip_share) * shrink, height / 2.0);
  const std::uint32_t strip = static_cast<std::uint32_t>(std::min(strip_rows * shrink, height / 4.0)) / 2 * 2;
  Frame out;
  if (strip < strip_rows / 2) return out;
  const std::uint32_t strips = std::max(1u, static_cast<std::uint32_t>(rows / strip));
  const std::uint32_t period = height / strips / 2 * 2;  // even: chroma rows stay with their luma rows
  PlaneLayout layout = frame.layout;
  layout.height_px = strips * strip;
  out.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    const std::uint32_t divisor = layout.is_chroma(plane) ? layout.v_subsampling : 1;
    for (std::uint32_t i = 0; i < strips; ++i) {
      for (std::uint32_t y = 0; y < strip / divisor; ++y) {
        std::memcpy(out.row(plane, i * (strip / divisor) + y), frame.row(plane, i * period / divisor + y),
                    layout.plane_width(plane));
      }
    }
  }
  return out;
}

// Foresees from a sample which setting gives how many bytes.
class Foresight {
 public:
  Foresight(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double header_bytes, double log_ratio)
      : width_px_(frame.layout.width_px),
        height_px_(frame.layout.height_px),
        spec_(spec),
        drop_alpha_(drop_alpha),
        header_bytes_(header_bytes),
        has_quality_(spec.format != OutputFormat::png),
        most_coarser_(std::max(0.0, std::log(step_of(lowest_quality) / step_of(spec.request.quality)))),
        sample_(sample_of(frame, std::exp(std::max(0.0, first_guess(log_ratio)) / 2))) {}

  bool is_blind() const { return sample_.layout.height_px == 0; }

  // The setting that changes the bytes by exp(log_ratio) from what they are at `from`: coarser first, then smaller;
  // of a size that gave up too much, finer again.
  Setting find(const Setting& from, double log_ratio, bool is_last) {
    double fewest = too_many_;  // pixels given up where it is known to be too large
    const double coarsest = most_coarser_ + (is_last ? last_coarser : 0);
    Setting at = from;
    double left = log_ratio;
    bool can_sample = !is_blind() && std::abs(left) > (is_last ? small_step : near_enough);
    double bytes = 0;
    if (can_sample) can_sample = measure(at, bytes);
    for (int samples = 0;; ++samples) {
      if (left < 0 && (!has_quality_ || at.coarser >= most_coarser_)) {
        fewest = std::max(fewest, at.fewer);
        if (samples == 0) too_many_ = fewest;
      }
      Setting next = at;
      double still = left;
      if (has_quality_ && (left < 0 || at.fewer > 0 || at.coarser > 0)) {
        next.coarser += left / coarser_slope_;
        next.coarser = std::clamp(next.coarser, at.fewer > 0 ? -last_coarser : 0.0, std::max(coarsest, at.coarser));
        still -= (next.coarser - at.coarser) * coarser_slope_;
      }
      if (std::abs(still) > near_enough || !has_quality_) {
        next.fewer = std::max(0.0, at.fewer + still / fewer_slope_);
        if (still > 0 && next.fewer <= fewest) next.fewer = (fewest + at.fewer) / 2;
      }
      if (!can_sample || samples == most_samples) return next;
      double next_bytes = 0;
      if (!measure(next, next_bytes)) return next;
      const double change = next_bytes - bytes;
      learn(at, next, change);
      left -= change;
      at = next;
      bytes = next_bytes;
      if (std::abs(left) < near_enough) return at;
    }
  }

  void learn(const Setting& from, const Setting& to, double change) {
    learn_one(coarser_slope_, change, to.coarser - from.coarser, to.fewer - from.fewer, usual_slope);
    learn_one(fewer_slope_, change, to.fewer - from.fewer, to.coarser - from.coarser, pixel_slope);
  }

 private:
  // Log pixels to give up, as photos usually are.
  double first_guess(double log_ratio) const {
    return (log_ratio - (has_quality_ ? most_coarser_ * usual_slope : 0)) / pixel_slope;
  }

  bool measure(const Setting& setting, double& log_bytes) const {
    OutputSpec spec = spec_;
    spec.request.pixels = std::uint64_t{scaled(width_px_, setting.fewer)} * scaled(height_px_, setting.fewer);
    auto image = encode_at(sample_, spec, drop_alpha_, setting);
    if (image) log_bytes = std::log(std::max(1.0, static_cast<double>(image->bytes.size()) - header_bytes_));
    return static_cast<bool>(image);
  }

  // A slope from one step along its dial alone, within what is usual.
  static void learn_one(double& slope, double change, double along, double across, double usual) {
    if (std::abs(along) > 0.03 && across == 0) slope = std::clamp(change / along, 2 * usual, 0.2 * usual);
  }

  const std::uint32_t width_px_, height_px_;  // of the whole
  const OutputSpec& spec_;
  const bool drop_alpha_;
  const double header_bytes_;
  const bool has_quality_;
  const double most_coarser_;
  const Frame sample_;
  double coarser_slope_ = usual_slope;
  double fewer_slope_ = pixel_slope;
  double too_many_ = 0;  // of a real encode, as `fewest`
};

}  // namespace

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  const double limit = static_cast<double>(max_bytes);
  const double header_bytes = (spec.format == OutputFormat::jpeg ? 350 : 60) +
                              static_cast<double>(spec.request.icc_profile.size() + spec.request.exif.size());
  const auto body = [&](double bytes) { return std::max(1.0, bytes - header_bytes); };
  Foresight foresight(frame, spec, drop_alpha, header_bytes,
                      std::log(body(limit * aim) / body(static_cast<double>(first_bytes))));
  std::optional<FittedImage> best;
  Setting setting, over;
  double bytes = static_cast<double>(first_bytes), smallest = bytes;
  for (int encodes = 2; encodes <= most_encodes; ++encodes) {
    double log_ratio = std::log(body(limit * aim) / body(bytes));
    if (encodes == most_encodes && log_ratio < -small_step) log_ratio -= foresight.is_blind() ? blind_room : last_room;
    const Setting from = setting;
    setting = foresight.find(from, log_ratio, encodes == most_encodes);
    // Bytes may change by steps: never back to what was too large.
    if (best && over.fewer == setting.fewer) {
      setting.coarser = std::max(setting.coarser, over.coarser + 0.2 * (from.coarser - over.coarser));
    }
    auto image = encode_at(frame, spec, drop_alpha, setting);
    if (!image) return std::move(image).error();
    image->encodes = encodes;
    if (foresight.is_blind()) {
      foresight.learn(from, setting, std::log(body(static_cast<double>(image->bytes.size())) / body(bytes)));
    }
    bytes = static_cast<double>(image->bytes.size());
    smallest = std::min(smallest, bytes);
    if (bytes > limit) {
      over = setting;
      continue;
    }
    if (!best || image->bytes.size() > best->bytes.size()) best = std::move(image).value();
    if (bytes >= 0.9 * limit) break;
  }
  if (!best) return fail_limit(ErrorCode::output_too_large, limit, smallest);
  return std::move(*best);
}

}  // namespace photo_core
