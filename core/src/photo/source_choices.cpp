#include "photo/source_choices.hpp"

#include <algorithm>
#include <utility>

#include "codec/encoder.hpp"
#include "photo/plan.hpp"

namespace photo_core {
namespace {

// Of 16 bits, by a decoder that heeds DecodeRequest::codes_of_16_bits.
bool has_deep_samples(const ImageInfo& info) { return info.format == ImageFormat::png && info.bits_per_sample == 16; }

// By PNG's colour chunks.
std::unique_ptr<ColourTransform> make_chunk_transform(const Inspected& inspected, ColorModel model, bool is_deep) {
  const MetadataBlocks& blocks = inspected.blocks;
  if (inspected.decoder->info().format != ImageFormat::png) return nullptr;
  if (blocks.code_points) return make_cicp_transform(*blocks.code_points, model, is_deep);
  if (blocks.png_srgb) return nullptr;
  const auto& primaries = blocks.png_chromaticities;
  return make_png_transform(blocks.png_gamma, primaries ? &*primaries : nullptr, model, is_deep);
}

// Whether the colours are sRGB as they stand, so that the samples may be kept.
bool colours_stand(const Inspected& inspected) {
  if (inspected.decoder->info().is_cmyk) return false;
  if (inspected.profile.kind != ProfileKind::none && inspected.profile.kind != ProfileKind::broken) {
    return inspected.profile.is_srgb;
  }
  return make_chunk_transform(inspected, ColorModel::rgb, false) == nullptr;
}

}  // namespace

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

bool may_pass(const Inspected& inspected, std::size_t source_bytes, const PrepareOptions& options) {
  const ImageInfo& info = inspected.decoder->info();
  if (options.keep_original == OriginalChoice::never) return false;
  if (info.frames > 1 || inspected.type == FileType::apng || inspected.type == FileType::webp_animated) return false;
  if (options.keep_original == OriginalChoice::always) return true;
  if (inspected.orientation != 1 || source_bytes > options.max_bytes) return false;
  const Size size{info.width_px, info.height_px};
  if (plan_geometry(size, options).target != size) return false;
  if (options.format != OutputFormat::automatic && options.format != format_of(info.format)) return false;
  if (info.bits_per_sample != 8 && !info.is_palette) return false;
  if (info.is_arithmetic || info.is_cmyk) return false;
  return options.color == ColorChoice::keep || colours_stand(inspected);
}

bool can_hold_profile(const Inspected& inspected, OutputFormat format) {
  const ImageInfo& info = inspected.decoder->info();
  if (!info.is_gray) return !info.is_cmyk;
  const bool is_gray = !info.has_alpha && format != OutputFormat::webp;
  return inspected.profile.kind == ProfileKind::gray ? is_gray : !is_gray || format != OutputFormat::png;
}

ExifForm stored_form(const Inspected& inspected, bool keeps_profile) {
  const ImageInfo& info = inspected.decoder->info();
  ExifForm form{info.width_px, info.height_px, {}, keeps_profile && !inspected.blocks.icc_profile.empty()};
  if (info.is_gray) {
    form.model = ColorModel::gray;
  } else if (info.is_ycc) {
    form.model = ColorModel::ycc;
  } else if (info.format != ImageFormat::webp && !info.is_cmyk) {
    form.model = ColorModel::rgb;
  }
  return form;
}

ByteView kept_profile(const Inspected& inspected, const PrepareOptions& options) {
  return options.color == ColorChoice::keep && inspected.profile.kind != ProfileKind::broken &&
                 can_hold_profile(inspected, options.format)
             ? inspected.blocks.icc_profile
             : ByteView{};
}

Result<Bytes> scrub(const Inspected& inspected, ByteView source, const ScrubKeep& keep) {
  switch (inspected.decoder->info().format) {
    case ImageFormat::png: return scrub_png(source, keep);
    case ImageFormat::webp: return scrub_webp(source, keep);
    default: return scrub_jpeg(source, keep);
  }
}

std::unique_ptr<ColourTransform> make_transform(const Inspected& inspected, const PrepareOptions& options) {
  const ImageInfo& info = inspected.decoder->info();
  const ColorModel model = info.is_gray ? ColorModel::gray : ColorModel::rgb;
  std::unique_ptr<ColourTransform> transform;
  if (info.is_cmyk) {  // no browser shows CMYK under `keep`: it is always converted
    if (!inspected.blocks.icc_profile.empty())
      transform = make_icc_transform(inspected.blocks.icc_profile, model, true);
    return transform ? std::move(transform) : make_plain_cmyk_transform();
  }
  if (colours_stand(inspected)) return nullptr;
  if (!inspected.blocks.icc_profile.empty() && inspected.profile.kind != ProfileKind::broken) {
    if (options.color == ColorChoice::keep && can_hold_profile(inspected, options.format)) return nullptr;
    return make_icc_transform(inspected.blocks.icc_profile, model, false, has_deep_samples(info));
  }
  // Also under `keep`: what is encoded anew has no chunk that could say so, and would look otherwise.
  return make_chunk_transform(inspected, model, has_deep_samples(info));
}

std::unique_ptr<const LightTables> light_of(const Inspected& inspected, const PrepareOptions& options) {
  if (space_of(options) != ResizeSpace::linear || inspected.decoder->info().is_cmyk) return nullptr;
  PrepareOptions converting;  // under `keep` too the samples are the profile's
  converting.format = options.format;
  const std::unique_ptr<ColourTransform> transform = make_transform(inspected, converting);
  return transform ? transform->light_tables() : nullptr;
}

void convert_gray(Frame& frame, const Inspected& inspected) {
  const auto transform = make_icc_transform(inspected.blocks.icc_profile, ColorModel::gray, false);
  if (!transform) return;
  std::uint8_t* const samples = frame.planes[0].data();  // the others, where it has them, say that it is gray
  transform->row(&samples, &samples, static_cast<std::uint32_t>(frame.planes[0].size()));
}

void limit_edges(PrepareOptions& options, bool has_alpha) {
  const auto limit = [](std::uint32_t& edge) { edge = std::min(edge, webp_max_side_px); };
  if (options.format == OutputFormat::webp || (options.format == OutputFormat::automatic && has_alpha)) {
    for (std::uint32_t* edge : {&options.max_edge_px, &options.cover_width_px, &options.cover_height_px}) limit(*edge);
  }
  for (ThumbnailOptions& thumbnail : options.thumbnails) {
    if (thumbnail.format == OutputFormat::webp || thumbnail.format == OutputFormat::automatic)
      limit(thumbnail.max_edge_px);
  }
}

}  // namespace photo_core
