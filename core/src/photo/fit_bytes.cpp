#include "photo/fit_bytes.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "photo/byte_estimates.hpp"
#include "photo/byte_search.hpp"

namespace photo_core {
namespace {

constexpr double lowest_quality = 35;     // below it a smaller picture looks better than a coarser one
constexpr double aim = 0.95;              // of the bytes that a limit leaves for the picture,
constexpr double enough = 0.75;           // and what it has of them at least, unless encodes are spent
constexpr double landing = 0.9;           // of the byte limit
constexpr int most_encodes = 3;           // of the picture, the caller's first among them,
constexpr int most_encodes_in_need = 12;  // or so many as long as nothing fits
constexpr int most_looks = 8;             // at estimates along one dial
constexpr int most_samples = 6;           // before an encode of a picture that is not small
constexpr double same_bytes = 0.02;       // in log quantiser steps or pixels: so near two samples end the search
constexpr double near_enough = 0.015;     // of the goal, in log bytes
constexpr double near_estimate = 0.15;    // to the goal, in log bytes: where to encode is foreseen from there
constexpr double most_correction = 0.3;   // of estimates, in log bytes, and
constexpr double most_correction_of_small = 0.06;
constexpr double most_at_last = 0.08;  // the same before the last encode when nothing fits yet
constexpr double far_away = 0.7;       // from the goal, in log bytes: a file tells nothing of what estimates lack there
constexpr double far_of_small = 0.3;   // the same of a small picture, whose whole files cost little
constexpr double cheap_pixels = 65'536;     // of a WebP, whose whole files cost hardly anything
constexpr double estimate_error = 0.015;    // in log bytes: what may be missing when an estimate just lands,
constexpr double count_error = 0.006;       // and when symbols were counted
constexpr double quick_excess = 0.1;        // in log bytes beyond the goal, of a quick WebP that may fit with care
constexpr double small_step = 0.06;         // in log bytes: foreseen from the slope alone
constexpr double coarsest_of_drawings = 2;  // beyond the lowest quality, in log quantiser steps
constexpr double little_coarser = 0.2;      // beyond the lowest quality, in log quantiser steps, instead of a size
constexpr double most_finer = 0.3;  // than asked for, in log quantiser steps, of a picture that was made smaller

class Fit {
 public:
  Fit(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double limit, double first_bytes)
      : frame_(frame),
        spec_(spec),
        limit_(limit),
        header_bytes_(headers_of(spec, frame.layout, limit)),
        has_quality_(spec.format != OutputFormat::png),
        is_counted_(spec.format == OutputFormat::jpeg && !spec.request.progressive),
        estimates_(frame, spec, drop_alpha, header_bytes_),
        smallest_(first_bytes) {
    if (has_quality_) way_.knee = std::max(0.0, natural_log(step_of(lowest_quality) / step_of(spec.request.quality)));
    known_.add(way_, {0, beyond(first_bytes)});
    if (has_quality_ && known_.over->beyond < (way_.knee + little_coarser) * coarser_slope) coarsen(little_coarser);
    estimates_.expect_fewer(std::max(0.0, way_.further(0, known_.over->beyond, 1) - way_.knee));
  }

  Result<FittedImage> run() {
    estimates_.halve_chroma();
    way_.knee += estimates_.chroma().finer;
    // Where estimates of the format lack something, and the first encode was made as the next will be.
    const bool is_to_compare = spec_.format == OutputFormat::jpeg   ? spec_.request.progressive
                               : spec_.format == OutputFormat::webp ? pixels_of({}) > webp_quick_pixels
                                                                    : false;
    if (is_to_compare && is_estimated({})) compare({}, log_body(smallest_));
    for (int before = 0; before != encodes_ && may_encode();) {
      before = encodes_;
      step();
    }
    while (!best_ && !error_ && encodes_ < most_encodes_in_need && pixels_of(way_.setting(known_.over->at)) > 1)
      look(known_.next(way_, encodes_ - most_encodes));
    if (error_) return std::move(*error_);
    if (!best_) return fail_limit(ErrorCode::output_too_large, limit_, smallest_);
    best_->encodes = encodes_;
    return std::move(*best_);
  }

