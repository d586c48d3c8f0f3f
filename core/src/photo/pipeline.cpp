#include "photo/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "image/convert_stage.hpp"
#include "image/orientation.hpp"
#include "image/resize_stage.hpp"
#include "photo/hashes.hpp"

namespace photo_core {
namespace {

// Resize, and conversion where one is needed, from one layout to another; the stages of one branch of the flow.
class Branch {
 public:
  // `full` is the source's size in fractions of a sample (a scaled JPEG's last column may be a part of one).
  Branch(const PlaneLayout& source, const Geometry& part, const PlaneLayout& wanted, ResizeSpace space, bool is_ink,
         const ColourTransform* transform, std::uint32_t background, RowSink& sink,
         const LightTables* light = nullptr) {
    PlaneLayout resized = source;
    resized.width_px = wanted.width_px;
    resized.height_px = wanted.height_px;
    const bool direct = source.model == wanted.model && source.has_alpha == wanted.has_alpha && transform == nullptr;
    resized.h_subsampling = direct ? wanted.h_subsampling : 1;
    resized.v_subsampling = direct ? wanted.v_subsampling : 1;
    resized.pairs_from_right = wanted.pairs_from_right;
    resized.pairs_from_bottom = wanted.pairs_from_bottom;
    const ConvertMap convert{resized, wanted, is_ink, transform, background};
    RowSink* next = &sink;
    if (needs_conversion(convert)) next = &convert_.emplace(convert, sink);
    resize_.emplace(ResizeMap{source, resized, part.begin_x, part.begin_y, part.extent_x, part.extent_y, space, !is_ink,
                              part.behind_x, part.behind_y, light},
                    *next);
  }
  RowSink& input() { return *resize_; }
  bool done() const { return resize_->done(); }

