#include <photo_core/prepare.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "image/orientation.hpp"
#include "photo/encode.hpp"
#include "photo/fit_bytes.hpp"
#include "photo/hashes.hpp"
#include "photo/inspect.hpp"
#include "photo/pipeline.hpp"
#include "photo/pixel_source.hpp"
#include "photo/plan.hpp"

namespace photo_core {
namespace {

OutputFormat format_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::png: return OutputFormat::png;
    case ImageFormat::webp: return OutputFormat::webp;
    default: return OutputFormat::jpeg;
  }
}

ResizeSpace space_of(const PrepareOptions& options) {
  return options.light == LightChoice::linear ? ResizeSpace::linear : ResizeSpace::encoded;
}

// Whether the colours are sRGB as they stand, so that the samples may be kept.
bool colours_stand(const Inspected& inspected) {
  if (inspected.decoder->info().is_cmyk) return false;
  if (inspected.profile.kind != ProfileKind::none && inspected.profile.kind != ProfileKind::broken) {
    return inspected.profile.is_srgb;
  }
  if (inspected.blocks.png_srgb || inspected.decoder->info().format != ImageFormat::png) return true;
  const auto& primaries = inspected.blocks.png_chromaticities;
  return make_png_transform(inspected.blocks.png_gamma, primaries ? &*primaries : nullptr, ColorModel::rgb) == nullptr;
}

// Whether the source's own image data may be the photo (DESIGN: keepOriginal).
bool may_pass(const Inspected& inspected, std::size_t source_bytes, const PrepareOptions& options) {
  const ImageInfo& info = inspected.decoder->info();
  if (options.keep_original == OriginalChoice::never) return false;
  if (info.frames > 1 || inspected.type == FileType::apng || inspected.type == FileType::webp_animated) return false;
  if (options.keep_original == OriginalChoice::always) return true;
  if (inspected.orientation != 1 || source_bytes > options.max_bytes) return false;
  if (options.fit != FitChoice::inside || std::max(info.width_px, info.height_px) > options.max_edge_px) return false;
  if (options.format != OutputFormat::automatic && options.format != format_of(info.format)) return false;
  if (info.bits_per_sample != 8 && !info.is_palette) return false;
  if (info.is_arithmetic || info.is_cmyk) return false;
  return options.color == ColorChoice::keep || colours_stand(inspected);
}

std::unique_ptr<ColourTransform> make_transform(const Inspected& inspected, const PrepareOptions& options) {
  const ImageInfo& info = inspected.decoder->info();
  const ColorModel model = info.is_gray ? ColorModel::gray : ColorModel::rgb;
  std::unique_ptr<ColourTransform> transform;
  if (info.is_cmyk) {   // no browser shows CMYK under `keep`: it is always converted
    if (!inspected.blocks.icc_profile.empty()) transform = make_icc_transform(inspected.blocks.icc_profile, model, true);
    return transform ? std::move(transform) : make_plain_cmyk_transform();
  }
  if (options.color == ColorChoice::keep || colours_stand(inspected)) return nullptr;
  if (!inspected.blocks.icc_profile.empty() && inspected.profile.kind != ProfileKind::broken) {
    return make_icc_transform(inspected.blocks.icc_profile, model, false);
  }
  const auto& primaries = inspected.blocks.png_chromaticities;
  return make_png_transform(inspected.blocks.png_gamma, primaries ? &*primaries : nullptr, model);
}

void add_warning(std::vector<WarningCode>& warnings, WarningCode warning) {
  if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
}

// One call of prepare_photo: the steps in their order, with what they share.
class Preparation {
 public:
  Preparation(ByteView source, const PrepareOptions& options) : source_(source), options_(options) {}

  Result<PreparedPhoto> run() {
    const double start = now();
    auto inspected = inspect_source(source_, {options_.gps, options_.claimed_type, options_.strict_type, options_.max_pixels,
                                             options_.max_source_bytes});
    if (!inspected) return std::move(inspected).error();
    inspected_ = std::move(inspected).value();
    return prepare(start);
  }

  Result<PreparedPhoto> run_pixels(std::uint32_t width_px, std::uint32_t height_px) {
    const double start = now();
    if (width_px == 0 || height_px == 0 || std::uint64_t{width_px} * height_px * 4 != source_.size()) {
      return fail(ErrorCode::internal, "pixels do not match their size");
    }
    inspected_.decoder = make_pixel_source(source_, width_px, height_px);
    inspected_.type = FileType::png;
    is_pixels_ = true;
    return prepare(start);
  }

