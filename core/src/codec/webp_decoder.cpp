// WebP decoded by rows with libwebp 1.5.0.
//
// libwebp's public interface decodes to a buffer of the whole picture. Beneath it, lossy pictures are decoded one row
// of macroblocks at a time and lossless ones up to any row, so this file drives those functions (src/dec/vp8i_dec.h,
// vp8li_dec.h, as libwebp's own incremental decoder does): a lossy picture then needs a few rows of memory in place of
// 3 bytes a pixel more, a lossless one 4 bytes a pixel in place of 8.
#include <algorithm>
#include <array>
#include <new>

#include "src/dec/vp8i_dec.h"
#include "src/dec/vp8li_dec.h"
#include "src/dec/webpi_dec.h"

#include "base/buffer.hpp"
#include "codec/decoder.hpp"
#include "codec/webp_container.hpp"
#include "codec/webp_surplus.hpp"
#include "codec/webp_upsample.hpp"

namespace photo_core {
namespace {

// Rows that a step gives at most: 16 of a macroblock, 8 that the loop filter held back, 1 that waited for its chroma.
constexpr std::uint32_t max_band_rows = 32;
// Rows that the lossless decoder keeps converted at a time (NUM_ARGB_CACHE_ROWS).
constexpr std::uint32_t lossless_rows = 16;
constexpr std::uint64_t mebibyte = 1 << 20;

Error no_memory() { return fail(ErrorCode::out_of_memory, "WebP decoder"); }

struct DeleteVp8 {
  void operator()(VP8Decoder* decoder) const { VP8Delete(decoder); }
};
struct DeleteVp8l {
  void operator()(VP8LDecoder* decoder) const { VP8LDelete(decoder); }
};

// Where decoded rows go: planes of the canvas, the frame's left edge already added.
using PlanePointers = std::array<std::uint8_t*, 4>;
class RowSink {
 public:
  virtual ~RowSink() = default;
  // The planes' samples for row `y` of the frame; rows come in order.
  virtual PlanePointers row(std::uint32_t y) = 0;
};

// One picture, decoded step by step; each step gives some rows (perhaps none) to the sink.
class PictureDecoder {
 public:
  virtual ~PictureDecoder() = default;
  virtual VP8StatusCode start() = 0;
  virtual VP8StatusCode step(RowSink& sink) = 0;
  // Behind the last row: what is left of the picture's data and of its alpha's. False when it stands where it cannot be
  // taken out, or memory ran out.
  virtual bool find_surplus(ByteView& picture, ByteView& alpha) = 0;
};

class LossyDecoder final : public PictureDecoder {
 public:
  explicit LossyDecoder(const WebpContainer& container) : container_(container) {}

  ~LossyDecoder() override {
    if (is_entered_) VP8ExitCritical(decoder_.get(), &io_);
  }

  VP8StatusCode start() override {
    decoder_.reset(VP8New());
    const std::size_t chroma_bytes = (container_.width_px + 1) / 2;
    if (!decoder_ || !VP8InitIo(&io_) || !held_luma_.allocate(container_.width_px) || !held_u_.allocate(chroma_bytes) ||
        !held_v_.allocate(chroma_bytes) || !full_u_.allocate(2 * chroma_bytes) || !full_v_.allocate(2 * chroma_bytes)) {
      return VP8_STATUS_OUT_OF_MEMORY;
    }
    io_.data = container_.bitstream.data();
    io_.data_size = container_.bitstream.size();
    io_.opaque = this;
    io_.put = [](const VP8Io* io) {
      static_cast<LossyDecoder*>(io->opaque)->take_rows(*io);
      return 1;
    };
    if (!VP8GetHeaders(decoder_.get(), &io_)) return decoder_->status_;
    if (!container_.alpha.empty()) {
      decoder_->alpha_data_ = container_.alpha.data();
      decoder_->alpha_data_size_ = container_.alpha.size();
    }
    if (VP8EnterCritical(decoder_.get(), &io_) != VP8_STATUS_OK) return decoder_->status_;
    is_entered_ = true;
    if (!VP8InitFrame(decoder_.get(), &io_)) return decoder_->status_;
    return VP8_STATUS_OK;
  }

