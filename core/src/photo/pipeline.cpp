#include "photo/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "image/convert_stage.hpp"
#include "image/resize_stage.hpp"
#include "photo/hashes.hpp"

namespace photo_core {
namespace {

// Resize, and conversion where one is needed, from one layout to another; the stages of one branch of the flow.
class Branch {
 public:
  // `full` is the source's size in fractions of a sample (a scaled JPEG's last column may be a part of one).
  Branch(const PlaneLayout& source, const Geometry& part, const PlaneLayout& wanted, ResizeSpace space, bool is_ink,
         const ColourTransform* transform, std::uint32_t background, RowSink& sink) {
    PlaneLayout resized = source;
    resized.width_px = wanted.width_px;
    resized.height_px = wanted.height_px;
    const bool direct = source.model == wanted.model && source.has_alpha == wanted.has_alpha && transform == nullptr;
    resized.h_subsampling = direct ? wanted.h_subsampling : 1;
    resized.v_subsampling = direct ? wanted.v_subsampling : 1;
    const ConvertMap convert{resized, wanted, is_ink, transform, background};
    RowSink* next = &sink;
    if (needs_conversion(convert)) next = &convert_.emplace(convert, sink);
    resize_.emplace(ResizeMap{source, resized, part.begin_x, part.begin_y, part.extent_x, part.extent_y, space, !is_ink},
                    *next);
  }
  RowSink& input() { return *resize_; }
  bool done() const { return resize_->done(); }

 private:
  std::optional<ConvertStage> convert_;
  std::optional<ResizeStage> resize_;
};

Geometry whole(const PlaneLayout& layout) {
  return {0, 0, static_cast<double>(layout.width_px), static_cast<double>(layout.height_px),
          {layout.width_px, layout.height_px}};
}

// What the photo's rows hold once they are in their own colours: the form that thumbnails and hashes are made from.
PlaneLayout photo_layout(const PipelineRequest& request, const PlaneLayout& source, const Encoder* encoder) {
  PlaneLayout layout{source.model, source.has_alpha && !request.is_ink, request.geometry.target.width_px,
                     request.geometry.target.height_px};
  if (request.is_ink || (request.transform != nullptr && source.model != ColorModel::gray) ||
      request.space == ResizeSpace::linear) {
    layout.model = layout.model == ColorModel::gray ? ColorModel::gray : ColorModel::rgb;
  }
  if (layout.has_alpha) {   // kept until all of it was seen
    layout.model = ColorModel::rgb;
    return layout;
  }
  if (encoder != nullptr) return encoder->wanted(layout);
  if (layout.model == ColorModel::ycc) {
    layout.h_subsampling = layout.v_subsampling = 2;
  }
  return layout;
}

// Times what passes through it.
class Stopwatch final : public RowSink {
 public:
  Stopwatch(RowSink& next, const std::function<double()>& clock, double& total) : next_(next), clock_(clock), total_(total) {}
  Status push(const Band& band) override {
    if (!clock_) return next_.push(band);
    const double start = clock_();
    Status status = next_.push(band);
    total_ += clock_() - start;
    return status;
  }