 private:
  double now() const { return options_.clock_ms ? options_.clock_ms() : 0; }
  void stamp(const char* step, double milliseconds) {
    if (options_.clock_ms) out_.timings.emplace_back(step, milliseconds);
  }
  void progress(std::string_view step, std::uint64_t done, std::uint64_t total) const {
    if (options_.on_progress) options_.on_progress(step, done, total);
  }
  ByteView kept_profile() const {
    return options_.color == ColorChoice::keep && !inspected_.decoder->info().is_cmyk &&
                   inspected_.profile.kind != ProfileKind::broken
               ? inspected_.blocks.icc_profile
               : ByteView{};
  }

  Result<PreparedPhoto> prepare(double start) {
    const ImageInfo info = inspected_.decoder->info();
    stored_ = {info.width_px, info.height_px};
    Size upright = stored_;
    if (swaps_axes(inspected_.orientation)) std::swap(upright.width_px, upright.height_px);
    geometry_ = as_stored(plan_geometry(upright, options_), inspected_.orientation);
    const MemoryPlan memory = plan_memory(info, source_.size(), geometry_, inspected_.orientation, options_);
    if (Status status = check_budget(memory, info, options_); !status) return std::move(status).error();
    if (Status status = reserve(memory.total() - source_.size()); !status) return std::move(status).error();
    out_.source = describe(inspected_);
    out_.source.heap_bytes = memory.total();
    out_.warnings = inspected_.warnings;
    stamp("probe", now() - start);

    passing_ = !is_pixels_ && may_pass(inspected_, source_.size(), options_);
    if (options_.keep_original == OriginalChoice::always && !is_pixels_) {
      if (!passing_) return fail(ErrorCode::unsupported_type, "an animation cannot be kept as it is");
      if (source_.size() > options_.max_bytes + (64u << 10)) {   // metadata may still come off
        return fail_limit(ErrorCode::output_too_large, static_cast<double>(options_.max_bytes), static_cast<double>(source_.size()));
      }
    }
    if (passing_) {
      auto passed = pass_through();
      if (!passed) return std::move(passed).error();
      if (passed.value()) return std::move(out_);
    }
    if (Status status = encode_anew(); !status) return std::move(status).error();
    return std::move(out_);
  }

  // Grows the heap once to what the plan says, instead of piece by piece.
  Status reserve(std::uint64_t bytes) const {
    const std::unique_ptr<std::uint8_t[]> block(new (std::nothrow) std::uint8_t[static_cast<std::size_t>(bytes)]);
    if (!block) return fail_limit(ErrorCode::out_of_memory, static_cast<double>(bytes), static_cast<double>(bytes));
    // Written once, or the compiler leaves the allocation out.
    const_cast<volatile std::uint8_t*>(block.get())[0] = 0;
    return {};
  }

  // What every run of the pipeline shares.
  PipelineRequest request_for(const Geometry& geometry, bool with_photo) {
    const ImageInfo& info = inspected_.decoder->info();
    transform_ = make_transform(inspected_, options_);
    PipelineRequest request;
    request.decoder = inspected_.decoder.get();
    request.in_rgb = resizes_rgb(info, options_, with_photo);
    request.scale_eighths = info.format == ImageFormat::jpeg
                                ? choose_scale(geometry.extent_x, geometry.extent_y, geometry.target, request.in_rgb)
                                : 8;
    request.allow_truncated = options_.allow_truncated;
    request.geometry = geometry;
    request.transform = transform_.get();
    request.is_ink = info.is_cmyk;
    request.space = space_of(options_);
    request.clock_ms = options_.clock_ms;
    for (const ThumbnailOptions& thumbnail : options_.thumbnails) {
      OutputSpec spec{thumbnail.format == OutputFormat::automatic ? OutputFormat::webp : thumbnail.format, {}, options_.background};
      spec.request.quality = thumbnail.quality;
      request.thumbnail_specs.push_back(spec);
      request.thumbnail_edges_px.push_back(thumbnail.max_edge_px);
    }
    if (options_.on_progress) {
      request.on_rows = [this](std::uint64_t done, std::uint64_t total) { progress("decode", done, total); };
    }
    return request;
  }