  // One row of macroblocks, as in libwebp's ParseFrame().
  VP8StatusCode step(RowSink& sink) override {
    VP8Decoder* const decoder = decoder_.get();
    sink_ = &sink;
    if (!VP8ParseIntraModeRow(&decoder->br_, decoder)) return VP8_STATUS_NOT_ENOUGH_DATA;
    VP8BitReader* const tokens =
        &decoder->parts_[static_cast<std::uint32_t>(decoder->mb_y_) & decoder->num_parts_minus_one_];
    for (; decoder->mb_x_ < decoder->mb_w_; ++decoder->mb_x_) {
      if (!VP8DecodeMB(decoder, tokens)) return VP8_STATUS_NOT_ENOUGH_DATA;
    }
    VP8InitScanline(decoder);
    if (!VP8ProcessRow(decoder, &io_)) {
      return decoder->status_ == VP8_STATUS_OK ? VP8_STATUS_BITSTREAM_ERROR : decoder->status_;
    }
    ++decoder->mb_y_;
    return VP8_STATUS_OK;
  }

  bool find_surplus(ByteView& picture, ByteView& alpha) override {
    return webp_lossy_surplus(*decoder_, picture) && webp_alpha_surplus(container_, *decoder_, io_, alpha);
  }

 private:
  // Luma rows of an even number (but for the last) come with their chroma rows. A row needs the chroma rows on both its
  // sides, so the last odd one waits here for the next call.
  void take_rows(const VP8Io& io) {
    const auto first = static_cast<std::uint32_t>(io.mb_y);
    const auto rows = static_cast<std::uint32_t>(io.mb_h);
    const bool is_end = first + rows == container_.height_px;
    const auto chroma = [](const std::uint8_t* plane, int stride, std::uint32_t row) {
      return plane + std::ptrdiff_t{stride} * row;
    };
    const std::uint32_t chroma_rows = (rows + 1) / 2;
    for (std::uint32_t i = 0; i < chroma_rows; ++i) {
      const std::uint8_t* const u = chroma(io.u, io.uv_stride, i);
      const std::uint8_t* const v = chroma(io.v, io.uv_stride, i);
      const bool is_first = first == 0 && i == 0;
      const std::uint8_t* const u_above = is_first ? u : i == 0 ? held_u_.data() : u - io.uv_stride;
      const std::uint8_t* const v_above = is_first ? v : i == 0 ? held_v_.data() : v - io.uv_stride;
      if (!is_first) {
        const std::uint8_t* const above = i == 0 ? held_luma_.data() : io.y + std::ptrdiff_t{io.y_stride} * (2 * i - 1);
        put_row(first + 2 * i - 1, above, {u_above, u}, {v_above, v});
      }
      put_row(first + 2 * i, io.y + std::ptrdiff_t{io.y_stride} * (2 * i), {u, u_above}, {v, v_above});
    }
    if (rows % 2 != 0) return;  // the picture's last row had the last chroma row to itself
    const std::uint8_t* const last = io.y + std::ptrdiff_t{io.y_stride} * (rows - 1);
    const std::uint8_t* const u = chroma(io.u, io.uv_stride, chroma_rows - 1);
    const std::uint8_t* const v = chroma(io.v, io.uv_stride, chroma_rows - 1);
    if (is_end) {
      put_row(first + rows - 1, last, {u, u}, {v, v});
    } else {
      std::memcpy(held_luma_.data(), last, held_luma_.size());
      std::memcpy(held_u_.data(), u, held_u_.size());
      std::memcpy(held_v_.data(), v, held_v_.size());
    }
  }

  void put_row(std::uint32_t y, const std::uint8_t* luma, const WebpChromaRows& u, const WebpChromaRows& v) {
    const std::uint32_t width = container_.width_px;
    const PlanePointers out = sink_->row(y);
    webp_upsample_chroma(u, width, full_u_.data());
    webp_upsample_chroma(v, width, full_v_.data());
    webp_convert_row(luma, full_u_.data(), full_v_.data(), width, out[0], out[1], out[2]);
    if (out[3] != nullptr) std::memcpy(out[3], decoder_->alpha_plane_ + std::size_t{y} * width, width);
  }

  const WebpContainer& container_;
  std::unique_ptr<VP8Decoder, DeleteVp8> decoder_;
  VP8Io io_{};
  RowSink* sink_ = nullptr;
  bool is_entered_ = false;
  Buffer held_luma_, held_u_, held_v_;
  Buffer full_u_, full_v_;
};

class LosslessDecoder final : public PictureDecoder {
 public:
  explicit LosslessDecoder(const WebpContainer& container) : container_(container) {}