 private:
  double log_body(double bytes) const { return estimates_.log_body(bytes); }
  double goal() const { return natural_log(aim * (limit_ - header_bytes_)); }
  double beyond(double bytes) const {
    const double beyond = log_body(bytes) - goal();
    return bytes > limit_ ? std::max(1e-3, beyond) : std::min(-1e-3, beyond);
  }
  double pixels_of(const Setting& setting) const { return estimates_.pixels_of(setting); }
  // Moves the knee on, but not beyond quality 1, where nothing is left to make coarser.
  void coarsen(double more) {
    const double coarsest = natural_log(step_of(1) / step_of(spec_.request.quality)) + estimates_.chroma().finer;
    way_.knee = std::max(way_.knee, std::min(way_.knee + more, coarsest));
  }
  bool is_last() const { return encodes_ + 1 >= most_encodes; }
  // Whether the whole picture is estimated there, not strips of it: a small one, a drawing, whose strips say little of
  // the rest, and any before the last encode.
  bool is_estimated(const Setting& setting) const { return estimates_.is_small(setting) || is_last() || is_drawing_; }
  bool may_encode() const {
    return !is_done_ && (encodes_ < most_encodes || (!best_ && encodes_ < most_encodes_in_need));
  }
  bool is_encoded(const Setting& setting) const {
    return std::any_of(encoded_.begin(), encoded_.end(), [&](const Setting& one) {
      return one.coarser == setting.coarser && pixels_of(one) == pixels_of(setting);
    });
  }
  // Whether hardly anything is left in between.
  bool is_close(const Way& way, const Bracket& known) const {
    if (!known.over || !known.fits) return false;
    const Setting a = way.setting(known.over->at), b = way.setting(known.fits->at);
    const double coarser = estimates_.chroma().step(std::min(a.coarser, b.coarser));
    const double step = step_of(spec_.request.quality) * std::exp(coarser);
    if (std::abs(a.coarser - b.coarser) >= std::max(0.02, 1.01 / step)) return false;
    const auto is_next = [&](std::uint32_t edge) { return scaled(edge, a.fewer) - scaled(edge, b.fewer) <= 1; };
    if (!is_next(frame_.layout.width_px) || !is_next(frame_.layout.height_px)) return false;
    const double pixels = pixels_of({0, (a.fewer + b.fewer) / 2});
    return has_quality_ || pixels == pixels_of(a) || pixels == pixels_of(b);
  }

  // Encodes the picture once more, with what the ones before have told, if anything is left to try.
  void step() {
    const double at = foresee();
    is_estimated(way_.setting(at)) ? look_estimated(at) : look(at);
  }

  // Encodes the picture at `at`.
  void look(double at) {
    const Setting setting = way_.setting(at);
    const std::optional<double> bytes = encode(setting);
    if (!bytes) return;
    const Point point{at, beyond(*bytes)};
    const bool is_growing = at > way_.knee && known_.over && point.beyond > known_.over->beyond + 0.05;
    known_.add(way_, point);
    if (!may_encode()) return;
    compare(setting, log_body(*bytes));
    if (is_growing && !is_drawing_) stretch();
  }

