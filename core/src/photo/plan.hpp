// What will be done with a photo, decided from its header before any pixel is decoded: sizes, scale, memory.
#pragma once

#include <cstdint>

#include <photo_core/prepare.hpp>
#include <photo_core/result.hpp>

#include "codec/decoder.hpp"
#include "image/resize_stage.hpp"

namespace photo_core {

struct Size {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  bool operator==(const Size&) const = default;
};

// The part of a picture that is wanted and the size it gets; in the picture's own orientation.
struct Geometry {
  double begin_x = 0, begin_y = 0, extent_x = 0, extent_y = 0;  // in source pixels
  Size target;
  double behind_x = 0, behind_y = 0;  // what of the picture is cut off behind the part
};

// The largest size with the source's aspect whose long edge is at most `max_edge_px`; never larger than the source,
// never without a pixel.
Size fit_inside(Size source, std::uint32_t max_edge_px);

// What `options` ask of an upright picture of this size.
Geometry plan_geometry(Size upright, const PrepareOptions& options);

// The same for the picture as it is stored.
Geometry as_stored(const Geometry& upright, int orientation);

// Whether the samples of a Y'CbCr source are turned to rgb before they are resized: for linear light, and for a photo
// that is stored in rgb. `with_photo`: a photo is encoded, not only thumbnails.
bool resizes_rgb(const ImageInfo& info, const PrepareOptions& options, bool with_photo);

// The DCT scale (in eighths) to decode a JPEG at, for a picture of which `extent` pixels become `target`: one at which
// its chroma, too, leaves something to filter, or the whole. `in_rgb`: chroma becomes as fine as the luma. The decoder
// makes it so by itself where it is as coarse across as down (DecodeRequest::full_chroma).
std::uint32_t choose_scale(double extent_x, double extent_y, Size target, bool in_rgb, const ImageInfo& info);

// The scale at which a picture of any format is decoded for `stored`: in linear light the whole, since a DCT averages a
// JPEG's numbers and not their light. (Ink is averaged as it is stored.)
std::uint32_t decode_scale(const Geometry& stored, bool in_rgb, const ImageInfo& info, const PrepareOptions& options);

// Whether the photo's frame is held until all its rows are there: to be turned, or because its file may be too large.
// (One with alpha always is.)
bool holds_photo(Size target, int orientation, const PrepareOptions& options);

// Bytes of memory that preparing needs at most, the source included.
struct MemoryPlan {
  std::uint64_t fixed_bytes = 0;   // source, target frames, encoders
  std::uint64_t decode_bytes = 0;  // grows with the source's pixels
  std::uint64_t total() const { return fixed_bytes + decode_bytes; }
};
MemoryPlan plan_memory(const ImageInfo& info, std::size_t source_bytes, const Geometry& stored, int orientation,
                       const PrepareOptions& options);

// too_many_pixels, with the pixels that this kind of file may have as limit, when the plan is over its budget.
Status check_budget(const MemoryPlan& plan, const ImageInfo& info, const PrepareOptions& options);

// Grows the heap once to what the plan says, instead of piece by piece. Errors: out_of_memory.
Status reserve_memory(std::uint64_t bytes);

}  // namespace photo_core
