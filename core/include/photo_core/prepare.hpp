// One photo, made ready: checked, upright, scaled, thumbnailed, in sRGB, without private metadata. One decode.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <photo_core/limits.gen.hpp>
#include <photo_core/probe.hpp>
#include <photo_core/result.hpp>

namespace photo_core {

// `automatic`: JPEG, or WebP where transparency is really used.
enum class OutputFormat : std::uint8_t { automatic, jpeg, webp, png };
// Colours to sRGB by the source's profile, or pixels and profile as they are, where the file can hold it.
enum class ColorChoice : std::uint8_t { srgb, keep };
// What is averaged where pixels are resized: the numbers that are stored, or the light that they stand for.
enum class LightChoice : std::uint8_t { encoded, linear };
// The whole picture within the edge, or a box that is filled, cut evenly from both sides.
enum class FitChoice : std::uint8_t { inside, cover };
// What the outputs say of the capture: nothing, or camera, exposure and time in a small Exif of our own.
enum class MetadataChoice : std::uint8_t { none, capture };
// Whether a source that fits is scrubbed instead of encoded anew: where it can be, never, or always (what cannot is
// refused).
enum class OriginalChoice : std::uint8_t { automatic, never, always };

// Numbers out of their range are the caller's fault, and are not looked for: the package refuses them before.
struct ThumbnailOptions {
  std::uint32_t max_edge_px = 400;  // 1..16384, WebP 16383; a smaller photo is not enlarged
  OutputFormat format = OutputFormat::webp;
  int quality = 75;  // 1..100
};

// The defaults are the package's. Ranges as above.
struct PrepareOptions {
  std::uint32_t max_edge_px = 2000;  // the long edge, 1..16384, WebP 16383; a smaller picture is not enlarged
  OutputFormat format = OutputFormat::automatic;
  int quality = 82;                      // 1..100
  std::uint64_t max_bytes = 10'485'760;  // of the photo
  ColorChoice color = ColorChoice::srgb;
  LightChoice light = LightChoice::encoded;
  FitChoice fit = FitChoice::inside;
  // With `cover`: the box to fill, cut evenly from both sides; 0 means max_edge_px.
  std::uint32_t cover_width_px = 0;
  std::uint32_t cover_height_px = 0;
  bool progressive = false;  // JPEG
  bool gps = false;          // the position too, in `capture` and in what `keep_metadata` writes
  std::vector<ThumbnailOptions> thumbnails = std::vector<ThumbnailOptions>(1);  // one of the default kind
  std::uint32_t background = 0xffffff;  // 0xRRGGBB, under transparent pixels in JPEG
  MetadataChoice keep_metadata = MetadataChoice::none;
  OriginalChoice keep_original = OriginalChoice::automatic;
  bool allow_truncated = false;        // takes what is there of a cut file, with a warning
  bool strict_type = false;            // a type that is claimed wrongly is an error
  std::string claimed_type;            // MIME type as claimed, may be empty
  std::uint64_t max_source_bytes = 0;  // 0: the contract's
  std::uint64_t max_pixels = 0;        // likewise
  std::uint64_t max_heap_bytes = 0;    // likewise
  CaptureData capture;                 // of pixels that somebody else decoded, which say nothing themselves
  // Called between steps and every few rows: `decode` (rows), `encode` (files), `thumbnail` (files), at the end `done`;
  // how many of how many.
  std::function<void(std::string_view step, std::uint64_t done, std::uint64_t total)> on_progress;
  // Called every few rows of whatever is encoded in one step: the caller may do something else in between.
  std::function<void()> on_turn;
  // Milliseconds from any fixed point, for `timings`; the core has no clock of its own.
  std::function<double()> clock_ms;
};

// A whole file, upright unless `keep_original` says always, and its size as displayed.
struct EncodedImage {
  std::vector<std::uint8_t> bytes;
  std::string mime_type;
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
};

struct PreparedPhoto {
  EncodedImage photo;                    // never more than `max_bytes`
  std::vector<EncodedImage> thumbnails;  // as asked, in order
  std::uint64_t dhash = 0;               // difference hash, 8 x 8 horizontal gradients, first bit most significant
  std::vector<std::uint8_t> thumbhash;   // ThumbHash, at most 25 bytes
  bool passed_through = false;           // the source's own pixels, scrubbed, not encoded again
  PhotoProbe source;                     // of pixels that somebody else decoded: size, `capture`
  std::vector<WarningCode> warnings;     // those of the probe, and what was done to the photo
  std::vector<std::pair<std::string, double>> timings;  // step, milliseconds; empty without a clock
};

// A photo on its way, step by step, for a thread that has to look up in between: a browser's worker that is told to end
// does so only between two of its tasks.
class Preparation {
 public:
  // `source` stays the caller's and must outlive this.
  Preparation(std::span<const std::uint8_t> source, const PrepareOptions& options);
  // A picture that somebody else decoded: `rgba` holds width * height * 4 bytes, not premultiplied, sRGB, upright.
  Preparation(std::span<const std::uint8_t> rgba, std::uint32_t width_px, std::uint32_t height_px,
              const PrepareOptions& options);
  ~Preparation();

  // Goes on by a band of rows or by one file, some milliseconds; a photo that is turned, or whose bytes are limited, is
  // encoded in one step, within which `on_turn` is called. False when there is nothing left to do.
  bool step();

  // What came of it, once `step` was false. Errors: those of prepare_photo.
  Result<PreparedPhoto> take();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Prepares one photo. Errors: those of probe_photo, output_too_large, out_of_memory, internal.
Result<PreparedPhoto> prepare_photo(std::span<const std::uint8_t> source, const PrepareOptions& options);

// The same for a picture that somebody else decoded: `rgba` holds width * height * 4 bytes, not premultiplied, sRGB,
// upright.
Result<PreparedPhoto> prepare_pixels(std::span<const std::uint8_t> rgba, std::uint32_t width_px,
                                     std::uint32_t height_px, const PrepareOptions& options);

}  // namespace photo_core