  // Encodes the picture, keeps the file if it is the best so far, and gives its bytes.
  std::optional<double> encode(const Setting& setting) {
    ++encodes_;
    const double pixels = pixels_of(setting);
    auto file = estimates_.encode(setting);
    if (!file) {
      error_ = std::move(file).error();
      is_done_ = true;
      return {};
    }
    const auto bytes = static_cast<double>(file->size());
    smallest_ = std::min(smallest_, bytes);
    encoded_.push_back(setting);
    if (bytes > limit_) return bytes;
    // Beside a large profile nearly nothing of a picture lands too.
    const bool is_landing = bytes >= landing * limit_ && bytes - header_bytes_ >= enough * (limit_ - header_bytes_);
    is_done_ = is_landing || setting == Setting{};
    // Without a quality the larger picture is the better one.
    const bool is_better = !best_ || (has_quality_ ? file->size() > best_->bytes.size() : pixels > best_pixels_);
    if (!is_better && !is_done_) return bytes;
    best_ = FittedImage{std::move(file).value(), scaled(frame_.layout.width_px, setting.fewer),
                        scaled(frame_.layout.height_px, setting.fewer)};
    best_pixels_ = pixels;
    return bytes;
  }

  // Where one dial jumps over the goal, the other may land in between. False where that is known already.
  bool turn_dial(Way& way, Bracket& known) const {
    if (!has_quality_ || !known.over || !known.fits) return false;
    const Setting over = way.setting(known.over->at), fits = way.setting(known.fits->at);
    Bracket next;
    if (over.fewer == fits.fewer) {
      way = {over, 0};
      next.over = Point{0, known.over->beyond};
    } else {
      way = {{-most_finer, fits.fewer}, 10};
      next.fits = Point{fits.coarser + most_finer, known.fits->beyond};
    }
    known = next;
    return true;
  }

  // By how much the picture is beyond the goal, by its estimate.
  std::optional<double> guess(const Setting& setting) {
    std::optional<double> beyond = estimates_.of_whole(setting);
    if (beyond) *beyond += correction_ - goal();
    return beyond;
  }
  // Learns from a file what estimates lack. Where that is much it is not the same elsewhere, nor far from there, nor at
  // any other setting of a PNG or a progressive JPEG: before the last encode those are tried whole.
  void compare(const Setting& setting, double log_bytes) {
    if (is_sure()) return;
    const bool is_small = estimates_.is_small(setting);
    const bool is_cheap = spec_.format != OutputFormat::webp || pixels_of(setting) < cheap_pixels;
    const double near = is_cheap ? 0 : is_small ? far_of_small : far_away;
    bool is_elsewhere = is_last() && std::abs(log_bytes - goal()) > near;
    if (!is_elsewhere) {
      const std::optional<double> estimate = estimates_.of_whole(setting);
      if (estimate) correction_ = log_bytes - *estimate;
      const double most = is_small ? most_correction_of_small : is_last() && !best_ ? most_at_last : most_correction;
      is_elsewhere = std::abs(correction_) > most;
    }
    if (!is_elsewhere) return;
    known_ = estimated(far_of_small);
    estimates_.be_exact();
    correction_ = 0;
  }

  bool is_sure() const { return is_counted_ || estimates_.is_exact(); }
  // In log bytes from the goal: where an estimate says that a file lands.
  double well_inside() const { return is_sure() ? 0.045 : is_last() ? 0.015 : 0.03; }

  // What is known of the way, estimates too that are so far from the goal.
  Bracket estimated(double least = 0) const {
    Bracket known = known_;
    for (const auto& [setting, log_bytes] : estimates_.whole()) {
      if (setting.fewer > 0 && setting.coarser != way_.knee) continue;
      const Point point{setting.coarser + setting.fewer, log_bytes + correction_ - goal()};
      if (std::abs(point.beyond) < least) continue;
      const bool is_between = (!known.over || point.at > known.over->at) && (!known.fits || point.at < known.fits->at);
      if (is_between) (point.beyond > 0 ? known.over : known.fits) = point;
    }
    return known;
  }

