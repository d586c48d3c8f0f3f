#include "photo/fit_bytes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "photo/byte_search.hpp"
#include "photo/sample_strips.hpp"

namespace photo_core {
namespace {

constexpr double lowest_quality = 35;       // below it a smaller picture looks better than a coarser one
constexpr double aim = 0.95;                // of the byte limit: the middle of what counts as landing,
constexpr double landing = 0.9;             // which begins here
constexpr int most_encodes = 3;             // of the picture, while it is not small:
constexpr double small_pixels = 500'000;    // then it is its own sample, encoded in a few milliseconds,
constexpr int most_trials = 16;             // so often at the most
constexpr int most_looks = 6;               // along one dial
constexpr double trial_pixels = 4e6;        // and with so many pixels in all
constexpr int most_samples = 6;             // before an encode of a picture that is not small
constexpr double same_bytes = 0.02;         // in log quantiser steps or pixels: so near two samples end the search
constexpr double most_above = 0.03;         // the goal, in log bytes, where a last encode has to fit
constexpr double near_enough = 0.015;       // of the goal, in log bytes
constexpr double small_step = 0.06;         // in log bytes: foreseen from the slope alone,
constexpr double size_step = 0.15;          // and this where sizes change
constexpr double coarsest_of_drawings = 2;  // beyond the lowest quality, in log quantiser steps
constexpr double little_coarser = 0.2;      // beyond the lowest quality, in log quantiser steps, instead of a size
constexpr double most_finer = 0.3;         // than asked for, in log quantiser steps, of a picture that was made smaller
constexpr double most_finer_chroma = 0.8;  // in log quantiser steps, when chroma is halved
constexpr double last_room = 0.04;         // in log bytes, at the most, for a last encode that has to fit:
constexpr double least_room = 0.01;        // at the least, and
constexpr double room_share = 0.3;         // of the way to the goal: so far off a guess may be

// libjpeg's scale of its quantiser tables for a quality, in percent, and back.
double step_of(double quality) { return quality < 50 ? 5000 / quality : std::max(1.0, 200 - 2 * quality); }
double quality_of(double step) { return std::clamp(step > 100 ? 5000 / step : (200 - step) / 2, 1.0, 100.0); }

// What a file has beside its picture's data, about: a progressive JPEG has tables for every scan.
double headers_of(const OutputSpec& spec, const PlaneLayout& layout) {
  const double own = spec.format != OutputFormat::jpeg ? 60 : spec.request.progressive ? 650 : 350;
  return own + static_cast<double>(spec.request.icc_profile.size() + spec.request.exif_of(layout).size());
}

std::uint32_t scaled(std::uint32_t edge, double fewer) {
  return std::max(1u, static_cast<std::uint32_t>(std::lround(edge * std::exp(-fewer / 2))));
}

// A JPEG whose chroma is whole: where it is halved, with quantisers so much finer that the bytes do not jump.
struct ChromaSwitch {
  double at = std::numeric_limits<double>::infinity();  // of `coarser`
  double finer = 0;