  VP8StatusCode start() override {
    decoder_.reset(VP8LNew());
    if (!decoder_ || !VP8InitIo(&io_) || !scratch_.allocate(std::size_t{container_.width_px} * 4)) {
      return VP8_STATUS_OUT_OF_MEMORY;
    }
    io_.data = container_.bitstream.data();
    io_.data_size = container_.bitstream.size();
    io_.opaque = &params_;
    if (!VP8LDecodeHeader(decoder_.get(), &io_)) return decoder_->status_;
    // libwebp wants to write its rows somewhere: all go to one scratch row (stride 0), and this class reads them where
    // they were made, in argb_cache_. The crop makes the first call stop behind the first rows.
    output_.colorspace = MODE_BGRA;
    output_.width = io_.width;
    output_.height = io_.height;
    output_.u.RGBA.rgba = scratch_.data();
    output_.u.RGBA.stride = 0;
    output_.u.RGBA.size = scratch_.size();
    params_.output = &output_;
    params_.options = &options_;
    options_.use_cropping = 1;
    options_.crop_width = io_.width;
    options_.crop_height = std::min<int>(lossless_rows, io_.height);
    return VP8_STATUS_OK;
  }

  VP8StatusCode step(RowSink& sink) override {
    const std::uint32_t rows = std::min(lossless_rows, container_.height_px - next_row_);
    io_.crop_bottom = static_cast<int>(next_row_ + rows);
    if (!VP8LDecodeImage(decoder_.get())) return decoder_->status_;
    const std::uint32_t* pixels = decoder_->argb_cache_;
    for (std::uint32_t i = 0; i < rows; ++i, pixels += container_.width_px) {
      split_row(pixels, container_.width_px, sink.row(next_row_ + i));
    }
    next_row_ += rows;
    return VP8_STATUS_OK;
  }

  bool find_surplus(ByteView& picture, ByteView&) override {
    picture = webp_lossless_surplus(*decoder_);
    return true;
  }

 private:
  static void split_row(const std::uint32_t* argb, std::uint32_t width, const PlanePointers& out) {
    for (std::uint32_t x = 0; x < width; ++x) {
      out[0][x] = static_cast<std::uint8_t>(argb[x] >> 16);
      out[1][x] = static_cast<std::uint8_t>(argb[x] >> 8);
      out[2][x] = static_cast<std::uint8_t>(argb[x]);
    }
    if (out[3] == nullptr) return;
    for (std::uint32_t x = 0; x < width; ++x) out[3][x] = static_cast<std::uint8_t>(argb[x] >> 24);
  }

  const WebpContainer& container_;
  std::unique_ptr<VP8LDecoder, DeleteVp8l> decoder_;
  VP8Io io_{};
  WebPDecParams params_{};
  WebPDecBuffer output_{};
  WebPDecoderOptions options_{};
  Buffer scratch_;
  std::uint32_t next_row_ = 0;
};

// An upper bound of what decoding takes, from the sizes in the header alone.
std::uint64_t memory_needed(const WebpContainer& container, int planes) {
  const std::uint64_t width = container.width_px, height = container.height_px;
  const std::uint64_t band = std::uint64_t{container.canvas_width_px} * max_band_rows * planes;
  // The prefix codes of a lossless stream are counted by its own entropy picture: see ReadHuffmanCodes().
  if (container.is_lossless) return band + 4 * width * (height + lossless_rows + 2) + 2 * width + 4 * mebibyte;
  const std::uint64_t rows = width * (16 + 8) * 2 + width * 64;
  // The alpha plane, and what its own lossless decoder holds.
  const std::uint64_t alpha = container.alpha.empty() ? 0 : 5 * width * (height + lossless_rows + 2) + 2 * mebibyte;
  return band + rows + alpha + mebibyte;
}

class WebpDecoder final : public Decoder, private RowSink {
 public:
  WebpDecoder(ByteView source, const WebpContainer& container, const ImageInfo& info)
      : source_(source), container_(container), info_(info) {}

  const ImageInfo& info() const override { return info_; }
  std::size_t consumed_bytes() const override { return container_.end; }
  bool was_cut() const override { return was_cut_; }
  bool find_surplus(ByteRanges& out) const override {
    ByteView left[2];
    if (!picture_->find_surplus(left[0], left[1])) return false;
    for (const ByteView piece : left) {
      const auto begin = static_cast<std::size_t>(piece.data() - source_.data());
      if (!piece.empty()) out.add({begin, begin + piece.size()});
    }
    return true;
  }

