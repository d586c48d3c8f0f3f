#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <photo_core/prepare.hpp>

#include "image/orientation.hpp"
#include "photo/encode.hpp"
#include "photo/fit_bytes.hpp"
#include "photo/hashes.hpp"
#include "photo/inspect.hpp"
#include "photo/pipeline.hpp"
#include "photo/pixel_source.hpp"
#include "photo/plan.hpp"
#include "photo/source_choices.hpp"

namespace photo_core {
namespace {

void add_warning(std::vector<WarningCode>& warnings, WarningCode warning) {
  if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
}

}  // namespace

// The steps in their order, with what they share. Each `Status` function does its step's work and says by `next_` what
// comes after it; rows, which are most of the time, pass a band at a time in between.
class Preparation::State {
 public:
  State(ByteView source, const PrepareOptions& options) : source_(source), options_(options) {}
  State(ByteView rgba, std::uint32_t width_px, std::uint32_t height_px, const PrepareOptions& options)
      : source_(rgba), options_(options), pixels_({width_px, height_px}) {}

  bool step() {
    if (Status status = advance(); !status) {
      outcome_ = std::move(status).error();
      next_ = Next::nothing;
    }
    return next_ != Next::nothing;
  }

  Result<PreparedPhoto> take() {
    return outcome_ ? std::move(*outcome_) : fail(ErrorCode::internal, "taken before it was done");
  }

 private:
  enum class Next { inspect, pass_through, encode, encode_held, thumbnail, hash, nothing };

  Status advance() {
    if (rows_) {
      Result<bool> more = rows_->step();
      if (!more) return std::move(more).error();
      if (*more) return {};
      Result<PipelineResult> result = rows_->take();
      rows_.reset();
      if (!result) return std::move(result).error();
      made_ = std::move(result).value();
    }
    switch (next_) {
      case Next::inspect: return inspect();
      case Next::pass_through: return pass_through();
      case Next::encode: return encode();
      case Next::encode_held: return encode_held();
      case Next::thumbnail: return encode_thumbnail();
      case Next::hash: return hash();
      case Next::nothing: break;
    }
    return {};
  }

  double now() const { return options_.clock_ms ? options_.clock_ms() : 0; }
  void stamp(const char* step, double milliseconds) {
    if (options_.clock_ms) out_.timings.emplace_back(step, milliseconds);
  }
  void progress(std::string_view step, std::uint64_t done, std::uint64_t total) const {
    if (options_.on_progress) options_.on_progress(step, done, total);
  }
  bool keeps_always() const { return options_.keep_original == OriginalChoice::always; }

  // The header alone: the verdict, the plan, the budget.
  Status inspect() {
    const double start = now();
    if (pixels_) {
      if (pixels_->width_px == 0 || pixels_->height_px == 0 ||
          std::uint64_t{pixels_->width_px} * pixels_->height_px * 4 != source_.size()) {
        return fail(ErrorCode::internal, "pixels do not match their size");
      }
      inspected_.decoder = make_pixel_source(source_, pixels_->width_px, pixels_->height_px);
      inspected_.type = FileType::png;
      inspected_.capture = options_.capture;
      if (!options_.gps) {
        inspected_.capture.latitude = inspected_.capture.longitude = inspected_.capture.altitude_m = std::nullopt;
      }
    } else {
      auto inspected = inspect_source(source_, {options_.gps, options_.claimed_type, options_.strict_type,
                                                options_.max_pixels, options_.max_source_bytes});
      if (!inspected) return std::move(inspected).error();
      inspected_ = std::move(inspected).value();
    }
    const ImageInfo info = inspected_.decoder->info();
    const bool may_stay = !pixels_ && may_pass(inspected_, source_.size(), options_);
    limit_edges(options_, info.has_alpha);
    stored_ = {info.width_px, info.height_px};
    Size upright = stored_;
    if (swaps_axes(inspected_.orientation)) std::swap(upright.width_px, upright.height_px);
    geometry_ = as_stored(plan_geometry(upright, options_), inspected_.orientation);
    const MemoryPlan memory = plan_memory(info, source_.size(), geometry_, inspected_.orientation, options_);
    if (Status status = check_budget(memory, info, options_); !status) return status;
    if (Status status = reserve_memory(memory.total() - source_.size()); !status) return status;
    out_.source = describe(inspected_);
    out_.source.heap_bytes = memory.total();
    out_.warnings = inspected_.warnings;
    stamp("probe", now() - start);

    if (keeps_always() && !pixels_) {
      if (!may_stay) return fail(ErrorCode::unsupported_type, "an animation cannot be kept as it is");
      if (source_.size() > options_.max_bytes + (64u << 10)) {  // metadata may still come off
        return too_large(source_.size());
      }
    }
    return may_stay ? begin_passing() : begin_encoding();
  }

