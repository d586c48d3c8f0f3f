// The JPEG encoder: planes in, libjpeg-turbo's raw-data interface, a file in memory out.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/buffer.hpp"
#include "codec/encoder.hpp"
#include "codec/jpeg_fdct.hpp"
#include "codec/jpeg_library.hpp"
#include "codec/jpeg_tokens.hpp"

namespace photo_core {
namespace {

constexpr std::size_t marker_room = 65533;       // bytes of data in one marker segment
constexpr std::size_t progressive_tables = 300;  // bytes, about, that the headers of further scans have

// A destination that grows. The library's calls cannot return an error, so a failed allocation takes its error exit.
struct JpegSink {
  jpeg_destination_mgr base;
  std::uint8_t* bytes;
  std::size_t capacity;
};

void init_destination(j_compress_ptr state) {
  auto& sink = *reinterpret_cast<JpegSink*>(state->dest);
  sink.base.next_output_byte = sink.bytes;
  sink.base.free_in_buffer = sink.capacity;
}

// Makes room for `bytes` more after those written.
void grow(j_compress_ptr state, std::size_t bytes) {
  auto& sink = *reinterpret_cast<JpegSink*>(state->dest);
  const std::size_t used = sink.capacity - sink.base.free_in_buffer;
  if (sink.base.free_in_buffer >= bytes) return;
  const std::size_t capacity = used + bytes;
  auto* grown = static_cast<std::uint8_t*>(std::realloc(sink.bytes, capacity));
  if (grown == nullptr) {
    state->err->msg_code = JERR_OUT_OF_MEMORY;
    state->err->error_exit(reinterpret_cast<j_common_ptr>(state));
  }
  sink.bytes = grown;
  sink.capacity = capacity;
  sink.base.next_output_byte = sink.bytes + used;
  sink.base.free_in_buffer = capacity - used;
}

// The buffer is full: the library does not keep free_in_buffer up to date when it calls this.
boolean empty_output_buffer(j_compress_ptr state) {
  auto& sink = *reinterpret_cast<JpegSink*>(state->dest);
  sink.base.free_in_buffer = 0;
  grow(state, sink.capacity);
  return TRUE;
}

void term_destination(j_compress_ptr) {}

// The library's own look aside, once a row of MCUs in each of its passes.
struct JpegTurns {
  jpeg_progress_mgr base;
  const EncodeRequest* request;
};

void turn_aside(j_common_ptr state) { reinterpret_cast<const JpegTurns*>(state->progress)->request->turn(); }

class JpegEncoder final : public Encoder {
 public:
  explicit JpegEncoder(const EncodeRequest& request)
      : request_(request), is_progressive_(request.progressive && !request.is_estimate) {
    if (request.is_estimate) tokens_.only_count();
  }
  ~JpegEncoder() override {
    if (created_) jpeg_destroy_compress(&state_);
    std::free(sink_.bytes);
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  PlaneLayout wanted(const PlaneLayout& source) const override {
    PlaneLayout layout = source;
    layout.model = source.model == ColorModel::gray ? ColorModel::gray : ColorModel::ycc;
    layout.has_alpha = false;
    layout.h_subsampling = layout.v_subsampling = 1;
    if (layout.model == ColorModel::ycc && (request_.half_chroma || request_.quality < full_chroma_quality)) {
      layout.h_subsampling = 2;
      layout.v_subsampling = 2;
    }
    return layout;
  }

  Status begin(const PlaneLayout& layout) override;
  Status rows(const Band& band) override;
  Result<Bytes> finish() override;
  Result<std::size_t> estimate() override;

 private:
  void configure();
  void start_library();
  void write_markers();
  std::uint32_t rows_of_block_row(int plane) const {
    return static_cast<std::uint32_t>(state_.comp_info[plane].v_samp_factor * DCTSIZE);
  }
  // Whether the plane's part of the current row of MCUs is complete.
  bool is_full(int plane) const {
    return filled_[plane] == rows_of_block_row(plane) || taken_[plane] == layout_.plane_height(plane);
  }
  void append_row(int plane, const std::uint8_t* from);
  Status write_block_row();
  bool tokenize_block_row();
  void write_headers();
  void write_tokens();
  std::size_t written() const { return sink_.capacity - sink_.base.free_in_buffer; }
  static void forward_blocks(j_compress_ptr state, jpeg_component_info* component, JSAMPARRAY rows, JBLOCKROW blocks,
                             JDIMENSION first_row, JDIMENSION first_column, JDIMENSION count);

  EncodeRequest request_;
  const bool is_progressive_;
  Bytes exif_;
  jpeg_compress_struct state_{};
  JpegErrors errors_{};
  JpegSink sink_{};
  JpegTurns turns_{};
  // The library's modules that are ours, or that it only has to find there.
  jpeg_forward_dct transform_{};
  jpeg_c_main_controller no_scanlines_{};
  jpeg_c_coef_controller no_blocks_{};
  jpeg_entropy_encoder no_coder_{};
  bool created_ = false;
  PlaneLayout layout_;
  // One row of MCUs: for each plane up to 16 rows, padded to whole blocks by repeating the last sample.
  Bytes samples_[3];
  std::size_t stride_[3] = {};
  std::uint32_t filled_[3] = {};  // rows in samples_
  std::uint32_t taken_[3] = {};   // rows since the beginning
  ForwardSteps steps_[2] = {};    // of the luma and chroma tables
  // Sequential files are coded by tokens, progressive ones by the library.
  JpegTokens tokens_;
  std::uint32_t mcu_row_ = 0;
  int predictors_[3] = {};
};

void JpegEncoder::configure() {
  const bool gray = layout_.model == ColorModel::gray;
  state_.image_width = layout_.width_px;
  state_.image_height = layout_.height_px;
  state_.input_components = gray ? 1 : 3;
  state_.in_color_space = gray ? JCS_GRAYSCALE : JCS_YCbCr;
  jpeg_set_defaults(&state_);
  jpeg_set_colorspace(&state_, state_.in_color_space);
  // jpeg_quality_scaling() for fractions: the tables' scale in percent, cut to whole ones as there.
  const double quality = std::clamp(request_.quality, 1.0, 100.0);
  const double percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  jpeg_set_linear_quality(&state_, static_cast<int>(percent), TRUE);
  state_.dct_method = JDCT_ISLOW;
  // What the library codes (progressive) it codes with tables made for the picture; the tokens bring their own.
  state_.optimize_coding = is_progressive_;
  state_.raw_data_in = TRUE;
  state_.comp_info[0].h_samp_factor = static_cast<int>(layout_.h_subsampling);
  state_.comp_info[0].v_samp_factor = static_cast<int>(layout_.v_subsampling);
  if (is_progressive_) jpeg_simple_progression(&state_);
}

// jpeg_start_compress(), which names every module of the library, with our own in the place of some: the library's
// transform, its input by scanlines and its coder of sequential scans (75 KB of WebAssembly) are then not linked.
void JpegEncoder::start_library() {
  jpeg_suppress_tables(&state_, FALSE);
  init_destination(&state_);
  jinit_c_master_control(&state_, FALSE);
  transform_.start_pass = [](j_compress_ptr) {};
  transform_.forward_DCT = forward_blocks;
  state_.fdct = &transform_;
  no_scanlines_.start_pass = [](j_compress_ptr, J_BUF_MODE) {};
  state_.main = &no_scanlines_;
  if (is_progressive_) {
    jinit_phuff_encoder(&state_);
    jinit_c_coef_controller(&state_, TRUE);
  } else {
    no_coder_.start_pass = [](j_compress_ptr, boolean) {};
    state_.entropy = &no_coder_;
    no_blocks_.start_pass = [](j_compress_ptr, J_BUF_MODE) {};
    state_.coef = &no_blocks_;
  }
  jinit_marker_writer(&state_);
  state_.mem->realize_virt_arrays(reinterpret_cast<j_common_ptr>(&state_));
  state_.marker->write_file_header(&state_);
  state_.master->prepare_for_pass(&state_);
  state_.next_scanline = 0;
  state_.global_state = CSTATE_RAW_OK;
}

void JpegEncoder::write_markers() {
  constexpr std::string_view exif_name("Exif\0\0", 6);
  if (!exif_.empty()) {
    jpeg_write_m_header(&state_, JPEG_APP0 + 1, static_cast<unsigned>(exif_name.size() + exif_.size()));
    for (const char c : exif_name) jpeg_write_m_byte(&state_, static_cast<unsigned char>(c));
    for (const std::uint8_t byte : exif_) jpeg_write_m_byte(&state_, byte);
  }
  // ICC.1:2022, annex B.4: numbered pieces, each with the count of all.
  constexpr std::string_view icc_name("ICC_PROFILE\0", 12);
  constexpr std::size_t piece_room = marker_room - icc_name.size() - 2;
  const std::size_t pieces = (request_.icc_profile.size() + piece_room - 1) / piece_room;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const ByteView part = slice(request_.icc_profile, piece * piece_room, piece_room);
    jpeg_write_m_header(&state_, JPEG_APP0 + 2, static_cast<unsigned>(icc_name.size() + 2 + part.size()));
    for (const char c : icc_name) jpeg_write_m_byte(&state_, static_cast<unsigned char>(c));
    jpeg_write_m_byte(&state_, static_cast<int>(piece + 1));
    jpeg_write_m_byte(&state_, static_cast<int>(pieces));
    for (const std::uint8_t byte : part) jpeg_write_m_byte(&state_, byte);
  }
}

Status JpegEncoder::begin(const PlaneLayout& layout) {
  if (created_) return fail(ErrorCode::internal, "JPEG encoder begun twice");
  if (layout.width_px == 0 || layout.height_px == 0 || layout.width_px > JPEG_MAX_DIMENSION ||
      layout.height_px > JPEG_MAX_DIMENSION || layout.model == ColorModel::rgb || layout.has_alpha ||
      layout.h_subsampling > 2 || layout.v_subsampling > 2) {
    return fail(ErrorCode::internal, "a layout that JPEG is not written in");
  }
  exif_ = request_.exif_of(layout);
  if (exif_.size() > marker_room - 6) return fail(ErrorCode::internal, "Exif data larger than a JPEG segment");
  if (request_.icc_profile.size() > std::size_t{255} * (marker_room - 14)) {
    return fail(ErrorCode::internal, "colour profile larger than JPEG holds");
  }
  layout_ = layout;
  init_jpeg_errors(errors_);
  state_.err = &errors_.base;
  sink_.base.init_destination = init_destination;
  sink_.base.empty_output_buffer = empty_output_buffer;
  sink_.base.term_destination = term_destination;
  // Most photos at the usual qualities take less than this; a larger one costs a reallocation.
  sink_.capacity = std::max<std::size_t>(std::size_t{layout.width_px} * layout.height_px / 4, std::size_t{16} * 1024);
  sink_.bytes = static_cast<std::uint8_t*>(std::malloc(sink_.capacity));
  if (sink_.bytes == nullptr) return fail(ErrorCode::out_of_memory, "JPEG output");
  created_ = true;
  auto start = [this] {
    jpeg_create_compress(&state_);
    state_.dest = &sink_.base;
    turns_.base.progress_monitor = turn_aside;
    turns_.request = &request_;
    state_.progress = &turns_.base;
    configure();
    start_library();
    write_markers();
    for (int table = 0; table < (state_.num_components > 1 ? 2 : 1); ++table)
      steps_[table].set(state_.quant_tbl_ptrs[table]->quantval);
    state_.client_data = this;
  };
  if (!jpeg_guarded(errors_, start)) return jpeg_error(state_, errors_);
  for (int plane = 0; plane < layout_.plane_count(); ++plane) {
    stride_[plane] = std::size_t{state_.comp_info[plane].width_in_blocks} * DCTSIZE;
    samples_[plane].resize(stride_[plane] * rows_of_block_row(plane));
  }
  return {};
}

void JpegEncoder::append_row(int plane, const std::uint8_t* from) {
  const std::uint32_t width = layout_.plane_width(plane);
  std::uint8_t* row = samples_[plane].data() + filled_[plane] * stride_[plane];
  std::memcpy(row, from, width);
  std::memset(row + width, row[width - 1], stride_[plane] - width);
  ++filled_[plane];
  ++taken_[plane];
}

// The library's method for a row of blocks of one component.
void JpegEncoder::forward_blocks(j_compress_ptr state, jpeg_component_info* component, JSAMPARRAY rows,
                                 JBLOCKROW blocks, JDIMENSION first_row, JDIMENSION first_column, JDIMENSION count) {
  const auto& encoder = *static_cast<const JpegEncoder*>(state->client_data);
  const auto stride = static_cast<std::size_t>(rows[1] - rows[0]);
  const std::uint8_t* samples = rows[first_row] + first_column;
  for (JDIMENSION i = 0; i < count; ++i, samples += DCTSIZE) {
    forward_transform(samples, stride, encoder.steps_[component->quant_tbl_no], blocks[i]);
  }
}

// The row of MCUs in samples_, as tokens. Blocks past the picture repeat their neighbour, which costs least.
bool JpegEncoder::tokenize_block_row() {
  alignas(16) std::int16_t coefficients[DCTSIZE2];
  for (JDIMENSION mcu = 0; mcu < state_.MCUs_per_row; ++mcu) {
    for (int plane = 0; plane < state_.num_components; ++plane) {
      const jpeg_component_info& component = state_.comp_info[plane];
      const bool chroma = plane > 0;
      const auto across = static_cast<JDIMENSION>(component.h_samp_factor);
      const auto down = static_cast<JDIMENSION>(component.v_samp_factor);
      for (JDIMENSION y = 0; y < down; ++y) {
        for (JDIMENSION x = 0; x < across; ++x) {
          const JDIMENSION column = mcu * across + x;
          bool added;
          if (column >= component.width_in_blocks || mcu_row_ * down + y >= component.height_in_blocks) {
            added = tokens_.add_repeat(chroma);
          } else {
            const std::uint8_t* samples = samples_[plane].data() + y * DCTSIZE * stride_[plane] + column * DCTSIZE;
            forward_transform(samples, stride_[plane], steps_[chroma ? 1 : 0], coefficients);
            added = tokens_.add_block(coefficients, coefficients[0] - predictors_[plane], chroma);
            predictors_[plane] = coefficients[0];
          }
          if (!added) return false;
        }
      }
    }
  }
  ++mcu_row_;
  return true;
}

Status JpegEncoder::write_block_row() {
  request_.turn();
  for (int plane = 0; plane < layout_.plane_count(); ++plane) {
    const std::uint32_t height = rows_of_block_row(plane);
    const std::uint8_t* last = samples_[plane].data() + (filled_[plane] - 1) * stride_[plane];
    for (std::uint32_t row = filled_[plane]; row < height; ++row) {
      std::memcpy(samples_[plane].data() + row * stride_[plane], last, stride_[plane]);
    }
    filled_[plane] = 0;
  }
  if (!is_progressive_) {
    if (!tokenize_block_row()) return fail(ErrorCode::out_of_memory, "JPEG tokens");
    return {};
  }
  JSAMPROW rows[3][2 * DCTSIZE];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  for (int plane = 0; plane < layout_.plane_count(); ++plane) {
    for (std::uint32_t row = 0; row < rows_of_block_row(plane); ++row)
      rows[plane][row] = samples_[plane].data() + row * stride_[plane];
  }
  auto write = [this, &planes] {
    jpeg_write_raw_data(&state_, planes, static_cast<JDIMENSION>(state_.max_v_samp_factor * DCTSIZE));
  };
  if (!jpeg_guarded(errors_, write)) return jpeg_error(state_, errors_);
  return {};
}

Status JpegEncoder::rows(const Band& band) {
  const int count = layout_.plane_count();
  std::uint32_t used[3] = {};
  for (;;) {
    bool full = true;
    bool any = false;
    for (int plane = 0; plane < count; ++plane) {
      const PlaneRows& given = band.planes[static_cast<unsigned>(plane)];
      while (used[plane] < given.row_count && !is_full(plane)) {
        append_row(plane, given.data + used[plane] * given.stride);
        ++used[plane];
      }
      full = full && is_full(plane);
      any = any || filled_[plane] > 0;
    }
    if (!full || !any) return {};
    if (Status status = write_block_row(); !status.ok()) return status;
  }
}

// By the library, with the tables of the tokens.
void JpegEncoder::write_headers() {
  tokens_.choose_tables(state_);
  state_.master->pass_startup(&state_);
}

void JpegEncoder::write_tokens() {
  write_headers();
  grow(&state_, tokens_.largest_output());
  const JOCTET* end = tokens_.write(sink_.base.next_output_byte);
  sink_.base.free_in_buffer -= static_cast<std::size_t>(end - sink_.base.next_output_byte);
  sink_.base.next_output_byte += end - sink_.base.next_output_byte;
  state_.marker->write_file_trailer(&state_);
}

Result<Bytes> JpegEncoder::finish() {
  if (!created_ || taken_[0] != layout_.height_px) return fail(ErrorCode::internal, "JPEG encoder finished early");
  auto end = [this] {
    if (is_progressive_) {
      jpeg_finish_compress(&state_);
    } else {
      write_tokens();
    }
  };
  if (!jpeg_guarded(errors_, end)) return jpeg_error(state_, errors_);
  if (!can_allocate(written())) return fail(ErrorCode::out_of_memory, "JPEG output");
  return Bytes(sink_.bytes, sink_.bytes + written());
}

Result<std::size_t> JpegEncoder::estimate() {
  if (!created_ || taken_[0] != layout_.height_px) return fail(ErrorCode::internal, "JPEG estimate asked for early");
  auto end = [this] { write_headers(); };
  if (!jpeg_guarded(errors_, end)) return jpeg_error(state_, errors_);
  // One byte in 256 is 0xff and has a zero behind it; two end the file.
  const std::uint64_t scan = tokens_.bits() / 8 * 257 / 256 + 2;
  return written() + static_cast<std::size_t>(scan) + (request_.progressive ? progressive_tables : 0);
}

}  // namespace

std::unique_ptr<Encoder> make_jpeg_encoder(const EncodeRequest& request) {
  return std::make_unique<JpegEncoder>(request);
}

}  // namespace photo_core