  // Estimates the picture along a way, at `first` first, until it lands or nearly does, or hardly anything is in
  // between. Gives what lands, if anything does.
  std::optional<Setting> search(const Way& way, Bracket& known, std::optional<double> first) {
    double nearest = 1;
    for (int looks = 0; looks < most_looks; ++looks) {
      if (is_close(way, known) || (!known.over && known.fits->at == 0)) return {};
      if (known.over && pixels_of(way.setting(known.over->at)) <= 1) return {};
      const bool is_first =
          first && looks == 0 && !(known.over && *first <= known.over->at) && !(known.fits && *first >= known.fits->at);
      double at = is_first ? *first : known.next(way, looks);
      if (!is_estimated(way.setting(at))) {
        larger_ = at;
        while (!is_estimated(way.setting(at))) at += 0.02;
      }
      if (known.fits && at >= known.fits->at) return {};
      if (!is_last() && nearest < near_estimate) return way.setting(at);
      const std::optional<double> beyond = guess(way.setting(at));
      if (!beyond) return {};
      if (!is_drawing_ && at > way.knee && known.over && *beyond > known.over->beyond + 0.05) {
        stretch();
        known = estimated();
        continue;
      }
      known.add(way, {at, *beyond});
      nearest = std::abs(*beyond);
      if (nearest < well_inside()) return way.setting(at);
    }
    return {};
  }

  // Encodes the picture where its estimate lands or comes nearest or, all estimates spent and nothing fits, on the way.
  void look_estimated(std::optional<double> first) {
    Bracket known = estimated();
    larger_.reset();
    std::optional<Setting> setting = as_asked();
    if (!setting) setting = search(way_, known, first);
    if (!setting && larger_) return look(*larger_);
    Way way = way_;
    for (int turns = 0; !setting && turns < 3 && turn_dial(way, known); ++turns) setting = search(way, known, {});
    if (!setting) setting = beside(known);
    if (!setting) setting = nearest();
    if (!setting && !best_ && !is_close(way_, known_)) setting = way_.setting(estimated().next(way_, 0));
    if (!setting) return;
    const std::optional<double> bytes = encode(*setting);
    if (!bytes || !may_encode()) return;
    compare(*setting, log_body(*bytes));
    if (setting->fewer > 0 && setting->coarser != way_.knee) return;
    const Point point{setting->coarser + setting->fewer, beyond(*bytes)};
    if (point.beyond > 0 ? point.at > known_.over->at : !known_.fits || point.at < known_.fits->at)
      known_.add(way_, point);
  }

  // A PNG has no other dial, and of a drawing the bytes of each size differ: one of the next sizes may land.
  std::optional<Setting> beside(const Bracket& known) {
    if (has_quality_ || !known.fits) return {};
    const std::uint32_t edge = std::max(frame_.layout.width_px, frame_.layout.height_px);
    const double fitting = scaled(edge, known.fits->at);
    for (const int more : {2, -1, 3, -2, 4, -3, 5, 6}) {
      if (fitting + more < 1 || fitting + more >= edge) continue;
      const Setting setting{0, 2 * natural_log(edge / (fitting + more))};
      const std::optional<double> beyond = guess(setting);
      if (!beyond) return {};
      if (std::abs(*beyond) < well_inside()) return setting;
    }
    return {};
  }

  // What was asked for, when it fits once it is encoded with care: the first encode of a small WebP was a quick one,
  // and noise may have a third less, which only the encode in between tells.
  std::optional<Setting> as_asked() {
    if (spec_.format != OutputFormat::webp || pixels_of({}) > webp_quick_pixels || is_encoded({})) return {};
    if (!is_last() && known_.over->beyond > quick_excess) return {};
    const std::optional<double> beyond = guess({});
    if (!beyond || *beyond > natural_log(1 / aim) - estimate_error) return {};
    return Setting{};
  }

