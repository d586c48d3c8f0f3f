#include "photo/encode.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "image/convert_stage.hpp"
#include "image/resize_stage.hpp"

namespace photo_core {
std::unique_ptr<Encoder> make_encoder(const OutputSpec& spec) {
  switch (spec.format) {
    case OutputFormat::png: return make_png_encoder(spec.request);
    case OutputFormat::webp: return make_webp_encoder(spec.request);
    default: return make_jpeg_encoder(spec.request);
  }
}

const char* mime_type_of(OutputFormat format) {
  switch (format) {
    case OutputFormat::png: return "image/png";
    case OutputFormat::webp: return "image/webp";
    default: return "image/jpeg";
  }
}

bool uses_alpha(const Frame& frame) {
  if (!frame.layout.has_alpha) return false;
  const auto& alpha = frame.planes[color_plane_count(frame.layout.model)];
  return std::any_of(alpha.begin(), alpha.end(), [](std::uint8_t sample) { return sample != 255; });
}

Result<Bytes> encode_frame(const Frame& frame, const OutputSpec& spec, bool drop_alpha) {
  return encode_resized(frame, frame.layout.width_px, frame.layout.height_px, spec, drop_alpha);
}

namespace {

// Hands a whole frame, at another size, to an encoder that has not begun.
Status push_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px, const OutputSpec& spec,
                    bool drop_alpha, Encoder& encoder) {
  PlaneLayout size = frame.layout;
  size.width_px = width_px;
  size.height_px = height_px;
  if (drop_alpha) size.has_alpha = false;
  const PlaneLayout wanted = encoder.wanted(size);
  if (Status status = encoder.begin(wanted); !status) return status;
  EncoderSink sink(encoder);

  const PlaneLayout& whole = frame.layout;
  const bool in_light =
      spec.space == ResizeSpace::linear && (width_px != whole.width_px || height_px != whole.height_px);
  PlaneLayout source = whole;
  if (in_light && source.model == ColorModel::ycc) {
    source.model = ColorModel::rgb;
    source.h_subsampling = source.v_subsampling = 1;
  }
  PlaneLayout resized = source;
  resized.width_px = width_px;
  resized.height_px = height_px;
  const bool same_model = resized.model == wanted.model && resized.has_alpha == wanted.has_alpha;
  resized.h_subsampling = same_model ? wanted.h_subsampling : 1;
  resized.v_subsampling = same_model ? wanted.v_subsampling : 1;
  const ConvertMap convert{resized, wanted, false, nullptr, spec.background};
  std::optional<ConvertStage> converter;
  RowSink* next = &sink;
  if (needs_conversion(convert)) next = &converter.emplace(convert, sink);

  const auto width = static_cast<double>(whole.width_px), height = static_cast<double>(whole.height_px);
  ResizeStage stage({source, resized, 0, 0, width, height, in_light ? ResizeSpace::linear : ResizeSpace::encoded, true,
                     0, 0, spec.light},
                    *next);
  std::optional<ConvertStage> to_rgb;
  std::optional<ResizeStage> full_chroma;
  next = &stage;
  if (source.model != whole.model) {
    PlaneLayout full = whole;
    full.h_subsampling = full.v_subsampling = 1;
    next = &to_rgb.emplace(ConvertMap{full, source}, *next);
    next = &full_chroma.emplace(ResizeMap{whole, full, 0, 0, width, height}, *next);
  }
  return next->push(frame.band());
}

}  // namespace

Result<Bytes> encode_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px,
                             const OutputSpec& spec, bool drop_alpha) {
  const std::unique_ptr<Encoder> encoder = make_encoder(spec);
  if (Status status = push_resized(frame, width_px, height_px, spec, drop_alpha, *encoder); !status)
    return std::move(status).error();
  return encoder->finish();
}

Result<std::size_t> estimate_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px,
                                     const OutputSpec& spec, bool drop_alpha) {
  OutputSpec quick = spec;
  quick.request.is_estimate = true;
  const std::unique_ptr<Encoder> encoder = make_encoder(quick);
  if (Status status = push_resized(frame, width_px, height_px, quick, drop_alpha, *encoder); !status)
    return std::move(status).error();
  return encoder->estimate();
}

}  // namespace photo_core
