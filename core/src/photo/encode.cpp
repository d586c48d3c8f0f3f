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

Result<Bytes> encode_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px,
                             const OutputSpec& spec, bool drop_alpha) {
  const std::unique_ptr<Encoder> encoder = make_encoder(spec);
  PlaneLayout size = frame.layout;
  size.width_px = width_px;
  size.height_px = height_px;
  if (drop_alpha) size.has_alpha = false;
  const PlaneLayout wanted = encoder->wanted(size);
  if (Status status = encoder->begin(wanted); !status) return std::move(status).error();
  EncoderSink sink(*encoder);

  PlaneLayout resized = frame.layout;
  resized.width_px = width_px;
  resized.height_px = height_px;
  const bool same_model = resized.model == wanted.model && resized.has_alpha == wanted.has_alpha;
  resized.h_subsampling = same_model ? wanted.h_subsampling : 1;
  resized.v_subsampling = same_model ? wanted.v_subsampling : 1;
  const ConvertMap convert{resized, wanted, false, nullptr, spec.background};
  std::optional<ConvertStage> converter;
  RowSink* next = &sink;
  if (needs_conversion(convert)) next = &converter.emplace(convert, sink);

  ResizeStage stage({frame.layout, resized, 0, 0, static_cast<double>(frame.layout.width_px),
                     static_cast<double>(frame.layout.height_px)},
                    *next);
  if (Status status = stage.push(frame.band()); !status) return std::move(status).error();
  return encoder->finish();
}

}  // namespace photo_core