  bool is_on(double coarser) const { return coarser > at; }
  // The log quantiser step of luma and chroma alike.
  double step(double coarser) const { return coarser - (is_on(coarser) ? finer : 0); }
};

Result<FittedImage> encode_at(const Frame& frame, const OutputSpec& spec, bool drop_alpha, const Setting& setting,
                              const ChromaSwitch& halved) {
  OutputSpec attempt = spec;
  attempt.request.half_chroma = halved.is_on(setting.coarser);
  const double coarser = halved.step(setting.coarser);
  if (coarser != 0) attempt.request.quality = quality_of(step_of(spec.request.quality) * std::exp(coarser));
  FittedImage image;
  image.width_px = scaled(frame.layout.width_px, setting.fewer);
  image.height_px = scaled(frame.layout.height_px, setting.fewer);
  auto encoded = encode_resized(frame, image.width_px, image.height_px, attempt, drop_alpha);
  if (!encoded) return std::move(encoded).error();
  image.bytes = std::move(encoded).value();
  return image;
}

// What a sample gave.
struct Measured {
  Setting setting;
  double log_bytes = 0;
};

class Fit {
 public:
  Fit(const Frame& frame, const OutputSpec& spec, bool drop_alpha, double limit, double first_bytes)
      : frame_(frame),
        spec_(spec),
        drop_alpha_(drop_alpha),
        limit_(limit),
        header_bytes_(std::min(0.5 * limit, headers_of(spec, frame.layout))),
        has_quality_(spec.format != OutputFormat::png),
        smallest_(first_bytes) {
    if (has_quality_) {
      way_.knee = std::max(0.0, natural_log(step_of(lowest_quality) / step_of(spec.request.quality)));
    }
    known_.add(way_, {0, beyond(first_bytes)});
    if (has_quality_ && known_.over->beyond < (way_.knee + little_coarser) * coarser_slope) way_.knee += little_coarser;
  }

  Result<FittedImage> run() {
    if (spec_.format == OutputFormat::jpeg && spec_.request.quality >= full_chroma_quality) halve_chroma();
    search_all();
    if (error_) return std::move(*error_);
    if (!best_) return fail_limit(ErrorCode::output_too_large, limit_, smallest_);
    best_->encodes = encodes_;
    return std::move(*best_);
  }

 private:
  double log_body(double bytes) const { return natural_log(std::max(1.0, bytes - header_bytes_)); }
  double beyond(double bytes) const {
    return bytes > limit_ ? std::max(1e-3, log_body(bytes) - log_body(aim * limit_))
                          : std::min(-1e-3, log_body(bytes) - log_body(aim * limit_));
  }
  double pixels_of(const Setting& setting) const {
    return static_cast<double>(scaled(frame_.layout.width_px, setting.fewer)) *
           scaled(frame_.layout.height_px, setting.fewer);
  }
  bool is_small(const Setting& setting) const { return pixels_of(setting) <= small_pixels; }
  // Whether hardly anything is left in between.
  bool is_close(const Way& way, const Bracket& known) const {
    if (!known.over || !known.fits) return false;
    const Setting a = way.setting(known.over->at), b = way.setting(known.fits->at);
    const auto apart = [&](std::uint32_t edge) {
      return std::abs(1.0 * scaled(edge, a.fewer) - scaled(edge, b.fewer));
    };
    const double step = step_of(spec_.request.quality) * std::exp(halved_.step(std::min(a.coarser, b.coarser)));
    return std::abs(a.coarser - b.coarser) < std::max(0.02, 1.01 / step) &&
           apart(frame_.layout.width_px) + apart(frame_.layout.height_px) <= 1;
  }

  // Says where chroma is halved, and how the bytes go on from there.
  void halve_chroma() {
    if (frame_.layout.model == ColorModel::gray) return;
    halved_.at = natural_log(step_of(full_chroma_quality) / step_of(spec_.request.quality));
    double whole = 0, half = 0;
    make_sample();
    if (!measure(way_, halved_.at, whole) || !measure(way_, halved_.at + 1e-6, half)) return;
    measured_.pop_back();
    halved_.finer = std::clamp((whole - half) / coarser_slope, 0.0, most_finer_chroma);
    way_.knee += halved_.finer;
  }

  // Encodes the picture as it is at `at`.
  void look(const Way& way, Bracket& known, double at) {
    const Setting setting = way.setting(at);
    const double pixels = pixels_of(setting);
    if (pixels > small_pixels) {
      ++encodes_;
    } else {
      ++trials_;
      pixels_left_ -= pixels;
    }
    auto image = encode_at(frame_, spec_, drop_alpha_, setting, halved_);
    if (!image) {
      error_ = std::move(image).error();
      is_done_ = true;
      return;
    }
    const double bytes = static_cast<double>(image->bytes.size());
    smallest_ = std::min(smallest_, bytes);
    const Point point{at, beyond(bytes)};
    if (at > way.knee && known.over && point.beyond > known.over->beyond + 0.05) is_drawing_ = true;
    known.add(way, point);
    if (bytes > limit_) return;
    is_done_ = bytes >= landing * limit_;
    // Without a quality the larger picture is the better one.
    const bool is_better = !best_ || (has_quality_ ? image->bytes.size() > best_->bytes.size() : pixels > best_pixels_);
    if (!is_better && !is_done_) return;
    best_ = std::move(image).value();
    best_pixels_ = pixels;
  }