  // The estimated setting that lands in the middle, or else the largest that fits.
  std::optional<Setting> nearest() const {
    const double error = estimates_.is_exact() ? 0 : is_counted_ ? count_error : estimate_error;
    const double room = is_last() && !best_ ? error : 0;
    const double most = natural_log(1 / aim) - error - room, least = natural_log(landing / aim);
    std::optional<Setting> nearest;
    double least_cost = 0;
    for (const auto& [setting, log_bytes] : estimates_.whole()) {
      if (is_encoded(setting)) continue;
      const double beyond = log_bytes + correction_ - goal();
      const bool is_landing = beyond > least && beyond < most;
      if (is_sure() && beyond > natural_log(1 / aim) + error) continue;
      if (!is_landing && best_ && (beyond > most || beyond < log_body(best_->bytes.size()) - goal())) continue;
      const double cost = std::abs(beyond + room) + (is_landing ? 0 : beyond > most ? 20 : 10);
      if (nearest && cost >= least_cost) continue;
      nearest = setting;
      least_cost = cost;
    }
    return nearest;
  }

  // A drawing may need more bytes where it is smaller: then even coarser steps come first, and sizes at which its
  // lines stay lines.
  void stretch() {
    is_drawing_ = true;
    if (has_quality_) {
      const double knee = way_.knee;
      coarsen(coarsest_of_drawings);
      if (known_.fits && known_.fits->at > knee) known_.fits->at += way_.knee - knee;
      return;
    }
    constexpr std::uint32_t parts[][2] = {{4, 5}, {3, 4}, {2, 3}, {1, 2}, {1, 3}, {1, 4}, {1, 8}};
    for (const auto& [part, of] : parts) {
      const bool is_whole = frame_.layout.width_px * part % of == 0 && frame_.layout.height_px * part % of == 0;
      const Setting setting{0, 2 * natural_log(double(of) / part)};
      if (!is_whole || (known_.fits && setting.fewer >= known_.fits->at)) continue;
      const std::optional<double> beyond = guess(setting);
      if (!beyond || *beyond < well_inside()) return;
    }
  }

  // Where on the way the goal is, by strips of the picture where it is large.
  double foresee() {
    const Point from = *known_.over;
    Bracket guess = known_;
    double at = guess.next(way_, 0);
    if (from.beyond < small_step || is_estimated(way_.setting(at))) return at;
    const std::optional<double> start = strips(from.at);
    if (!start) return at;
    for (int samples = 0; samples < most_samples && !is_estimated(way_.setting(at)); ++samples) {
      const std::optional<double> log_bytes = strips(at);
      if (!log_bytes) return at;
      const Point point{at, from.beyond + *log_bytes - *start};
      if (std::abs(point.beyond) < near_enough) return at;
      if (at > way_.knee && point.beyond > guess.over->beyond + 0.05) {
        stretch();
        return known_.next(way_, 0);
      }
      guess.add(way_, point);
      if (guess.fits && guess.fits->at - guess.over->at < same_bytes) break;
      at = guess.next(way_, samples + 1);
    }
    // Between two neighbours bytes may jump: then one of them, the larger if it may be trusted.
    if (!guess.fits || is_estimated(way_.setting(at))) return at;
    return guess.over->beyond < natural_log(0.99 / aim) ? guess.over->at : guess.fits->at;
  }
  std::optional<double> strips(double at) { return estimates_.of_strips(way_.setting(at)); }

  const Frame& frame_;
  const OutputSpec& spec_;
  const double limit_;
  const double header_bytes_;
  const bool has_quality_;
  const bool is_counted_;  // its estimates lack nothing to speak of
  ByteEstimates estimates_;
  double correction_ = 0;
  std::optional<double> larger_;  // where the goal is, if not where pictures are estimated
  Way way_;
  Bracket known_;  // of files, and of estimates that are far from the goal
  std::vector<Setting> encoded_;
  std::optional<FittedImage> best_;
  double best_pixels_ = 0;
  std::optional<Error> error_;
  double smallest_;
  int encodes_ = 1;
  bool is_done_ = false;
  bool is_drawing_ = false;  // it needed more bytes where it is smaller
};

}  // namespace

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  return Fit(frame, spec, drop_alpha, static_cast<double>(max_bytes), static_cast<double>(first_bytes)).run();
}

}  // namespace photo_core