  Error too_large(std::uint64_t bytes) const {
    return fail_limit(ErrorCode::output_too_large, static_cast<double>(options_.max_bytes), static_cast<double>(bytes));
  }

  // What every run of the pipeline shares.
  PipelineRequest request_for(const Geometry& geometry, bool with_photo) {
    const ImageInfo& info = inspected_.decoder->info();
    transform_ = make_transform(inspected_, options_);
    light_ = light_of(inspected_, options_);
    PipelineRequest request;
    request.decoder = inspected_.decoder.get();
    request.in_rgb = resizes_rgb(info, options_, with_photo);
    request.scale_eighths = decode_scale(geometry, request.in_rgb, info, options_);
    request.allow_truncated = options_.allow_truncated;
    request.geometry = geometry;
    request.orientation = inspected_.orientation;
    request.transform = transform_.get();
    request.is_ink = info.is_cmyk;
    // Ink is no light: it is averaged as it is stored.
    request.space = info.is_cmyk ? ResizeSpace::encoded : space_of(options_);
    request.light = light_.get();
    spec_.light = transform_ ? nullptr : light_.get();
    request.clock_ms = options_.clock_ms;
    for (const ThumbnailOptions& thumbnail : options_.thumbnails) {
      request.thumbnail_specs.push_back(spec_of(thumbnail));
      request.thumbnail_edges_px.push_back(thumbnail.max_edge_px);
    }
    if (options_.on_progress)
      request.on_rows = [this](std::uint64_t done, std::uint64_t total) { progress("decode", done, total); };
    return request;
  }

  OutputSpec spec_of(const ThumbnailOptions& thumbnail) const {
    OutputSpec spec{
        thumbnail.format == OutputFormat::automatic ? OutputFormat::webp : thumbnail.format, {}, options_.background};
    spec.request.quality = thumbnail.quality;
    spec.request.on_turn = options_.on_turn;
    return spec;
  }

  // Lets the rows pass, then goes on with `next`.
  Status run(PipelineRequest request, Next next) {
    auto opened = Pipeline::open(std::move(request));
    if (!opened) return std::move(opened).error();
    rows_ = std::move(opened).value();
    next_ = next;
    return {};
  }

  // Takes the source's own image data as the photo, and decodes it for proof, thumbnails and hashes; encodes anew when
  // it turns out not to fit.
  Status begin_passing() {
    const double start = now();
    keep_.icc_profile = keeps_always() || options_.color == ColorChoice::keep;
    if (options_.keep_metadata == MetadataChoice::capture) {
      exif_ = write_capture_exif(inspected_.capture, stored_form(inspected_, keep_.icc_profile),
                                 keeps_always() ? inspected_.orientation : 1);
    }
    if (exif_.empty() && keeps_always() && inspected_.orientation != 1) {
      exif_ = write_orientation_exif(inspected_.orientation);
    }
    keep_.exif = exif_;
    scrubbed_ = scrub(inspected_, source_, keep_);
    if (!*scrubbed_ && !keeps_always()) return begin_encoding();  // where it is a must, decoding tells why
    if (*scrubbed_ && (*scrubbed_)->size() > options_.max_bytes) {
      return keeps_always() ? too_large((*scrubbed_)->size()) : begin_encoding();
    }
    stamp("scrub", now() - start);
    std::uint32_t edge = hash_edge_px;
    for (const ThumbnailOptions& thumbnail : options_.thumbnails) edge = std::max(edge, thumbnail.max_edge_px);
    const Geometry geometry{0, 0, static_cast<double>(stored_.width_px), static_cast<double>(stored_.height_px),
                            fit_inside(stored_, edge)};
    return run(request_for(geometry, false), Next::pass_through);
  }

