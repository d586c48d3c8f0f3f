#include "photo/inspect.hpp"

#include <algorithm>
#include <utility>

#include <photo_core/limits.gen.hpp>

#include "image/orientation.hpp"

namespace photo_core {
namespace {

using Open = Result<std::unique_ptr<Decoder>> (*)(ByteView);
using FindMetadata = MetadataBlocks (*)(ByteView);

struct Door {
  Open open = nullptr;
  FindMetadata find_metadata = nullptr;
};

Door door_of(FileType type) {
  switch (type) {
    case FileType::jpeg: return {open_jpeg, find_jpeg_metadata};
    case FileType::png:
    case FileType::apng: return {open_png, find_png_metadata};
    case FileType::webp:
    case FileType::webp_animated: return {open_webp, find_webp_metadata};
    default: return {};
  }
}

// Whether a claimed MIME type says something else than the bytes. No claim, or a meaningless one, is no mismatch.
bool contradicts(std::string_view claimed, FileType type) {
  std::string lower(claimed.substr(0, claimed.find(';')));
  while (!lower.empty() && lower.back() == ' ') lower.pop_back();
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.empty() || lower == "application/octet-stream") return false;
  if (lower == "image/jpg" || lower == "image/pjpeg") lower = "image/jpeg";
  if (lower == "image/x-png" || lower == "image/apng" || lower == "image/vnd.mozilla.apng") lower = "image/png";
  const std::string_view found = type == FileType::apng ? "image/png" : file_type_mime(type);
  return lower != found;
}

// Programs that turn gray or ink into colours may leave the profile of what they began with.
bool is_meant_for(ProfileKind kind, const ImageInfo& info) {
  if (info.is_cmyk) return kind == ProfileKind::cmyk;
  return kind != ProfileKind::cmyk && (kind != ProfileKind::gray || info.is_gray);
}

}  // namespace

Result<Inspected> inspect_source(ByteView source, const InspectOptions& options) {
  if (source.empty()) return fail(ErrorCode::empty_file);
  const std::uint64_t max_bytes = options.max_source_bytes != 0 ? options.max_source_bytes : limits::max_source_bytes;
  if (source.size() > max_bytes) {
    return fail_limit(ErrorCode::source_too_large, static_cast<double>(max_bytes), static_cast<double>(source.size()));
  }
  Inspected out;
  out.type = sniff(source);
  const Door door = door_of(out.type);
  if (door.open == nullptr) return fail(ErrorCode::unsupported_type, std::string(file_type_name(out.type)));
  if (contradicts(options.claimed_type, out.type)) {
    if (options.strict_type) return fail(ErrorCode::type_mismatch, std::string(file_type_name(out.type)));
    out.warnings.push_back(WarningCode::type_mismatch);
  }

  auto opened = door.open(source);
  if (!opened) return std::move(opened).error();
  out.decoder = std::move(opened).value();
  const ImageInfo& info = out.decoder->info();
  const std::uint64_t pixels = std::uint64_t{info.width_px} * info.height_px;
  const std::uint64_t max_pixels = options.max_pixels != 0 ? options.max_pixels : limits::max_source_pixels;
  if (pixels > max_pixels) {
    return fail_limit(ErrorCode::too_many_pixels, static_cast<double>(max_pixels), static_cast<double>(pixels));
  }

  out.blocks = door.find_metadata(source);
  out.orientation = read_orientation(out.blocks.exif);
  out.capture = read_capture(out.blocks, options.gps);
  if (!out.blocks.icc_profile.empty()) {
    out.profile = inspect_profile(out.blocks.icc_profile);
    if (!is_meant_for(out.profile.kind, info)) out.profile.kind = ProfileKind::broken;
  }
  // An animation of one picture loses nothing.
  if (info.frames > 1) out.warnings.push_back(WarningCode::animation_dropped);
  if (out.blocks.has_gain_map) out.warnings.push_back(WarningCode::gain_map_dropped);
  return out;
}

PhotoProbe describe(const Inspected& inspected) {
  const ImageInfo& info = inspected.decoder->info();
  PhotoProbe probe;
  probe.format = info.format == ImageFormat::jpeg ? "jpeg" : info.format == ImageFormat::png ? "png" : "webp";
  probe.mime_type = "image/" + probe.format;
  probe.width_px = info.width_px;
  probe.height_px = info.height_px;
  if (swaps_axes(inspected.orientation)) std::swap(probe.width_px, probe.height_px);
  probe.orientation = inspected.orientation;
  probe.bits_per_sample = info.bits_per_sample;
  probe.has_alpha = info.has_alpha;
  probe.frames = info.frames;
  probe.progressive = info.is_progressive;
  probe.profile = inspected.profile.description;
  probe.gain_map = inspected.blocks.has_gain_map;
  probe.capture = inspected.capture;
  probe.warnings = inspected.warnings;
  return probe;
}

}  // namespace photo_core
