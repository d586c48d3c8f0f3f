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

constexpr double lowest_quality = 35;       // below it a smaller picture looks better than a coarser one
constexpr double aim = 0.95;                // of the byte limit: the middle of what counts as landing,
constexpr double landing = 0.9;             // which begins here
constexpr int most_encodes = 3;             // of the picture, the caller's first among them,
constexpr int most_encodes_in_need = 12;    // or so many where those leave too much empty:
constexpr double poor = 0.6;                // less than this of the limit, as long as
constexpr double most_extra_pixels = 3e6;   // were not encoded beyond the third
constexpr int most_looks = 8;               // at estimates along one dial
constexpr int most_samples = 6;             // before an encode of a picture that is not small
constexpr double same_bytes = 0.02;         // in log quantiser steps or pixels: so near two samples end the search
constexpr double most_above = 0.03;         // the goal, in log bytes, where a last encode has to fit
constexpr double near_enough = 0.015;       // of the goal, in log bytes
constexpr double near_estimate = 0.15;      // to the goal, in log bytes: where to encode is foreseen from there
constexpr double most_correction = 0.1;     // of estimates, in log bytes
constexpr double estimate_error = 0.015;    // in log bytes: what may be missing when an estimate just lands
constexpr double small_step = 0.06;         // in log bytes: foreseen from the slope alone,
constexpr double size_step = 0.15;          // and this where sizes change
constexpr double coarsest_of_drawings = 2;  // beyond the lowest quality, in log quantiser steps
constexpr double little_coarser = 0.2;      // beyond the lowest quality, in log quantiser steps, instead of a size
constexpr double most_finer = 0.3;  // than asked for, in log quantiser steps, of a picture that was made smaller
constexpr double last_room = 0.04;  // in log bytes, at the most, for a last encode that has to fit:
constexpr double last_room_of_png = 0.02;
constexpr double least_room = 0.01;  // at the least, and
constexpr double room_share = 0.3;   // of the way to the goal: so far off a guess may be

class Fit {
 public:
  Fit(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double limit, double first_bytes)
      : frame_(frame),
        spec_(spec),
        limit_(limit),
        header_bytes_(std::min(0.5 * limit, headers_of(spec, frame.layout))),
        has_quality_(spec.format != OutputFormat::png),
        estimates_(frame, spec, drop_alpha, header_bytes_),
        smallest_(first_bytes) {
    if (has_quality_) way_.knee = std::max(0.0, natural_log(step_of(lowest_quality) / step_of(spec.request.quality)));
    known_.add(way_, {0, beyond(first_bytes)});
    if (has_quality_ && known_.over->beyond < (way_.knee + little_coarser) * coarser_slope) way_.knee += little_coarser;
    estimates_.expect_fewer(std::max(0.0, way_.further(0, known_.over->beyond, 1) - way_.knee));
  }

  Result<FittedImage> run() {
    estimates_.halve_chroma();
    way_.knee += estimates_.chroma().finer;
    const bool is_estimated_well =
        spec_.format == OutputFormat::jpeg ? !spec_.request.progressive : pixels_of({}) <= webp_quick_pixels;
    if (is_estimated({}) && !is_estimated_well) compare({}, log_body(smallest_));
    for (int before = 0; before != encodes_ && may_encode();) {
      before = encodes_;
      step();
    }
    while (!best_ && !error_ && encodes_ < most_encodes_in_need && pixels_of(way_.setting(known_.over->at)) > 1)
      look(way_, known_, known_.next(way_, encodes_ - most_encodes));
    if (error_) return std::move(*error_);
    if (!best_) return fail_limit(ErrorCode::output_too_large, limit_, smallest_);
    best_->encodes = encodes_;
    return std::move(*best_);
  }