  bool may_look(const Setting& setting) const {
    const double pixels = pixels_of(setting);
    if (is_done_) return false;
    return pixels > small_pixels ? encodes_ < most_encodes : trials_ < most_trials && pixels <= pixels_left_;
  }

  // Encodes the picture along a way, at `at` first, until it lands, or hardly anything is in between, or (of the whole
  // way) it is large and better foreseen.
  void search(const Way& way, Bracket& known, std::optional<double> first = {}) {
    for (int looks = 0; looks < most_looks || !known.fits; ++looks) {
      if (is_close(way, known)) return;
      if (!known.over && known.fits->at == 0) return;
      if (known.over && pixels_of(way.setting(known.over->at)) <= 1) return;
      double at = first && looks == 0 ? *first : known.next(way, looks);
      if (!is_small(way.setting(at))) {
        if (encodes_ == most_encodes) {
          while (!is_small(way.setting(at))) at += 0.02;
          if (known.fits && at >= known.fits->at) return;
        } else if (first && looks > 0) {
          return;
        }
      }
      if (!may_look(way.setting(at))) return;
      const Bracket before = known;
      look(way, known, at);
      if (is_drawing_ && !is_stretched_ && !is_done_) {
        known = before;
        stretch();
      }
    }
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
      if (!may_look(setting)) return;
      look(way_, known_, setting.fewer);
      if (known_.fits && known_.fits->at == setting.fewer) return;
    }
  }

  // Each step with what the ones before have told, until it lands or nothing is left to try.
  void search_all() {
    for (int before = -1; before != trials_ + encodes_ && !is_done_;) {
      before = trials_ + encodes_;
      if (has_quality_ && encodes_ + 1 == most_encodes && known_.fits && known_.fits->at > way_.knee &&
          !is_small(way_.setting(known_.fits->at))) {
        look_finer();
        continue;
      }
      if (!is_close(way_, known_)) {
        const double at = foresee();
        if (is_done_) return;
        const bool is_large = encodes_ < most_encodes && !is_small(way_.setting(at));
        is_large ? look(way_, known_, at) : search(way_, known_, at);
        if (is_large || (encodes_ < most_encodes && !is_small(way_.setting(known_.next(way_, 0))))) continue;
      }
      if (!has_quality_) continue;
      // No small picture lands where a large one nearly does.
      if (best_pixels_ > small_pixels && encodes_ == most_encodes) return;
      const bool is_last = is_close(way_, known_);
      search_between();
      if (is_last) return;
    }
  }

  // Where one dial jumps over the goal, the other may land in between.
  void search_between() {
    Way way = way_;
    Bracket known = known_;
    for (int before = -1; before != trials_ && !is_done_ && known.over && known.fits;) {
      before = trials_;
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
      search(way, known);
    }
  }