  Result<PlaneLayout> start(const DecodeRequest& request) override {
    if (container_.is_cut && !request.allow_truncated) {
      return fail(ErrorCode::truncated_image, "WebP: shorter than its RIFF header says");
    }
    was_cut_ = container_.is_cut;
    layout_.model = ColorModel::rgb;
    layout_.has_alpha = info_.has_alpha;
    layout_.width_px = info_.width_px;
    layout_.height_px = info_.height_px;
    plane_bytes_ = std::size_t{layout_.width_px} * max_band_rows;
    const std::uint64_t bytes = std::uint64_t{plane_bytes_} * layout_.plane_count();
    if (bytes > SIZE_MAX / 2 || !planes_.allocate_zeroed(static_cast<std::size_t>(bytes))) return no_memory();
    if (container_.is_lossless) picture_.reset(new (std::nothrow) LosslessDecoder(container_));
    else picture_.reset(new (std::nothrow) LossyDecoder(container_));
    if (!picture_) return no_memory();
    if (const VP8StatusCode status = picture_->start(); status != VP8_STATUS_OK) return error_of(status);
    return layout_;
  }

  Result<Band> next() override {
    const std::uint32_t frame_end = container_.y_px + container_.height_px;
    first_row_ = next_row_;
    if (next_row_ == layout_.height_px) return Band{};
    if (next_row_ < container_.y_px || next_row_ >= frame_end) {
      const std::uint32_t end = next_row_ < container_.y_px ? container_.y_px : layout_.height_px;
      next_row_ = std::min(end, next_row_ + max_band_rows);
      std::memset(planes_.data(), 0, planes_.size());
      return band();
    }
    while (next_row_ == first_row_ && !is_broken_off_) {
      const VP8StatusCode status = picture_->step(*this);
      if (status == VP8_STATUS_OK) continue;
      if (!was_cut_ || status == VP8_STATUS_OUT_OF_MEMORY) return error_of(status);
      is_broken_off_ = true;
    }
    if (next_row_ == first_row_) fill_missing(std::min(frame_end - next_row_, max_band_rows));
    return band();
  }

 private:
  Error error_of(VP8StatusCode status) const {
    if (status == VP8_STATUS_OUT_OF_MEMORY) return no_memory();
    if (container_.is_cut) return fail(ErrorCode::truncated_image, "WebP: ends inside the picture");
    return fail(ErrorCode::corrupt_image, container_.is_lossless ? "WebP: VP8L data" : "WebP: VP8 data");
  }

  PlanePointers row(std::uint32_t y) override {
    next_row_ = container_.y_px + y + 1;
    const std::size_t offset = std::size_t{next_row_ - 1 - first_row_} * layout_.width_px + container_.x_px;
    PlanePointers out{};
    for (int plane = 0; plane < 3; ++plane) out[plane] = planes_.data() + plane * plane_bytes_ + offset;
    if (!layout_.has_alpha) return out;
    std::uint8_t* const alpha = planes_.data() + 3 * plane_bytes_ + offset;
    if (container_.has_alpha) out[3] = alpha;
    else std::memset(alpha, 255, container_.width_px);
    return out;
  }

  // What is missing of a cut picture: mid gray, transparent where there is alpha.
  void fill_missing(std::uint32_t rows) {
    for (int plane = 0; plane < layout_.plane_count(); ++plane) {
      std::memset(planes_.data() + plane * plane_bytes_, plane == 3 ? 0 : 128, std::size_t{rows} * layout_.width_px);
    }
    next_row_ += rows;
  }

  Band band() const {
    Band out;
    for (int plane = 0; plane < layout_.plane_count(); ++plane) {
      out.planes[plane] = {planes_.data() + plane * plane_bytes_, layout_.width_px, first_row_, next_row_ - first_row_};
    }
    return out;
  }

  const ByteView source_;
  const WebpContainer container_;
  const ImageInfo info_;
  PlaneLayout layout_;
  std::unique_ptr<PictureDecoder> picture_;
  Buffer planes_;  // the rows of one band; outside the frame they stay zero
  std::size_t plane_bytes_ = 0;
  std::uint32_t first_row_ = 0;  // of the band being made
  std::uint32_t next_row_ = 0;
  bool was_cut_ = false;
  bool is_broken_off_ = false;
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_webp(ByteView source) {
  Result<WebpContainer> read = read_webp_container(source);
  if (!read) return std::move(read).error();
  const WebpContainer& container = *read;
  ImageInfo info;
  info.format = ImageFormat::webp;
  info.width_px = container.canvas_width_px;
  info.height_px = container.canvas_height_px;
  info.has_alpha = container.has_alpha || !container.fills_canvas();
  info.frames = container.frames;
  info.needs_full_frame = container.is_lossless;
  info.decode_bytes = memory_needed(container, info.has_alpha ? 4 : 3);
  std::unique_ptr<Decoder> decoder(new (std::nothrow) WebpDecoder(source, container, info));
  if (!decoder) return no_memory();
  return decoder;
}

}  // namespace photo_core