 private:
  double log_body(double bytes) const { return estimates_.log_body(bytes); }
  double goal() const { return log_body(aim * limit_); }
  double beyond(double bytes) const {
    const double beyond = log_body(bytes) - goal();
    return bytes > limit_ ? std::max(1e-3, beyond) : std::min(-1e-3, beyond);
  }
  double pixels_of(const Setting& setting) const { return estimates_.pixels_of(setting); }
  bool is_small(const Setting& setting) const { return estimates_.is_small(setting); }
  // PNG has no quicker way than strips.
  bool is_estimated(const Setting& setting) const { return has_quality_ && is_small(setting); }
  bool is_last() const { return encodes_ + 1 == most_encodes; }
  // Whether what there is leaves too much of the limit empty: only patterns do, whose bytes jump. As PNG they do it at
  // every size.
  bool is_in_need() const {
    return !best_ || (has_quality_ && static_cast<double>(best_->bytes.size()) < poor * limit_);
  }
  bool may_encode() const {
    if (is_done_ || encodes_ < most_encodes) return !is_done_;
    return is_in_need() && encodes_ < most_encodes_in_need && extra_pixels_ < most_extra_pixels;
  }
  // Whether hardly anything is left in between.
  bool is_close(const Way& way, const Bracket& known) const {
    if (!known.over || !known.fits) return false;
    const Setting a = way.setting(known.over->at), b = way.setting(known.fits->at);
    const auto apart = [&](std::uint32_t edge) {
      return std::abs(1.0 * scaled(edge, a.fewer) - scaled(edge, b.fewer));
    };
    const double coarser = estimates_.chroma().step(std::min(a.coarser, b.coarser));
    const double step = step_of(spec_.request.quality) * std::exp(coarser);
    return std::abs(a.coarser - b.coarser) < std::max(0.02, 1.01 / step) &&
           apart(frame_.layout.width_px) + apart(frame_.layout.height_px) <= 1;
  }

  // Encodes the picture once more, with what the ones before have told, if anything is left to try.
  void step() {
    if (has_quality_ && is_last() && known_.fits && known_.fits->at > way_.knee &&
        !is_small(way_.setting(known_.fits->at))) {
      return look_finer();
    }
    if (!is_close(way_, known_)) {
      const double at = foresee();
      if (is_estimated(way_.setting(at))) return look_small(at);
      return look(way_, known_, at);
    }
    if (!has_quality_) return;
    if (is_small(way_.setting(known_.over->at))) return look_small({});
    Way way = way_;
    Bracket known = known_;
    if (turn_dial(way, known)) look(way, known, known.next(way, 0));
  }

  // Encodes the picture at `at`.
  void look(const Way& way, Bracket& known, double at) {
    const Setting setting = way.setting(at);
    const std::optional<double> bytes = encode(setting);
    if (!bytes) return;
    const Point point{at, beyond(*bytes)};
    if (at > way.knee && known.over && point.beyond > known.over->beyond + 0.05) is_drawing_ = true;
    known.add(way, point);
  }