  // Where on the way the goal is, by samples.
  double foresee() {
    const Point over = *known_.over;
    const bool is_nearer = known_.fits && over.beyond > -known_.fits->beyond;
    const Point from = is_nearer ? *known_.fits : over;
    const bool must_fit = !best_ || static_cast<double>(best_->bytes.size()) < 0.75 * limit_;
    const bool is_last = encodes_ + 1 == most_encodes;
    const double room = is_last && must_fit ? std::clamp(room_share * std::abs(from.beyond), least_room, last_room) : 0;
    Bracket guess = known_;
    guess.over->beyond += room;
    double at = guess.next(way_, 0);
    if (encodes_ == most_encodes ||
        (std::abs(from.beyond) < (from.at > way_.knee ? size_step : small_step) && known_.pace > 0.5) ||
        is_small(way_.setting(at)))
      return at;
    make_sample();
    double start = 0, end = 0, scale = 1;
    if (known_.fits) {  // samples change as the picture did between what is known of it
      const Point& other = is_nearer ? over : *known_.fits;
      if (!measure(way_, from.at, start) || !measure(way_, other.at, end)) return at;
      if (std::abs(end - start) > near_enough) {
        scale = std::clamp((other.beyond - from.beyond) / (end - start), 0.3, 3.0);
      }
    }
    at = by_samples(way_, guess, from, scale, room);
    if (!is_drawing_ || is_stretched_) return at;
    stretch();
    return foresee();
  }

  // Where on a way the goal is, less `room`: samples change by `scale` times what the picture does, from a place of it.
  double by_samples(const Way& way, Bracket guess, const Point& from, double scale, double room) {
    const std::optional<Point> encoded = guess.fits;
    double at = guess.next(way, 0), start = 0, known = 0;
    if (!measure(way, from.at, start) || (encoded && !measure(way, encoded->at, known))) return at;
    bool is_new = false;  // what fits, not a neighbour of what was encoded
    for (int samples = 0; samples < most_samples; ++samples) {
      double log_bytes = 0;
      if (is_small(way.setting(at)) || !measure(way, at, log_bytes)) return at;
      const Point point{at, from.beyond + (log_bytes - start) * scale + room};
      if (std::abs(point.beyond) < near_enough) return at;
      if (!is_drawing_ && at > way.knee && guess.over && point.beyond > guess.over->beyond + 0.05) {
        is_drawing_ = true;
        return at;
      }
      if (point.beyond <= 0) is_new = !encoded || log_bytes != known;
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

  void make_sample() {
    if (sample_) return;
    const double at = way_.further(0, known_.over->beyond, 1);
    sample_ = sample_strips(frame_, std::exp(std::max(0.0, at - way_.knee) / 2));
  }

  // The last encode of a large picture, when one that fits was made too small: of that size, with finer steps. Strips
  // foresee those better than they foresee sizes.
  void look_finer() {
    const Setting fits = way_.setting(known_.fits->at);
    const Way way{{-most_finer, fits.fewer}, 10};
    Bracket known;
    known.fits = Point{fits.coarser + most_finer, known_.fits->beyond};
    make_sample();
    const double at = by_samples(way, known, *known.fits, 1, 0);
    if (at < known.fits->at - 0.01) look(way, known, at);
  }

  // The sample's log bytes.
  bool measure(const Setting& setting, double& log_bytes) {
    if (sample_->layout.height_px == 0) return false;
    for (const Measured& one : measured_) {
      if (one.setting.coarser != setting.coarser || one.setting.fewer != setting.fewer) continue;
      log_bytes = one.log_bytes;
      return true;
    }
    OutputSpec spec = spec_;
    spec.request.pixels = static_cast<std::uint64_t>(pixels_of(setting));
    auto image = encode_at(*sample_, spec, drop_alpha_, setting, halved_);
    if (!image) return false;
    log_bytes = log_body(static_cast<double>(image->bytes.size()));
    measured_.push_back({setting, log_bytes});
    return true;
  }
  bool measure(const Way& way, double at, double& log_bytes) { return measure(way.setting(at), log_bytes); }

  const Frame& frame_;
  const OutputSpec& spec_;
  const bool drop_alpha_;
  const double limit_;
  const double header_bytes_;
  const bool has_quality_;
  Way way_;
  ChromaSwitch halved_;
  Bracket known_;
  std::optional<Frame> sample_;
  std::vector<Measured> measured_;
  std::optional<FittedImage> best_;
  double best_pixels_ = 0;
  std::optional<Error> error_;
  double smallest_;
  double pixels_left_ = trial_pixels;
  int encodes_ = 1;
  int trials_ = 0;
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
