// The search for a number of bytes along a line of settings: from quality to size.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace photo_core {

inline constexpr double coarser_slope = 0.55;  // log bytes against log quantiser step, over photos
inline constexpr double pixel_slope = 0.85;    // the same against log pixels given up
inline constexpr double near_knee = 0.4;       // in log pixels given up: coarser alone may do

// Of a number above 0. The standard library's, for four uses, brings 4 KB of numbers that no compression makes smaller.
inline double natural_log(double x) {
  int exponent = 0;
  double part = std::frexp(x, &exponent);
  if (part < std::numbers::sqrt2 / 2) {
    part *= 2;
    --exponent;
  }
  const double z = (part - 1) / (part + 1);  // ln x = 2 artanh z, and |z| is at most 0.172
  double sum = 0;
  for (int n = 21; n > 0; n -= 2) sum = sum * z * z + 1.0 / n;
  return exponent * std::numbers::ln2 + 2 * z * sum;
}

// What gives fewer bytes than "as asked": both are logarithms, 0 for nothing given up.
struct Setting {
  double coarser = 0;  // quantiser step
  double fewer = 0;    // pixels

  bool operator==(const Setting&) const = default;
};

// A line of settings, from more bytes to fewer: coarser steps up to a knee, then fewer pixels.
struct Way {
  Setting from;
  double knee = 0;

  Setting setting(double at) const {
    return {from.coarser + std::min(at, knee), from.fewer + std::max(0.0, at - knee)};
  }
  // Where the bytes are exp(need) times as few as at `at`, when they change at `pace` times what is usual.
  double further(double at, double need, double pace) const {
    const double coarser = std::clamp(need / (pace * coarser_slope), 0.0, std::max(0.0, knee - at));
    return at + coarser +
           (need - coarser * pace * coarser_slope) / (pixel_slope * (at <= knee ? 1 : std::max(0.25, pace)));
  }
  // What log bytes usually are less at `at`.
  double usual(double at) const { return std::min(at, knee) * coarser_slope + std::max(0.0, at - knee) * pixel_slope; }
  // The place of which `usual` is that.
  double where(double usual) const {
    return std::min(usual / coarser_slope, knee) + std::max(0.0, usual - knee * coarser_slope) / pixel_slope;
  }
};

// A place on a way, and by how much its log bytes are beyond the goal.
struct Point {
  double at = 0;
  double beyond = 0;
};

// What is known of a way: the last place that is too large, and the first that is not.
struct Bracket {
  std::optional<Point> over, fits;
  double pace = 1;

  void add(const Way& way, const Point& point) {
    std::optional<Point>& same = point.beyond > 0 ? over : fits;
    if (same) {
      const double usual = way.usual(point.at) - way.usual(same->at);
      if (std::abs(usual) > 0.01) pace = std::clamp((same->beyond - point.beyond) / usual, 0.05, 2.0);
    }
    same = point;
  }

  // Where to look next, after so many looks: further than the last place says when there were some, since the other
  // side has to come, and in the middle at times, since one side may stay, or where the bytes fall off.
  double next(const Way& way, int looks) const {
    const double more = 1 + 0.2 * std::max(0, looks - 1);
    if (!fits) {
      const double at = way.further(over->at, over->beyond * more, pace);
      return over->at < way.knee && at < way.knee + near_knee ? std::min(at, way.knee) : at;
    }
    if (!over) return std::max(0.0, fits->at + fits->beyond * more / (pace * coarser_slope));
    const double share = over->beyond / (over->beyond - fits->beyond);
    const bool is_cliff = fits->beyond < -1;
    const double part = looks > 0 && (looks % 3 == 0 || is_cliff) ? 0.5 : std::clamp(share, 0.01, 0.99);
    return way.where(way.usual(over->at) + (way.usual(fits->at) - way.usual(over->at)) * part);
  }
};

}  // namespace photo_core