  // Decodes for proof, thumbnails and hashes, and takes the source's own image data as the photo. False when it turned
  // out not to fit, and the photo is to be encoded.
  Result<bool> pass_through() {
    std::uint32_t edge = hash_edge_px;
    for (const ThumbnailOptions& thumbnail : options_.thumbnails) edge = std::max(edge, thumbnail.max_edge_px);
    Geometry geometry{0, 0, static_cast<double>(stored_.width_px), static_cast<double>(stored_.height_px), fit_inside(stored_, edge)};
    const double start = now();

    ScrubKeep keep;
    Bytes exif;
    const bool always = options_.keep_original == OriginalChoice::always;
    if (options_.keep_metadata == MetadataChoice::capture) {
      exif = write_capture_exif(inspected_.capture, always ? inspected_.orientation : 1);
    }
    if (exif.empty() && always && inspected_.orientation != 1) exif = write_orientation_exif(inspected_.orientation);
    keep.exif = exif;
    keep.icc_profile = always || options_.color == ColorChoice::keep;
    auto scrubbed = scrub(keep);
    if (!scrubbed && !always) return false;   // where it is a must, decoding tells why: it may be cut, or broken
    if (scrubbed && scrubbed->size() > options_.max_bytes) {
      if (!always) return false;
      return fail_limit(ErrorCode::output_too_large, static_cast<double>(options_.max_bytes), static_cast<double>(scrubbed->size()));
    }
    stamp("scrub", now() - start);

    auto result = run_pipeline(request_for(geometry, false));
    if (!result) return std::move(result).error();
    if (inspected_.decoder->was_cut()) {   // what is missing is filled in the pixels, never in the file
      if (always) return fail(ErrorCode::truncated_image, "a picture that ends early cannot be kept as it is");
      if (Status status = reopen(); !status) return std::move(status).error();
      return false;
    }
    if (!scrubbed) return std::move(scrubbed).error();
    stamp("decode", result->decode_ms);
    out_.passed_through = true;
    const ImageInfo& info = inspected_.decoder->info();
    out_.photo = {std::move(scrubbed).value(), mime_type_of(format_of(info.format)), out_.source.width_px, out_.source.height_px};
    if (Status status = finish(std::move(result).value()); !status) return std::move(status).error();
    return true;
  }

  Result<Bytes> scrub(const ScrubKeep& keep) const {
    switch (inspected_.decoder->info().format) {
      case ImageFormat::png: return scrub_png(source_, keep);
      case ImageFormat::webp: return scrub_webp(source_, keep);
      default: return scrub_jpeg(source_, keep);
    }
  }