 private:
  std::optional<ConvertStage> convert_;
  std::optional<ResizeStage> resize_;
};

Geometry whole(const PlaneLayout& layout) {
  return {0,
          0,
          static_cast<double>(layout.width_px),
          static_cast<double>(layout.height_px),
          {layout.width_px, layout.height_px}};
}

// What the photo's rows hold once they are in their own colours: the form that thumbnails and hashes are made from.
PlaneLayout photo_layout(const PipelineRequest& request, const PlaneLayout& source, const Encoder* encoder) {
  PlaneLayout layout{source.model, source.has_alpha && !request.is_ink, request.geometry.target.width_px,
                     request.geometry.target.height_px};
  layout.pairs_from_right = mirrors_x(request.orientation);
  layout.pairs_from_bottom = mirrors_y(request.orientation);
  if (request.is_ink || (request.transform != nullptr && source.model != ColorModel::gray) ||
      request.space == ResizeSpace::linear) {
    layout.model = layout.model == ColorModel::gray ? ColorModel::gray : ColorModel::rgb;
  }
  if (layout.has_alpha) {  // kept until all of it was seen
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
  Stopwatch(RowSink& next, const std::function<double()>& clock, double& total)
      : next_(next), clock_(clock), total_(total) {}
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

class Pipeline::Stages {
 public:
  explicit Stages(PipelineRequest request) : request_(std::move(request)) {}

  Status connect() {
    const double before = now();
    auto started =
        request_.decoder->start({request_.scale_eighths, request_.allow_truncated, request_.is_ink, request_.in_rgb,
                                 request_.transform != nullptr ? request_.transform->codes_of_16_bits() : nullptr});
    out_.decode_ms = now() - before;  // a file whose scans must all be read first is read here
    if (!started) return std::move(started).error();
    source_ = started.value();

    if (request_.photo) encoder_ = make_encoder(*request_.photo);
    const PlaneLayout layout = photo_layout(request_, source_, encoder_.get());
    background_ = request_.photo ? request_.photo->background : 0xffffff;
    if (request_.photo && (request_.hold_photo || layout.has_alpha)) {
      tee_.add(&photo_frame_.emplace(layout));
    } else if (request_.photo) {
      if (Status status = encoder_->begin(layout); !status) return status;
      tee_.add(&encoder_watch_.emplace(encoder_sink_.emplace(*encoder_), request_.clock_ms, out_.encode_ms));
    }
    connect_small(layout);
    connect_input(layout);
    return {};
  }

  Result<bool> step() {
    const double start = now();
    auto band = request_.decoder->next();
    out_.decode_ms += now() - start;
    if (!band) return std::move(band).error();
    bool any = false;
    for (int plane = 0; plane < source_.plane_count(); ++plane) any |= band->planes[plane].row_count > 0;
    if (!any) return false;
    if (Status status = input_->push(band.value()); !status) return std::move(status).error();
    if (request_.on_rows) {
      request_.on_rows(band->planes[0].first_row + band->planes[0].row_count, source_.height_px);
    }
    return true;
  }

  Result<PipelineResult> take() {
    if (!main_->done()) return fail(ErrorCode::truncated_image, "rows are missing");
    if (encoder_sink_) {
      const double start = now();
      auto finished = encoder_->finish();
      out_.encode_ms += now() - start;
      if (!finished) return std::move(finished).error();
      out_.photo = std::move(finished).value();
    }
    if (photo_frame_) out_.photo_frame = std::move(photo_frame_->frame());
    if (hash_frame_ != nullptr) {
      out_.hash_frame = std::move(hash_frame_->frame());
      thumbnails_.pop_back();
    } else {
      const Frame& from = thumbnails_.front()->frame();
      FrameCollector small(hash_layout_);
      Branch branch(from.layout, whole(from.layout), hash_layout_, ResizeSpace::encoded, false, nullptr, background_,
                    small);
      if (Status status = branch.input().push(from.band()); !status) return std::move(status).error();
      out_.hash_frame = std::move(small.frame());
    }
    for (auto& thumbnail : thumbnails_) out_.thumbnail_frames.push_back(std::move(thumbnail->frame()));
    return std::move(out_);
  }

 private:
  double now() const { return request_.clock_ms ? request_.clock_ms() : 0.0; }

  // The input of one more branch, for the whole of a picture.
  RowSink& branch(const PlaneLayout& from, const PlaneLayout& wanted, ResizeSpace space, RowSink& sink) {
    const LightTables* const light = request_.transform != nullptr ? nullptr : request_.light;
    branches_.push_back(
        std::make_unique<Branch>(from, whole(from), wanted, space, false, nullptr, background_, sink, light));
    return branches_.back()->input();
  }

  FrameCollector& add_branch(PlaneLayout from, const PlaneLayout& wanted, ResizeSpace space) {
    FrameCollector& out = *thumbnails_.emplace_back(std::make_unique<FrameCollector>(wanted));
    const PlaneLayout photo = from;
    const bool in_rgb = space == ResizeSpace::linear && photo.model == ColorModel::ycc;
    if (in_rgb) from = {ColorModel::rgb, false, photo.width_px, photo.height_px};
    RowSink* input = &branch(from, wanted, space, out);
    if (in_rgb) input = &branch(photo, from, ResizeSpace::encoded, *input);
    tee_.add(input);
    return out;
  }

  // Thumbnails and hashes, from the photo's rows.
  void connect_small(const PlaneLayout& layout) {
    const Size photo_size{layout.width_px, layout.height_px};
    for (std::size_t i = 0; i < request_.thumbnail_specs.size(); ++i) {
      const Size size = fit_inside(photo_size, request_.thumbnail_edges_px[i]);
      PlaneLayout wanted = layout;
      wanted.width_px = size.width_px;
      wanted.height_px = size.height_px;
      if (!wanted.has_alpha) wanted = make_encoder(request_.thumbnail_specs[i])->wanted(wanted);
      add_branch(layout, wanted, size == photo_size ? ResizeSpace::encoded : request_.space);
    }
    // Hashes come from the first thumbnail where there is one, else from the photo's rows.
    const Size hash_size = fit_inside(photo_size, hash_edge_px);
    hash_layout_ = {ColorModel::rgb, layout.has_alpha, hash_size.width_px, hash_size.height_px};
    if (thumbnails_.empty() || thumbnails_.front()->layout().width_px < hash_size.width_px) {
      hash_frame_ = &add_branch(layout, hash_layout_, ResizeSpace::encoded);
    }
  }

  // From the decoder's rows to the photo's.
  void connect_input(const PlaneLayout& layout) {
    // The part of the decoded picture that is wanted: fractions stay, so that nothing shifts.
    const double scale = request_.scale_eighths / 8.0;
    Geometry part = request_.geometry;
    part.begin_x *= scale;
    part.begin_y *= scale;
    part.extent_x *= scale;
    part.extent_y *= scale;
    part.behind_x *= scale;
    part.behind_y *= scale;
    if (request_.in_rgb && source_.model == ColorModel::ycc) {
      // Chroma goes to the luma's size first.
      const PlaneLayout rgb{ColorModel::rgb, false, source_.width_px, source_.height_px};
      main_.emplace(rgb, part, layout, request_.space, false, request_.transform, background_, tee_, request_.light);
      upsample_.emplace(source_, whole(source_), rgb, ResizeSpace::encoded, false, nullptr, background_,
                        main_->input());
      input_ = &upsample_->input();
    } else {
      main_.emplace(source_, part, layout, request_.space, request_.is_ink, request_.transform, background_, tee_,
                    request_.light);
      input_ = &main_->input();
    }
  }

  const PipelineRequest request_;
  PlaneLayout source_;
  std::uint32_t background_ = 0xffffff;
  std::unique_ptr<Encoder> encoder_;
  Tee tee_;  // the photo's rows, to all that is made of them
  std::optional<FrameCollector> photo_frame_;
  std::optional<EncoderSink> encoder_sink_;
  std::optional<Stopwatch> encoder_watch_;
  std::vector<std::unique_ptr<FrameCollector>> thumbnails_;
  std::vector<std::unique_ptr<Branch>> branches_;
  PlaneLayout hash_layout_;
  FrameCollector* hash_frame_ = nullptr;  // the last of thumbnails_, where hashes need rows of their own
  std::optional<Branch> main_;
  std::optional<Branch> upsample_;
  RowSink* input_ = nullptr;
  PipelineResult out_;
};

Pipeline::Pipeline(std::unique_ptr<Stages> stages) : stages_(std::move(stages)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::open(PipelineRequest request) {
  auto stages = std::make_unique<Stages>(std::move(request));
  if (Status status = stages->connect(); !status) return std::move(status).error();
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(stages)));
}

Result<bool> Pipeline::step() { return stages_->step(); }
Result<PipelineResult> Pipeline::take() { return stages_->take(); }

}  // namespace photo_core