 private:
  RowSink& next_;
  const std::function<double()>& clock_;
  double& total_;
};

}  // namespace

Result<PipelineResult> run_pipeline(const PipelineRequest& request) {
  PipelineResult out;
  const auto now = [&] { return request.clock_ms ? request.clock_ms() : 0.0; };
  const double before = now();
  auto started = request.decoder->start({request.scale_eighths, request.allow_truncated, request.is_ink, request.in_rgb});
  out.decode_ms = now() - before;   // a file of several scans is read here
  if (!started) return std::move(started).error();
  const PlaneLayout source = started.value();

  std::unique_ptr<Encoder> encoder;
  if (request.photo) encoder = make_encoder(*request.photo);
  const PlaneLayout layout = photo_layout(request, source, encoder.get());
  const std::uint32_t background = request.photo ? request.photo->background : 0xffffff;

  Tee tee;
  std::optional<FrameCollector> photo_frame;
  std::optional<EncoderSink> encoder_sink;
  std::optional<Stopwatch> encoder_watch;
  if (request.photo && (request.hold_photo || layout.has_alpha)) {
    tee.add(&photo_frame.emplace(layout));
  } else if (request.photo) {
    if (Status status = encoder->begin(layout); !status) return std::move(status).error();
    tee.add(&encoder_watch.emplace(encoder_sink.emplace(*encoder), request.clock_ms, out.encode_ms));
  }

  std::vector<std::unique_ptr<FrameCollector>> thumbnails;
  std::vector<std::unique_ptr<Branch>> branches;
  const auto add_branch = [&](const PlaneLayout& wanted, std::uint32_t matte) -> FrameCollector& {
    thumbnails.push_back(std::make_unique<FrameCollector>(wanted));
    branches.push_back(std::make_unique<Branch>(layout, whole(layout), wanted, ResizeSpace::encoded, false, nullptr, matte,
                                                *thumbnails.back()));
    tee.add(&branches.back()->input());
    return *thumbnails.back();
  };
  const Size photo_size{layout.width_px, layout.height_px};
  for (std::size_t i = 0; i < request.thumbnail_specs.size(); ++i) {
    const Size size = fit_inside(photo_size, request.thumbnail_edges_px[i]);
    PlaneLayout wanted = layout;
    wanted.width_px = size.width_px;
    wanted.height_px = size.height_px;
    if (!wanted.has_alpha) wanted = make_encoder(request.thumbnail_specs[i])->wanted(wanted);
    add_branch(wanted, background);
  }
  // Hashes come from the first thumbnail where there is one, else from the photo's rows.
  const Size hash_size = fit_inside(photo_size, hash_edge_px);
  const PlaneLayout hash_layout{ColorModel::rgb, layout.has_alpha, hash_size.width_px, hash_size.height_px};
  FrameCollector* hash_frame = nullptr;
  if (thumbnails.empty() || thumbnails.front()->frame().layout.width_px < hash_size.width_px) {
    hash_frame = &add_branch(hash_layout, background);
  }

  // The part of the decoded picture that is wanted: fractions stay, so that nothing shifts.
  const double scale = request.scale_eighths / 8.0;
  Geometry part = request.geometry;
  part.begin_x *= scale;
  part.begin_y *= scale;
  part.extent_x *= scale;
  part.extent_y *= scale;
  std::optional<Branch> main;
  std::optional<Branch> upsample;
  RowSink* input = nullptr;
  if (request.in_rgb && source.model == ColorModel::ycc) {
    // Chroma goes to the luma's size first.
    PlaneLayout rgb{ColorModel::rgb, false, source.width_px, source.height_px};
    main.emplace(rgb, part, layout, request.space, false, request.transform, background, tee);
    upsample.emplace(source, whole(source), rgb, ResizeSpace::encoded, false, nullptr, background, main->input());
    input = &upsample->input();
  } else {
    main.emplace(source, part, layout, request.space, request.is_ink, request.transform, background, tee);
    input = &main->input();
  }

  while (true) {
    const double start = now();
    auto band = request.decoder->next();
    out.decode_ms += now() - start;
    if (!band) return std::move(band).error();
    bool any = false;
    for (int plane = 0; plane < source.plane_count(); ++plane) any |= band->planes[plane].row_count > 0;
    if (!any) break;
    if (Status status = input->push(band.value()); !status) return std::move(status).error();
    if (request.on_rows) {
      request.on_rows(band->planes[0].first_row + band->planes[0].row_count, source.height_px);
    }
  }
  if (!main->done()) return fail(ErrorCode::truncated_image, "rows are missing");

  if (encoder_sink) {
    const double start = now();
    auto finished = encoder->finish();
    out.encode_ms += now() - start;
    if (!finished) return std::move(finished).error();
    out.photo = std::move(finished).value();
  }
  if (photo_frame) out.photo_frame = std::move(photo_frame->frame());
  if (hash_frame != nullptr) {
    out.hash_frame = std::move(hash_frame->frame());
    thumbnails.pop_back();
  } else {
    const Frame& from = thumbnails.front()->frame();
    FrameCollector small(hash_layout);
    Branch branch(from.layout, whole(from.layout), hash_layout, ResizeSpace::encoded, false, nullptr, background, small);
    if (Status status = branch.input().push(from.band()); !status) return std::move(status).error();
    out.hash_frame = std::move(small.frame());
  }
  for (auto& thumbnail : thumbnails) out.thumbnail_frames.push_back(std::move(thumbnail->frame()));
  return out;
}

}  // namespace photo_core