  Status encode_anew() {
    const ImageInfo info = inspected_.decoder->info();
    OutputSpec spec;
    spec.format = options_.format == OutputFormat::automatic ? OutputFormat::jpeg : options_.format;
    spec.background = options_.background;
    spec.request.quality = options_.quality;
    spec.request.progressive = options_.progressive;
    spec.request.palette = info.is_palette;
    spec.request.icc_profile = kept_profile();
    Bytes exif;
    if (options_.keep_metadata == MetadataChoice::capture) exif = write_capture_exif(inspected_.capture);
    spec.request.exif = exif;

    const double pixels = static_cast<double>(geometry_.target.width_px) * geometry_.target.height_px;
    const double most_bytes = pixels * (options_.quality > 90 ? 2.5 : 0.8);   // hardly any photo needs more
    PipelineRequest request = request_for(geometry_, true);
    request.photo = spec;
    request.hold_photo = inspected_.orientation != 1 || static_cast<double>(options_.max_bytes) < most_bytes;
    auto run = run_pipeline(request);
    if (!run) return std::move(run).error();
    PipelineResult result = std::move(run).value();
    if (inspected_.decoder->was_cut()) add_warning(out_.warnings, WarningCode::truncated_image);
    stamp("decode", result.decode_ms);

    out_.photo.width_px = geometry_.target.width_px;
    out_.photo.height_px = geometry_.target.height_px;
    if (swaps_axes(inspected_.orientation)) std::swap(out_.photo.width_px, out_.photo.height_px);

    if (result.photo && result.photo->size() > options_.max_bytes) {   // rare: once more, and this time it is kept
      if (Status status = decode_again(request, result); !status) return status;
    }
    bool opaque = true;
    if (result.photo_frame) {
      const double start = now();
      progress("encode", 0, 1);
      Frame frame = turn_upright(std::move(*result.photo_frame), inspected_.orientation);
      result.photo_frame.reset();
      opaque = !uses_alpha(frame);
      if (options_.format == OutputFormat::automatic && !opaque) spec.format = OutputFormat::webp;
      std::uint64_t first_bytes = 0;
      if (!result.photo) {
        auto encoded = encode_frame(frame, spec, opaque);
        if (!encoded) return std::move(encoded).error();
        result.photo = std::move(encoded).value();
      }
      first_bytes = result.photo->size();
      if (first_bytes > options_.max_bytes) {
        auto fitted = fit_into_bytes(frame, spec, opaque, options_.max_bytes, first_bytes);
        if (!fitted) return std::move(fitted).error();
        result.photo = std::move(fitted->bytes);
        out_.photo.width_px = fitted->width_px;
        out_.photo.height_px = fitted->height_px;
      }
      result.encode_ms += now() - start;
    }
    stamp("encode", result.encode_ms);
    out_.photo.bytes = std::move(*result.photo);
    out_.photo.mime_type = mime_type_of(spec.format);
    if (transform_) add_warning(out_.warnings, WarningCode::profile_converted);
    return finish(std::move(result));
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

  // The photo is too large and its frame was not held: decodes once more for the frame alone.
  Status decode_again(PipelineRequest request, PipelineResult& result) {
    if (Status status = reopen(); !status) return status;
    request.decoder = inspected_.decoder.get();
    request.hold_photo = true;
    request.thumbnail_specs.clear();
    request.thumbnail_edges_px.clear();
    auto held = run_pipeline(request);
    if (!held) return std::move(held).error();
    result.photo_frame = std::move(held->photo_frame);
    return {};
  }

  // Thumbnails and hashes from the frames that the run left.
  Status finish(PipelineResult result) {
    const double start = now();
    progress("thumbnail", 0, result.thumbnail_frames.size());
    for (std::size_t i = 0; i < result.thumbnail_frames.size(); ++i) {
      const ThumbnailOptions& wanted = options_.thumbnails[i];
      const Frame frame = turn_upright(std::move(result.thumbnail_frames[i]), inspected_.orientation);
      OutputSpec spec;
      spec.format = wanted.format == OutputFormat::automatic ? OutputFormat::webp : wanted.format;
      spec.background = options_.background;
      spec.request.quality = wanted.quality;
      if (!out_.passed_through || options_.color == ColorChoice::keep) spec.request.icc_profile = kept_profile();
      auto encoded = encode_frame(frame, spec, !uses_alpha(frame));
      if (!encoded) return std::move(encoded).error();
      out_.thumbnails.push_back({std::move(encoded).value(), mime_type_of(spec.format), frame.layout.width_px, frame.layout.height_px});
    }
    stamp("thumbnail", now() - start);
    const double hash_start = now();
    const Frame small = turn_upright(std::move(result.hash_frame), inspected_.orientation);
    out_.thumbhash = thumbhash(small);
    out_.dhash = difference_hash(small);
    stamp("hash", now() - hash_start);
    if (inspected_.blocks.has_private) add_warning(out_.warnings, WarningCode::metadata_removed);
    progress("done", 1, 1);
    return {};
  }

  ByteView source_;
  const PrepareOptions& options_;
  Inspected inspected_;
  std::unique_ptr<ColourTransform> transform_;
  Size stored_;
  Geometry geometry_;
  bool is_pixels_ = false;
  bool passing_ = false;
  PreparedPhoto out_;
};

}  // namespace

Result<PhotoProbe> probe_photo(std::span<const std::uint8_t> source, const ProbeOptions& options) {
  auto inspected = inspect_source(source, {options.gps, options.claimed_type, options.strict_type, options.max_pixels, options.max_source_bytes});
  if (!inspected) return std::move(inspected).error();
  PhotoProbe probe = describe(inspected.value());
  PrepareOptions defaults;
  defaults.max_heap_bytes = options.max_heap_bytes;
  const ImageInfo& info = inspected->decoder->info();
  const Geometry geometry = as_stored(plan_geometry({probe.width_px, probe.height_px}, defaults), probe.orientation);
  const MemoryPlan plan = plan_memory(info, source.size(), geometry, probe.orientation, defaults);
  if (Status status = check_budget(plan, info, defaults); !status) return std::move(status).error();
  probe.heap_bytes = plan.total();
  return probe;
}

Result<PreparedPhoto> prepare_photo(std::span<const std::uint8_t> source, const PrepareOptions& options) {
  return Preparation(source, options).run();
}

Result<PreparedPhoto> prepare_pixels(std::span<const std::uint8_t> rgba, std::uint32_t width_px, std::uint32_t height_px,
                                     const PrepareOptions& options) {
  return Preparation(rgba, options).run_pixels(width_px, height_px);
}

}  // namespace photo_core