  // Encodes the picture, keeps the file if it is the best so far, and gives its bytes.
  std::optional<double> encode(const Setting& setting) {
    ++encodes_;
    const double pixels = pixels_of(setting);
    if (encodes_ > most_encodes) extra_pixels_ += pixels;
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
    is_done_ = bytes >= landing * limit_;
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
    if (!known.over || !known.fits) return false;
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

  // By how much a small picture is beyond the goal, by its estimate.
  std::optional<double> guess(const Setting& setting) {
    std::optional<double> beyond = estimates_.of_small(setting);
    if (beyond) *beyond += correction_ - goal();
    return beyond;
  }
  // Learns from a file of a small picture what its estimates lack. Where that is much, it is not the same elsewhere.
  void compare(const Setting& setting, double log_bytes) {
    const std::optional<double> estimate = estimates_.of_small(setting);
    if (estimate) correction_ = log_bytes - *estimate;
    if (std::abs(correction_) < most_correction) return;
    estimates_.be_exact();
    correction_ = 0;
  }

  // In log bytes from the goal: where an estimate says that a file lands.
  double well_inside() const { return spec_.format == OutputFormat::jpeg && !spec_.request.progressive ? 0.045 : 0.03; }

  // What is known of the way, estimates too.
  Bracket estimated() const {
    Bracket known = known_;
    for (const auto& [setting, log_bytes] : estimates_.small()) {
      if (setting.fewer > 0 && setting.coarser != way_.knee) continue;
      const Point point{setting.coarser + setting.fewer, log_bytes + correction_ - goal()};
      const bool is_between = (!known.over || point.at > known.over->at) && (!known.fits || point.at < known.fits->at);
      if (is_between) (point.beyond > 0 ? known.over : known.fits) = point;
    }
    return known;
  }

  // Estimates a small picture along a way, at `at` first, until it lands or nearly does, or hardly anything is in
  // between. Gives what lands, if anything does.
  std::optional<Setting> search(const Way& way, Bracket& known, std::optional<double> first) {
    double nearest = 1;
    for (int looks = 0; looks < most_looks; ++looks) {
      if (is_close(way, known) || (!known.over && known.fits->at == 0)) return {};
      if (known.over && pixels_of(way.setting(known.over->at)) <= 1) return {};
      double at = first && looks == 0 ? *first : known.next(way, looks);
      if (!is_small(way.setting(at))) {
        larger_ = at;
        while (!is_small(way.setting(at))) at += 0.02;
      }
      if (known.fits && at >= known.fits->at) return {};
      if (!is_last() && nearest < near_estimate) return way.setting(at);
      const std::optional<double> beyond = guess(way.setting(at));
      if (!beyond) return {};
      if (!is_drawing_ && at > way.knee && known.over && *beyond > known.over->beyond + 0.05) {
        is_drawing_ = true;
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

  // Encodes a small picture where its estimate lands or comes nearest or, in need and all estimates spent, on the way.
  void look_small(std::optional<double> first) {
    Bracket known = estimated();
    larger_.reset();
    std::optional<Setting> setting = search(way_, known, first);
    if (!setting && larger_) return look(way_, known_, *larger_);
    Way way = way_;
    for (int turns = 0; !setting && turns < 3 && turn_dial(way, known); ++turns) setting = search(way, known, {});
    if (!setting) setting = nearest();
    if (!setting && is_in_need() && !is_close(way_, known_)) setting = way_.setting(known_.next(way_, 0));
    if (!setting) return;
    const std::optional<double> bytes = encode(*setting);
    if (!bytes || is_done_) return;
    compare(*setting, log_body(*bytes));
    if (setting->fewer > 0 && setting->coarser != way_.knee) return;
    const Point point{setting->coarser + setting->fewer, beyond(*bytes)};
    if (point.beyond > 0 ? point.at > known_.over->at : !known_.fits || point.at < known_.fits->at)
      known_.add(way_, point);
  }

  // The estimated setting that lands in the middle, or else the largest that fits.
  std::optional<Setting> nearest() const {
    const double room = is_last() && !best_ ? estimate_error : 0;
    const double most = natural_log(1 / aim) - estimate_error - room, least = natural_log(landing / aim);
    std::optional<Setting> nearest;
    double least_cost = 0;
    for (const auto& [setting, log_bytes] : estimates_.small()) {
      if (std::find(encoded_.begin(), encoded_.end(), setting) != encoded_.end()) continue;
      const double beyond = log_bytes + correction_ - goal();
      const bool is_landing = beyond > least && beyond < most;
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
    is_stretched_ = true;
    if (has_quality_) {
      if (known_.fits && known_.fits->at > way_.knee) known_.fits->at += coarsest_of_drawings;
      way_.knee += coarsest_of_drawings;
      return;
    }
    constexpr std::uint32_t parts[][2] = {{3, 4}, {2, 3}, {1, 2}, {1, 3}, {1, 4}, {1, 8}};
    for (const auto& [part, of] : parts) {
      const Setting setting{0, 2 * natural_log(double(of) / part)};
      const bool is_whole = frame_.layout.width_px * part % of == 0 && frame_.layout.height_px * part % of == 0;
      const bool may_be = is_small(setting) || of == 2;  // there are few encodes of a large one
      if (!is_whole || !may_be || (known_.fits && setting.fewer >= known_.fits->at)) continue;
      const std::optional<double> whole = strips(way_, known_.over->at), smaller = strips(way_, setting.fewer);
      if (whole && smaller && known_.over->beyond + *smaller - *whole > most_above) continue;
      if (!may_encode()) return;
      look(way_, known_, setting.fewer);
      if (known_.fits && known_.fits->at == setting.fewer) return;
    }
  }

  // Where on the way the goal is, by strips of the picture where it is large.
  double foresee() {
    const Point over = *known_.over;
    const bool is_nearer = known_.fits && over.beyond > -known_.fits->beyond;
    const Point from = is_nearer ? *known_.fits : over;
    const bool must_fit = !best_ || static_cast<double>(best_->bytes.size()) < 0.75 * limit_;
    const double most = has_quality_ || is_drawing_ ? last_room : last_room_of_png;
    const double room = is_last() && must_fit ? std::clamp(room_share * std::abs(from.beyond), least_room, most) : 0;
    Bracket guess = known_;
    guess.over->beyond += room;
    double at = guess.next(way_, 0);
    if ((std::abs(from.beyond) < (from.at > way_.knee ? size_step : small_step) && known_.pace > 0.5) ||
        is_estimated(way_.setting(at)))
      return at;
    double scale = 1;
    if (known_.fits) {  // samples change as the picture did between what is known of it
      const Point& other = is_nearer ? over : *known_.fits;
      const std::optional<double> start = strips(way_, from.at), end = strips(way_, other.at);
      if (!start || !end) return at;
      if (std::abs(*end - *start) > near_enough) {
        scale = std::clamp((other.beyond - from.beyond) / (*end - *start), 0.3, 3.0);
      }
    }
    at = by_samples(way_, guess, from, scale, room);
    if (!is_drawing_ || is_stretched_) return at;
    stretch();
    return foresee();
  }

  // Where on a way the goal is, less `room`: samples change by `scale` times what the picture does, from a place of it.
  double by_samples(const Way& way, Bracket guess, const Point& from, double scale, double room) {
    double at = guess.next(way, 0);
    const std::optional<double> start = strips(way, from.at);
    const std::optional<double> encoded = guess.fits ? strips(way, guess.fits->at) : start;
    if (!start || !encoded) return at;
    const bool has_fitted = guess.fits.has_value();
    bool is_new = false;  // what fits, not a neighbour of what was encoded
    for (int samples = 0; samples < most_samples; ++samples) {
      if (is_estimated(way.setting(at))) return at;
      const std::optional<double> log_bytes = strips(way, at);
      if (!log_bytes) return at;
      const Point point{at, from.beyond + (*log_bytes - *start) * scale + room};
      if (std::abs(point.beyond) < near_enough) return at;
      if (!is_drawing_ && at > way.knee && guess.over && point.beyond > guess.over->beyond + 0.05) {
        is_drawing_ = true;
        return at;
      }
      if (point.beyond <= 0) is_new = !has_fitted || *log_bytes != *encoded;
      guess.add(way, point);
      if (guess.over && guess.fits && guess.fits->at - guess.over->at < same_bytes) break;
      at = guess.next(way, samples + 1);
    }
    // Between two neighbours bytes may jump: then one of them, the larger if it is nearer to the goal and may be
    // trusted.
    if (!guess.over || !guess.fits) return at;
    const double above = guess.over->beyond - room;
    const bool is_safe = above < (room > 0 ? most_above : natural_log(0.99 / aim));
    if (is_safe && (!is_new || above < room - guess.fits->beyond)) return guess.over->at;
    return is_new ? guess.fits->at : at;
  }
  std::optional<double> strips(const Way& way, double at) { return estimates_.of_strips(way.setting(at)); }

  // The last encode of a large picture, when one that fits was made too small: of that size, with finer steps. Strips
  // foresee those better than they foresee sizes.
  void look_finer() {
    const Setting fits = way_.setting(known_.fits->at);
    const Way way{{-most_finer, fits.fewer}, 10};
    Bracket known;
    known.fits = Point{fits.coarser + most_finer, known_.fits->beyond};
    const double at = by_samples(way, known, *known.fits, 1, 0);
    if (at < known.fits->at - 0.01) look(way, known, at);
  }

  const Frame& frame_;
  const OutputSpec& spec_;
  const double limit_;
  const double header_bytes_;
  const bool has_quality_;
  ByteEstimates estimates_;
  double correction_ = 0;
  std::optional<double> larger_;  // where a small picture is too small
  Way way_;
  Bracket known_;  // of files
  std::vector<Setting> encoded_;
  std::optional<FittedImage> best_;
  double best_pixels_ = 0;
  std::optional<Error> error_;
  double smallest_;
  int encodes_ = 1;
  double extra_pixels_ = 0;
  bool is_done_ = false;
  bool is_drawing_ = false;    // it needed more bytes where it is smaller
  bool is_stretched_ = false;  // and is treated so
};

}  // namespace

Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes) {
  return Fit(frame, spec, drop_alpha, static_cast<double>(max_bytes), static_cast<double>(first_bytes)).run();
}

}  // namespace photo_core
