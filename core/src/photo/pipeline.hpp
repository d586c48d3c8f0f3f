// One run through the rows of a source: decoded once, resized once, and handed to everything that is made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <photo_core/prepare.hpp>

#include "codec/decoder.hpp"
#include "image/colour.hpp"
#include "photo/encode.hpp"
#include "photo/plan.hpp"

namespace photo_core {

struct PipelineRequest {
  Decoder* decoder = nullptr;
  std::uint32_t scale_eighths = 8;
  bool in_rgb = false;  // Y'CbCr sources are turned to rgb before they are resized
  bool allow_truncated = false;
  Geometry geometry;                           // as stored
  int orientation = 1;                         // what the frames of the result will be turned by
  const ColourTransform* transform = nullptr;  // null: colours stay
  bool is_ink = false;                         // CMYK planes, turned to rgb by `transform`
  ResizeSpace space = ResizeSpace::encoded;
  const LightTables* light = nullptr;  // of the source's samples, as in ResizeMap
  std::optional<OutputSpec> photo;     // absent: only thumbnails and hashes are wanted
  bool hold_photo = false;             // keep the photo's frame instead of encoding its rows as they come
  std::vector<OutputSpec> thumbnail_specs;
  std::vector<std::uint32_t> thumbnail_edges_px;
  std::function<void(std::uint64_t done, std::uint64_t total)> on_rows;  // decoded rows
  std::function<double()> clock_ms;
};

struct PipelineResult {
  std::optional<Bytes> photo;           // encoded in passing
  std::optional<Frame> photo_frame;     // or held, as stored (not yet upright)
  std::vector<Frame> thumbnail_frames;  // as stored
  Frame hash_frame;                     // rgb (+ alpha), at most hash_edge_px, as stored
  double decode_ms = 0;                 // in the decoder; the rest of the run is resizing and encoding
  double encode_ms = 0;                 // in the photo's encoder
};

// The run, a band at a time.
class Pipeline {
 public:
  // Starts the decoder and connects the stages. What the request points to must outlive this.
  static Result<std::unique_ptr<Pipeline>> open(PipelineRequest request);
  ~Pipeline();

  // Lets one band pass; false when it was the last.
  Result<bool> step();

  // What the rows left, once `step` was false.
  Result<PipelineResult> take();

 private:
  class Stages;
  explicit Pipeline(std::unique_ptr<Stages> stages);
  std::unique_ptr<Stages> stages_;
};

}  // namespace photo_core
