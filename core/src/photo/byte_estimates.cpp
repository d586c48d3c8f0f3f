#include "photo/byte_estimates.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "metadata/zlib_stream.hpp"
#include "photo/sample_strips.hpp"

namespace photo_core {
namespace {

constexpr double small_pixels = 500'000;
constexpr double estimated_pixels = 4e6;    // in all, or
constexpr double estimated_frames = 12;     // times the frame's pixels where those are more,
constexpr std::size_t most_estimates = 24;  // and so often
constexpr double webp_excess = 0.035;       // in log bytes, of what libwebp's quick method gives
constexpr double most_finer_chroma = 0.8;   // in log quantiser steps, when chroma is halved

}  // namespace

double step_of(double quality) { return quality < 50 ? 5000 / quality : std::max(1.0, 200 - 2 * quality); }
double quality_of(double step) { return std::clamp(step > 100 ? 5000 / step : (200 - step) / 2, 1.0, 100.0); }

std::uint32_t scaled(std::uint32_t edge, double fewer) {
  return std::max(1u, static_cast<std::uint32_t>(std::lround(edge * std::exp(-fewer / 2))));
}

double headers_of(const OutputSpec& spec, const PlaneLayout& layout, double limit) {
  const ByteView profile = spec.request.icc_profile;
  const bool is_packed = spec.format == OutputFormat::png && !profile.empty();
  const double kept = static_cast<double>((is_packed ? deflated(profile).size() : profile.size()) +
                                          spec.request.exif_of(layout).size());
  if (kept >= limit) return 0.5 * limit;
  // A progressive JPEG has tables for every scan.
  const double own = spec.format != OutputFormat::jpeg ? 60 : spec.request.progressive ? 650 : 350;
  return kept + std::min(own, 0.5 * (limit - kept));
}

ByteEstimates::ByteEstimates(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double header_bytes)
    : frame_(frame),
      spec_(spec),
      drop_alpha_(drop_alpha),
      header_bytes_(header_bytes),
      pixels_left_(std::max(estimated_pixels, estimated_frames * pixels_of({}))) {}

double ByteEstimates::pixels_of(const Setting& setting) const {
  return static_cast<double>(scaled(frame_.layout.width_px, setting.fewer)) *
         scaled(frame_.layout.height_px, setting.fewer);
}

bool ByteEstimates::is_small(const Setting& setting) const { return pixels_of(setting) <= small_pixels; }

OutputSpec ByteEstimates::spec_at(const Setting& setting) const {
  OutputSpec spec = spec_;
  spec.request.is_limited = true;
  spec.request.half_chroma = chroma_.is_on(setting.coarser);
  const double coarser = chroma_.step(setting.coarser);
  if (coarser != 0) spec.request.quality = quality_of(step_of(spec_.request.quality) * std::exp(coarser));
  return spec;
}

Result<Bytes> ByteEstimates::encode(const Setting& setting) const {
  return encode_resized(frame_, scaled(frame_.layout.width_px, setting.fewer),
                        scaled(frame_.layout.height_px, setting.fewer), spec_at(setting), drop_alpha_);
}

void ByteEstimates::halve_chroma() {
  if (spec_.format != OutputFormat::jpeg || frame_.layout.model == ColorModel::gray) return;
  if (spec_.request.quality < full_chroma_quality) return;
  chroma_.at = natural_log(step_of(full_chroma_quality) / step_of(spec_.request.quality));
  const bool small = is_small({});
  const auto measure = [&](double coarser) { return small ? of_whole({coarser}) : of_strips({coarser}); };
  const std::optional<double> whole = measure(chroma_.at), half = measure(chroma_.at + 1e-6);
  if (!whole || !half) return;
  (small ? whole_ : of_strips_).pop_back();
  chroma_.finer = std::clamp((*whole - *half) / coarser_slope, 0.0, most_finer_chroma);
}

const ByteEstimates::Estimate* ByteEstimates::find(const std::vector<Estimate>& all, const Setting& setting) {
  for (const Estimate& one : all) {
    if (one.setting == setting) return &one;
  }
  return nullptr;
}

std::optional<double> ByteEstimates::of_whole(const Setting& setting) {
  if (const Estimate* known = find(whole_, setting)) return known->log_bytes;
  const double pixels = pixels_of(setting);
  if (whole_.size() == most_estimates || pixels > pixels_left_) return {};
  pixels_left_ -= pixels;
  std::size_t bytes = 0;
  if (is_exact_) {
    if (const auto file = encode(setting)) bytes = file->size();
  } else {
    const auto about = estimate_resized(frame_, scaled(frame_.layout.width_px, setting.fewer),
                                        scaled(frame_.layout.height_px, setting.fewer), spec_at(setting), drop_alpha_);
    if (about) bytes = *about;
  }
  if (bytes == 0) return {};
  const double excess = spec_.format == OutputFormat::webp && !is_exact_ ? webp_excess : 0;
  whole_.push_back({setting, log_body(static_cast<double>(bytes)) - excess});
  return whole_.back().log_bytes;
}

void ByteEstimates::be_exact() {
  is_exact_ = true;
  whole_.clear();
}

std::optional<double> ByteEstimates::of_strips(const Setting& setting) {
  if (!strips_) strips_ = sample_strips(frame_, std::exp(fewer_ / 2));
  if (strips_->layout.height_px == 0) return {};
  if (const Estimate* known = find(of_strips_, setting)) return known->log_bytes;
  const auto file = encode_resized(*strips_, scaled(strips_->layout.width_px, setting.fewer),
                                   scaled(strips_->layout.height_px, setting.fewer), spec_at(setting), drop_alpha_);
  if (!file) return {};
  of_strips_.push_back({setting, log_body(static_cast<double>(file->size()))});
  return of_strips_.back().log_bytes;
}

}  // namespace photo_core
