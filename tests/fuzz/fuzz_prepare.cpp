// The whole way of one photo under options that the input's last bytes choose: what comes out is a picture of the
// announced size that the core itself takes, upright, within its byte limit and without a position nobody asked for.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <photo_core/prepare.hpp>

#include "fuzz.hpp"

using namespace photo_core;

namespace {

using Source = std::span<const std::uint8_t>;

// One choice a call, from the last byte backwards; zeros when there is none left.
class Choices {
 public:
  explicit Choices(Source source) : source_(source.last(std::min<std::size_t>(source.size(), 16))) {}

  // 0 to count - 1.
  unsigned of(unsigned count) {
    if (source_.empty()) return 0;
    const unsigned chosen = source_.back() % count;
    source_ = source_.first(source_.size() - 1);
    return chosen;
  }
  bool yes() { return of(2) == 1; }

 private:
  Source source_;
};

PrepareOptions choose(Choices choices) {
  constexpr std::uint32_t edges[] = {1, 7, 16, 33, 64, 200, 2'000, 16'384};
  constexpr int qualities[] = {1, 40, 75, 82, 90, 95, 100};
  constexpr std::uint64_t sizes[] = {10'485'760, 10'485'760, 100'000, 8'000, 2'000, 600};
  PrepareOptions options;
  options.max_edge_px = edges[choices.of(8)];
  options.format = static_cast<OutputFormat>(choices.of(4));
  options.quality = qualities[choices.of(7)];
  options.max_bytes = sizes[choices.of(6)];
  const unsigned bits = choices.of(256);
  options.color = (bits & 1) != 0 ? ColorChoice::keep : ColorChoice::srgb;
  options.light = (bits & 2) != 0 ? LightChoice::linear : LightChoice::encoded;
  options.fit = (bits & 4) != 0 ? FitChoice::cover : FitChoice::inside;
  options.progressive = (bits & 8) != 0;
  options.gps = (bits & 16) != 0;
  options.keep_metadata = (bits & 32) != 0 ? MetadataChoice::capture : MetadataChoice::none;
  options.allow_truncated = (bits & 64) != 0;
  options.background = (bits & 128) != 0 ? 0x2040c0 : 0xffffff;
  options.keep_original = static_cast<OriginalChoice>(choices.of(3));
  if (choices.yes()) {
    options.cover_width_px = edges[choices.of(7)];
    options.cover_height_px = edges[choices.of(7)];
  }
  options.thumbnails.resize(choices.of(3));
  for (ThumbnailOptions& thumbnail : options.thumbnails) {
    thumbnail.max_edge_px = edges[choices.of(6)];
    thumbnail.format = static_cast<OutputFormat>(choices.of(4));
  }
  // Small enough for hundreds of pictures a second; larger ones are refused where the pipeline refuses them.
  options.max_pixels = 300'000;
  options.max_heap_bytes = 64u << 20;
  return options;
}

// The line is what a finding shows first.
void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "fuzz_prepare.cpp:%d: not so\n", line);
  std::abort();
}

void check(const EncodedImage& image, bool as_it_was, bool position_wanted) {
  ProbeOptions asked;
  asked.gps = true;
  const Result<PhotoProbe> probe = probe_photo(image.bytes, asked);
  require(probe.ok());
  require(probe->mime_type == image.mime_type);
  require(probe->width_px == image.width_px && probe->height_px == image.height_px);
  // A kept original may say how it is turned.
  require(as_it_was || probe->orientation == 1);
  require(position_wanted || !probe->capture.latitude.has_value());
}

}  // namespace

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  const Source source(bytes, size);
  const PrepareOptions options = choose(Choices(source));
  const Result<PreparedPhoto> prepared = prepare_photo(source, options);
  if (!prepared.ok()) {
    require(prepared.error().code != ErrorCode::internal);
    return 0;
  }
  const bool position_kept = options.gps && options.keep_metadata == MetadataChoice::capture;
  const bool as_it_was = prepared->passed_through && options.keep_original == OriginalChoice::always;
  check(prepared->photo, as_it_was, position_kept);
  require(prepared->photo.bytes.size() <= options.max_bytes);
  require(prepared->thumbnails.size() == options.thumbnails.size());
  for (std::size_t i = 0; i < options.thumbnails.size(); ++i) {
    const EncodedImage& thumbnail = prepared->thumbnails[i];
    check(thumbnail, false, false);
    require(std::max(thumbnail.width_px, thumbnail.height_px) <= options.thumbnails[i].max_edge_px);
  }
  require(prepared->thumbhash.size() <= 25);
  require(options.gps || !prepared->source.capture.latitude.has_value());

  // What came out is whole: it can be prepared again, strictly, from its pixels.
  PrepareOptions again;
  again.max_edge_px = 64;
  again.keep_original = OriginalChoice::never;
  const Result<PreparedPhoto> second = prepare_photo(prepared->photo.bytes, again);
  require(second.ok());
  return 0;
}
