#include "photo/encode.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "image/convert_stage.hpp"
#include "image/resize_stage.hpp"

namespace photo_core {
namespace {

constexpr double lowest_quality = 35;    // below it a smaller picture looks better than a coarser one
constexpr double size_exponent = -0.65;  // bytes against quantiser step, both as logarithms, over photos
constexpr double aim = 0.955;            // of the byte limit: the middle of what counts as landing

// libjpeg's scale of its quantiser tables for a quality, in percent, and back.
double step_of(double quality) { return quality < 50 ? 5000 / quality : std::max(1.0, 200 - 2 * quality); }
double quality_of(double step) { return std::clamp(step > 100 ? 5000 / step : (200 - step) / 2, 1.0, 100.0); }

struct Attempt {
  double quality = 0;
  double pixels = 0;
  double bytes = 0;
};

// Quality and pixels for the next attempt, from what the last gave.
Attempt next_attempt(const Attempt& last, double exponent, bool has_quality, double target_bytes) {
  Attempt next = last;
  double excess = target_bytes / last.bytes;   // below 1: too large
  if (has_quality) {
    const double step = step_of(last.quality) * std::pow(excess, 1 / exponent);
    next.quality = quality_of(std::max(step, 1.0));
    if (next.quality >= lowest_quality) return next;
    next.quality = std::min(last.quality, lowest_quality);
    excess /= std::pow(step_of(next.quality) / step_of(last.quality), exponent);
  }
  next.pixels = std::min(last.pixels * excess, next.pixels);
  return next;
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const OutputSpec& spec) {
  switch (spec.format) {
    case OutputFormat::png: return make_png_encoder(spec.request);
    case OutputFormat::webp: return make_webp_encoder(spec.request);
    default: return make_jpeg_encoder(spec.request);
  }
}

const char* mime_type_of(OutputFormat format) {
  switch (format) {
    case OutputFormat::png: return "image/png";
    case OutputFormat::webp: return "image/webp";
    default: return "image/jpeg";
  }
}

bool uses_alpha(const Frame& frame) {
  if (!frame.layout.has_alpha) return false;
  const auto& alpha = frame.planes[color_plane_count(frame.layout.model)];
  return std::any_of(alpha.begin(), alpha.end(), [](std::uint8_t sample) { return sample != 255; });
}

Result<Bytes> encode_frame(const Frame& frame, const OutputSpec& spec, bool drop_alpha) {
  return encode_resized(frame, frame.layout.width_px, frame.layout.height_px, spec, drop_alpha);
}

Result<Bytes> encode_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px, const OutputSpec& spec,
                             bool drop_alpha) {
  const std::unique_ptr<Encoder> encoder = make_encoder(spec);
  PlaneLayout size = frame.layout;
  size.width_px = width_px;
  size.height_px = height_px;
  if (drop_alpha) size.has_alpha = false;
  const PlaneLayout wanted = encoder->wanted(size);
  if (Status status = encoder->begin(wanted); !status) return std::move(status).error();
  EncoderSink sink(*encoder);

  PlaneLayout resized = frame.layout;
  resized.width_px = width_px;
  resized.height_px = height_px;
  const bool same_model = resized.model == wanted.model && resized.has_alpha == wanted.has_alpha;
  resized.h_subsampling = same_model ? wanted.h_subsampling : 1;
  resized.v_subsampling = same_model ? wanted.v_subsampling : 1;
  const ConvertMap convert{resized, wanted, false, nullptr, spec.background};
  std::optional<ConvertStage> converter;
  RowSink* next = &sink;
  if (needs_conversion(convert)) next = &converter.emplace(convert, sink);

  ResizeStage stage({frame.layout, resized, 0, 0, static_cast<double>(frame.layout.width_px),
                     static_cast<double>(frame.layout.height_px)},
                    *next);
  if (Status status = stage.push(frame.band()); !status) return std::move(status).error();
  return encoder->finish();
}

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  const double limit = static_cast<double>(max_bytes), full_pixels =
      static_cast<double>(frame.layout.width_px) * frame.layout.height_px;
  const bool has_quality = spec.format != OutputFormat::png;
  double exponent = size_exponent;
  Attempt last{spec.request.quality, full_pixels, static_cast<double>(first_bytes)};
  std::optional<FittedImage> best;
  double smallest = last.bytes;
  for (int encodes = 1; encodes < 3; ++encodes) {
    Attempt next = next_attempt(last, exponent, has_quality, limit * aim);
    next.quality = std::min(next.quality, spec.request.quality);
    const double shrink = std::sqrt(next.pixels / full_pixels);
    FittedImage image;
    image.width_px = std::max(1u, static_cast<std::uint32_t>(std::lround(frame.layout.width_px * shrink)));
    image.height_px = std::max(1u, static_cast<std::uint32_t>(std::lround(frame.layout.height_px * shrink)));
    OutputSpec attempt = spec;
    attempt.request.quality = next.quality;
    auto encoded = encode_resized(frame, image.width_px, image.height_px, attempt, drop_alpha);
    if (!encoded) return std::move(encoded).error();
    image.bytes = std::move(encoded).value();
    next.bytes = static_cast<double>(image.bytes.size());
    smallest = std::min(smallest, next.bytes);
    if (next.bytes <= limit) {
      const bool lands = next.bytes >= 0.9 * limit;
      if (!best || image.bytes.size() > best->bytes.size()) best = std::move(image);
      if (lands || (next.quality >= spec.request.quality && next.pixels >= full_pixels)) break;
    }
    if (has_quality && next.pixels == last.pixels && step_of(next.quality) != step_of(last.quality)) {
      exponent = std::clamp(std::log(next.bytes / last.bytes) / std::log(step_of(next.quality) / step_of(last.quality)),
                            -2.0, -0.2);
    }
    last = next;
  }
  if (!best) return fail_limit(ErrorCode::output_too_large, limit, smallest);
  return std::move(*best);
}

}  // namespace photo_core