  Status pass_through() {
    if (inspected_.decoder->was_cut()) {  // what is missing is filled in the pixels, never in the file
      if (keeps_always()) return fail(ErrorCode::truncated_image, "a picture that ends early cannot be kept as it is");
      if (Status status = reopen(); !status) return status;
      return begin_encoding();
    }
    if (!*scrubbed_) return std::move(*scrubbed_).error();
    if (!inspected_.decoder->find_surplus(keep_.surplus)) {
      if (keeps_always()) return fail(ErrorCode::corrupt_image, "data beside the picture");
      if (Status status = reopen(); !status) return status;
      return begin_encoding();
    }
    if (keep_.surplus.count > 0) {  // rare: known only now that all was decoded
      scrubbed_ = scrub(inspected_, source_, keep_);
      if (!*scrubbed_) return std::move(*scrubbed_).error();
    }
    stamp("decode", made_.decode_ms);
    out_.passed_through = true;
    out_.photo = {std::move(**scrubbed_), mime_type_of(format_of(inspected_.decoder->info().format)),
                  out_.source.width_px, out_.source.height_px};
    return begin_thumbnails();
  }

  Status begin_encoding() {
    scrubbed_.reset();
    spec_.format = options_.format == OutputFormat::automatic ? OutputFormat::jpeg : options_.format;
    spec_.background = options_.background;
    spec_.space = space_of(options_);
    spec_.request.quality = options_.quality;
    spec_.request.progressive = options_.progressive;
    spec_.request.palette = inspected_.decoder->info().is_palette;
    spec_.request.icc_profile = kept_profile(inspected_, options_);
    if (options_.keep_metadata == MetadataChoice::capture) {
      spec_.request.exif = [this](const PlaneLayout& layout) {
        return write_capture_exif(
            inspected_.capture, {layout.width_px, layout.height_px, layout.model, !spec_.request.icc_profile.empty()});
      };
    }
    spec_.request.on_turn = options_.on_turn;

    PipelineRequest request = request_for(geometry_, true);
    request.photo = spec_;
    request.hold_photo = holds_photo(geometry_.target, inspected_.orientation, options_);
    return run(std::move(request), Next::encode);
  }

  // The photo was encoded in passing, or its frame is held to be turned, looked at for alpha, or fitted.
  Status encode() {
    if (inspected_.decoder->was_cut()) add_warning(out_.warnings, WarningCode::truncated_image);
    stamp("decode", made_.decode_ms);
    out_.photo.width_px = geometry_.target.width_px;
    out_.photo.height_px = geometry_.target.height_px;
    if (swaps_axes(inspected_.orientation)) std::swap(out_.photo.width_px, out_.photo.height_px);
    if (made_.photo && made_.photo->size() > options_.max_bytes) return decode_again();
    if (made_.photo_frame) {
      kept_ = std::move(made_);
      made_.photo_frame = std::move(kept_->photo_frame);
      next_ = Next::encode_held;
      return {};
    }
    return take_photo();
  }

  // Rare: the photo is too large and its frame was not held. Decodes once more, for the frame alone.
  Status decode_again() {
    kept_ = std::move(made_);
    if (Status status = reopen(); !status) return status;
    PipelineRequest request = request_for(geometry_, true);
    request.photo = spec_;
    request.hold_photo = true;
    request.thumbnail_specs.clear();
    request.thumbnail_edges_px.clear();
    return run(std::move(request), Next::encode_held);
  }

  // A fresh decoder: each gives its rows once.
  Status reopen() {
    InspectOptions inspect;
    inspect.max_pixels = options_.max_pixels;
    inspect.max_source_bytes = options_.max_source_bytes;
    auto again = inspect_source(source_, inspect);
    if (!again) return std::move(again).error();
    inspected_.decoder = std::move(again->decoder);
    return {};
  }

