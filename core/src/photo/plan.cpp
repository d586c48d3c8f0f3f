#include "photo/plan.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <utility>

#include <photo_core/limits.gen.hpp>

#include "codec/encoder.hpp"
#include "image/orientation.hpp"

namespace photo_core {
namespace {

// Decoding at less than this many times the target costs detail that the filter would have kept: the DCT's own low pass
// cuts along its blocks. At 1.13 a photo full of detail has 40 dB of its luma left against a full decode, at 1.4 48,
// at 2 what rounding leaves. Below a shrink of 2.3 that is a full decode, which costs a seventh to a half more.
constexpr double least_oversampling = 2;

// Nor is a side decoded to fewer samples than this: the last one, made of a block that is picture only in part, would
// weigh too much. It costs little, where one side is so short.
constexpr double least_side = 64;

constexpr std::uint64_t base_bytes = 3u << 20;  // code, tables, stacks, small buffers

std::uint32_t scaled_edge(std::uint32_t edge, double scale) {
  return std::max(1u, static_cast<std::uint32_t>(std::lround(edge * scale)));
}

}  // namespace

Size fit_inside(Size source, std::uint32_t max_edge_px) {
  const std::uint32_t longest = std::max(source.width_px, source.height_px);
  if (longest <= max_edge_px) return source;
  const double scale = static_cast<double>(max_edge_px) / longest;
  return {scaled_edge(source.width_px, scale), scaled_edge(source.height_px, scale)};
}

Geometry plan_geometry(Size upright, const PrepareOptions& options) {
  Geometry out;
  out.extent_x = upright.width_px;
  out.extent_y = upright.height_px;
  if (options.fit == FitChoice::inside) {
    out.target = fit_inside(upright, options.max_edge_px);
    return out;
  }
  double box_width = options.cover_width_px != 0 ? options.cover_width_px : options.max_edge_px;
  double box_height = options.cover_height_px != 0 ? options.cover_height_px : options.max_edge_px;
  double scale = std::max(box_width / upright.width_px, box_height / upright.height_px);
  if (scale > 1) {  // never enlarged: the box shrinks instead, and keeps its shape
    box_width /= scale;
    box_height /= scale;
    scale = 1;
  }
  out.target = {std::min(scaled_edge(1, box_width), upright.width_px),
                std::min(scaled_edge(1, box_height), upright.height_px)};
  out.extent_x = std::min<double>(out.target.width_px / scale, upright.width_px);
  out.extent_y = std::min<double>(out.target.height_px / scale, upright.height_px);
  out.begin_x = (upright.width_px - out.extent_x) / 2;
  out.begin_y = (upright.height_px - out.extent_y) / 2;
  if (scale == 1) {  // pixels are taken as they are, never from between two of them
    out.begin_x = std::ceil(out.begin_x);
    out.begin_y = std::ceil(out.begin_y);
  }
  out.behind_x = upright.width_px - out.extent_x - out.begin_x;
  out.behind_y = upright.height_px - out.extent_y - out.begin_y;
  return out;
}

Geometry as_stored(const Geometry& upright, int orientation) {
  Geometry out = upright;
  if (swaps_axes(orientation)) {
    std::swap(out.begin_x, out.begin_y);
    std::swap(out.behind_x, out.behind_y);
    std::swap(out.extent_x, out.extent_y);
    std::swap(out.target.width_px, out.target.height_px);
  }
  if (mirrors_x(orientation)) std::swap(out.begin_x, out.behind_x);
  if (mirrors_y(orientation)) std::swap(out.begin_y, out.behind_y);
  return out;
}

bool resizes_rgb(const ImageInfo& info, const PrepareOptions& options, bool with_photo) {
  return info.is_ycc && (options.light == LightChoice::linear || (with_photo && options.format == OutputFormat::png));
}

std::uint32_t choose_scale(double extent_x, double extent_y, Size target, bool in_rgb, const ImageInfo& info) {
  if (extent_x <= target.width_px && extent_y <= target.height_px) return 8;
  const double shrunk = std::max(target.width_px / extent_x, target.height_px / extent_y) * least_oversampling;
  const double needed = std::min(std::max(shrunk, least_side / std::min(extent_x, extent_y)), 1.0);
  const auto eighths = std::clamp(static_cast<std::uint32_t>(std::ceil(needed * 8 - 1e-9)), 1u, 8u);
  const std::uint32_t coarser = std::max(info.h_subsampling, info.v_subsampling);
  if (in_rgb && info.h_subsampling == info.v_subsampling) return eighths * std::max(coarser, 2u) > 8 ? 8 : eighths;
  // A JPEG's chroma is halved where it is encoded; in rgb it becomes as fine as the luma.
  return std::min(eighths * (in_rgb ? coarser : (coarser + 1) / 2), 8u);
}

std::uint32_t decode_scale(const Geometry& stored, bool in_rgb, const ImageInfo& info, const PrepareOptions& options) {
  const bool is_in_light = options.light == LightChoice::linear && !info.is_cmyk;
  if (info.format != ImageFormat::jpeg || is_in_light) return 8;
  return choose_scale(stored.extent_x, stored.extent_y, stored.target, in_rgb, info);
}

bool holds_photo(Size target, int orientation, const PrepareOptions& options) {
  const double pixels = static_cast<double>(target.width_px) * target.height_px;
  const double most_bytes = pixels * (options.quality > 90 ? 2.5 : 0.8);  // hardly any photo needs more
  return orientation != 1 || static_cast<double>(options.max_bytes) < most_bytes;
}

MemoryPlan plan_memory(const ImageInfo& info, std::size_t source_bytes, const Geometry& stored, int orientation,
                       const PrepareOptions& options) {
  MemoryPlan plan;
  const std::uint64_t target_pixels = std::uint64_t{stored.target.width_px} * stored.target.height_px;
  const bool frame_is_rgb =
      info.has_alpha || options.format == OutputFormat::png || options.format == OutputFormat::webp;
  // Chroma of a JPEG of high quality is whole, and hardly a coefficient of it zero.
  const bool full_chroma = !info.is_gray && options.quality >= full_chroma_quality;
  const std::uint64_t frame_bytes =
      frame_is_rgb || full_chroma ? target_pixels * (frame_is_rgb ? 4 : 3) : target_pixels * 3 / 2;
  // The frame when it is held (turned, looked at for alpha, encoded again), its turned copy, the encoder's own state
  // (tokens or coefficients for the Huffman statistics, libwebp's picture, what packing alpha remembers of every
  // pixel), and the file.
  std::uint64_t held =
      info.has_alpha || frame_is_rgb || holds_photo(stored.target, orientation, options) ? frame_bytes : 0;
  if (orientation != 1) held += frame_bytes / 2;
  const std::uint64_t encoder = info.has_alpha ? target_pixels * 11
                                : frame_is_rgb ? target_pixels * 6
                                : full_chroma  ? target_pixels * 15 / 2
                                               : target_pixels * 3;
  plan.fixed_bytes = base_bytes + source_bytes + held + encoder + target_pixels / 2;
  for (const ThumbnailOptions& thumbnail : options.thumbnails) {
    const Size size = fit_inside(stored.target, thumbnail.max_edge_px);
    plan.fixed_bytes += std::uint64_t{size.width_px} * size.height_px * 10 + (256u << 10);
    if (options.light == LightChoice::linear) {  // rows of the photo, in rgb and wide
      const std::uint64_t rows = std::min(6 * stored.target.width_px / size.width_px, stored.target.height_px);
      plan.fixed_bytes += stored.target.width_px * (rows * 8 + 1024);
    }
  }

  plan.decode_bytes = info.decode_bytes;
  const bool in_rgb = resizes_rgb(info, options, true);
  ResizeMap map;
  map.source = {info.is_ycc ? ColorModel::ycc : ColorModel::rgb,
                info.has_alpha,
                info.width_px,
                info.height_px,
                info.is_ycc ? info.h_subsampling : 1,
                info.is_ycc ? info.v_subsampling : 1};
  map.target = {map.source.model, info.has_alpha, stored.target.width_px, stored.target.height_px};
  map.extent_x = stored.extent_x;
  map.extent_y = stored.extent_y;
  const double scale = decode_scale(stored, in_rgb, info, options) / 8.0;
  map.source.width_px = static_cast<std::uint32_t>(std::ceil(info.width_px * scale));
  map.source.height_px = static_cast<std::uint32_t>(std::ceil(info.height_px * scale));
  map.extent_x *= scale;
  map.extent_y *= scale;
  map.space = options.light == LightChoice::linear ? ResizeSpace::linear : ResizeSpace::encoded;
  if (in_rgb) {  // chroma to the luma's size, and from there
    ResizeMap upsample = map;
    upsample.target = {ColorModel::ycc, false, map.source.width_px, map.source.height_px};
    upsample.extent_x = map.source.width_px;
    upsample.extent_y = map.source.height_px;
    upsample.space = ResizeSpace::encoded;
    plan.fixed_bytes += ResizeStage::memory_bytes(upsample);
    map.source = upsample.target;
    map.source.model = map.target.model = ColorModel::rgb;
  }
  plan.fixed_bytes += ResizeStage::memory_bytes(map);
  return plan;
}

Status check_budget(const MemoryPlan& plan, const ImageInfo& info, const PrepareOptions& options) {
  const std::uint64_t budget = options.max_heap_bytes != 0 ? options.max_heap_bytes : limits::max_heap_bytes;
  if (plan.total() <= budget) return {};
  const double pixels = static_cast<double>(info.width_px) * info.height_px;
  const double room = budget > plan.fixed_bytes ? static_cast<double>(budget - plan.fixed_bytes) : 0;
  const double limit = std::min(
      pixels - 1, std::floor(pixels * room / static_cast<double>(std::max<std::uint64_t>(plan.decode_bytes, 1))));
  return fail_limit(ErrorCode::too_many_pixels, std::max(limit, 0.0), pixels, "memory budget");
}

Status reserve_memory(std::uint64_t bytes) {
  const std::unique_ptr<std::uint8_t[]> block(new (std::nothrow) std::uint8_t[static_cast<std::size_t>(bytes)]);
  if (!block) return fail_limit(ErrorCode::out_of_memory, static_cast<double>(bytes), static_cast<double>(bytes));
  // Written once, or the compiler leaves the allocation out.
  const_cast<volatile std::uint8_t*>(block.get())[0] = 0;
  return {};
}

}  // namespace photo_core