  // From the frame that `made_` holds; `kept_` has what else there is already.
  Status encode_held() {
    const double start = now();
    progress("encode", 0, 1);
    const Frame frame = turn_upright(std::move(*made_.photo_frame), inspected_.orientation);
    made_ = std::move(*kept_);
    kept_.reset();
    const bool opaque = !uses_alpha(frame);
    if (options_.format == OutputFormat::automatic && !opaque) spec_.format = OutputFormat::webp;
    if (!made_.photo) {
      auto encoded = encode_frame(frame, spec_, opaque);
      if (!encoded) return std::move(encoded).error();
      made_.photo = std::move(encoded).value();
    }
    if (made_.photo->size() > options_.max_bytes) {
      auto fitted = fit_into_bytes(frame, spec_, opaque, options_.max_bytes, made_.photo->size());
      if (!fitted) return std::move(fitted).error();
      made_.photo = std::move(fitted->bytes);
      out_.photo.width_px = fitted->width_px;
      out_.photo.height_px = fitted->height_px;
    }
    made_.encode_ms += now() - start;
    return take_photo();
  }

  Status take_photo() {
    stamp("encode", made_.encode_ms);
    out_.photo.bytes = std::move(*made_.photo);
    out_.photo.mime_type = mime_type_of(spec_.format);
    if (transform_) add_warning(out_.warnings, WarningCode::profile_converted);
    return begin_thumbnails();
  }

  Status begin_thumbnails() {
    progress("thumbnail", 0, made_.thumbnail_frames.size());
    next_ = made_.thumbnail_frames.empty() ? Next::hash : Next::thumbnail;
    return {};
  }

  // The next one, from the frame that the rows left.
  Status encode_thumbnail() {
    const double start = now();
    const std::size_t index = out_.thumbnails.size();
    Frame frame = turn_upright(std::move(made_.thumbnail_frames[index]), inspected_.orientation);
    OutputSpec spec = spec_of(options_.thumbnails[index]);
    if (!out_.passed_through || options_.color == ColorChoice::keep)
      spec.request.icc_profile = kept_profile(inspected_, options_);
    if (!spec.request.icc_profile.empty() && !can_hold_profile(inspected_, spec.format)) {
      convert_gray(frame, inspected_);
      spec.request.icc_profile = {};
    }
    auto encoded = encode_frame(frame, spec, !uses_alpha(frame));
    if (!encoded) return std::move(encoded).error();
    out_.thumbnails.push_back(
        {std::move(encoded).value(), mime_type_of(spec.format), frame.layout.width_px, frame.layout.height_px});
    thumbnails_ms_ += now() - start;
    if (out_.thumbnails.size() == made_.thumbnail_frames.size()) next_ = Next::hash;
    return {};
  }

  Status hash() {
    stamp("thumbnail", thumbnails_ms_);
    const double start = now();
    const Frame small = turn_upright(std::move(made_.hash_frame), inspected_.orientation);
    out_.thumbhash = thumbhash(small);
    out_.dhash = difference_hash(small);
    stamp("hash", now() - start);
    if (inspected_.blocks.has_private) add_warning(out_.warnings, WarningCode::metadata_removed);
    progress("done", 1, 1);
    outcome_ = std::move(out_);
    next_ = Next::nothing;
    return {};
  }

  const ByteView source_;
  PrepareOptions options_;
  const std::optional<Size> pixels_;  // the source is pixels that somebody else decoded
  Next next_ = Next::inspect;
  Inspected inspected_;
  std::unique_ptr<ColourTransform> transform_;
  std::unique_ptr<const LightTables> light_;
  Size stored_;
  Geometry geometry_;
  Bytes exif_;                             // viewed by keep_
  ScrubKeep keep_;                         // of the source's own file
  OutputSpec spec_;                        // of the photo
  std::optional<Result<Bytes>> scrubbed_;  // the source's own file, while it may become the photo
  std::unique_ptr<Pipeline> rows_;         // while rows pass
  PipelineResult made_;                    // what they left
  std::optional<PipelineResult> kept_;     // what an earlier run left, while the photo's frame is at work
  double thumbnails_ms_ = 0;
  PreparedPhoto out_;
  std::optional<Result<PreparedPhoto>> outcome_;
};

Preparation::Preparation(std::span<const std::uint8_t> source, const PrepareOptions& options)
    : state_(std::make_unique<State>(source, options)) {}
Preparation::Preparation(std::span<const std::uint8_t> rgba, std::uint32_t width_px, std::uint32_t height_px,
                         const PrepareOptions& options)
    : state_(std::make_unique<State>(rgba, width_px, height_px, options)) {}
Preparation::~Preparation() = default;

bool Preparation::step() { return state_->step(); }
Result<PreparedPhoto> Preparation::take() { return state_->take(); }

}  // namespace photo_core
