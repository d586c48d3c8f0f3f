#include "codec/jpeg_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "codec/jpeg_inverse.hpp"
#include "metadata/jpeg_segments.hpp"

namespace photo_core {
namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) { return (value + step - 1) / step * step; }

// The bytes of the whole coefficient arrays that a file of several scans is decoded into, with the library's
// bookkeeping (a pointer a row of blocks).
std::uint64_t coefficient_bytes(const jpeg_decompress_struct& state) {
  std::uint64_t bytes = 0;
  for (int i = 0; i < state.num_components; ++i) {
    const jpeg_component_info& component = state.comp_info[i];
    const std::uint64_t width = round_up(component.width_in_blocks, static_cast<unsigned>(component.h_samp_factor));
    const std::uint64_t height = round_up(component.height_in_blocks, static_cast<unsigned>(component.v_samp_factor));
    bytes += width * height * sizeof(JBLOCK) + height * 2 * sizeof(JBLOCKROW);
  }
  return bytes;
}

// Whether the samples of `component` are 1, 2 or 4 times as far apart as the finest ones, each way.
bool usual_subsampling(const jpeg_decompress_struct& state, const jpeg_component_info& component) {
  const auto usual = [](int most, int own) { return own == most || own * 2 == most || own * 4 == most; };
  return usual(state.max_h_samp_factor, component.h_samp_factor) &&
         usual(state.max_v_samp_factor, component.v_samp_factor);
}

// Y'CbCr of the complements of the inks to the inks, in place; black stays. ITU-R BT.601 in 16-bit fixed point, rounded
// as the library does.
void inks_from_ycck(std::uint8_t* pixels, std::uint32_t count) {
  constexpr int half = 1 << 15;
  const auto limit = [](int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); };
  for (std::uint32_t i = 0; i < count; ++i, pixels += 4) {
    const int y = pixels[0];
    const int cb = pixels[1] - 128;
    const int cr = pixels[2] - 128;
    pixels[0] = limit(255 - (y + ((91881 * cr + half) >> 16)));
    pixels[1] = limit(255 - (y + ((-22554 * cb - 46802 * cr + half) >> 16)));
    pixels[2] = limit(255 - (y + ((116130 * cb + half) >> 16)));
  }
}

}  // namespace

JpegDecoder::~JpegDecoder() {
  if (created_) jpeg_destroy_decompress(&state_);
}

Status JpegDecoder::open(ByteView source) {
  bytes_ = source;
  init_jpeg_errors(errors_);
  init_jpeg_source(source_, source);
  state_.err = &errors_.base;
  auto read_header = [this] {
    jpeg_create_decompress(&state_);
    created_ = true;
    state_.src = &source_.base;
    jpeg_read_header(&state_, TRUE);
  };
  // Should creating itself fail, what it had allocated is released by destroying, which needs no more than `mem`.
  if (!jpeg_guarded(errors_, read_header)) {
    created_ = true;
    return jpeg_error(state_, errors_, source_.hit_end);
  }
  if (source_.hit_end) return fail(ErrorCode::truncated_image, "JPEG without a scan");
  const int count = state_.num_components;
  if (count != 1 && count != 3 && count != 4) {
    return fail(ErrorCode::unsupported_type, "JPEG with " + std::to_string(count) + " components");
  }
  fill_info();
  return {};
}

void JpegDecoder::fill_info() {
  info_.format = ImageFormat::jpeg;
  info_.width_px = state_.image_width;
  info_.height_px = state_.image_height;
  info_.bits_per_sample = 8;
  info_.is_cmyk = state_.num_components == 4;
  info_.is_gray = state_.num_components == 1;
  info_.is_ycc = state_.jpeg_color_space == JCS_YCbCr;
  info_.is_progressive = state_.progressive_mode;
  info_.is_arithmetic = state_.arith_code;
  const bool raw = stored_planes_fit() && !info_.is_cmyk;
  if (jpeg_has_multiple_scans(&state_) && raw) {
    script_ = read_scan_script(state_, bytes_, bytes_.size() - source_.base.bytes_in_buffer);
  }
  info_.needs_full_frame = jpeg_has_multiple_scans(&state_) && script_.scan_count == 0;
  if (info_.is_ycc && stored_planes_fit()) {
    const jpeg_component_info& chroma = state_.comp_info[1];
    info_.h_subsampling = static_cast<std::uint32_t>(state_.max_h_samp_factor / chroma.h_samp_factor);
    info_.v_subsampling = static_cast<std::uint32_t>(state_.max_v_samp_factor / chroma.v_samp_factor);
  }
  // Rows: of the band, and in the scanline case the library's own rows before and after upsampling, each at most
  // 4 components wide and 5 * 32 rows high in all; then tables, derived tables and pools.
  const std::uint64_t row = round_up(info_.width_px, 32) * static_cast<unsigned>(state_.num_components);
  info_.decode_bytes = row * (raw ? 8u * static_cast<unsigned>(state_.max_v_samp_factor) : 160u) + 128 * 1024;
  if (info_.needs_full_frame) info_.decode_bytes += coefficient_bytes(state_);
  if (script_.scan_count > 0) info_.decode_bytes += JpegScans::memory_bytes(state_, script_);
}

// True when the stored planes are what a PlaneLayout can say: gray, rgb without subsampling, or Y'CbCr whose chroma
// planes are alike and 1, 2 or 4 times coarser than the luma plane.
bool JpegDecoder::stored_planes_fit() const {
  const jpeg_component_info* components = state_.comp_info;
  switch (state_.jpeg_color_space) {
    case JCS_GRAYSCALE: return true;
    case JCS_RGB:
    case JCS_YCbCr: {
      const bool first_is_finest = components[0].h_samp_factor == state_.max_h_samp_factor &&
                                   components[0].v_samp_factor == state_.max_v_samp_factor;
      const bool rest_alike = components[1].h_samp_factor == components[2].h_samp_factor &&
                              components[1].v_samp_factor == components[2].v_samp_factor;
      if (!first_is_finest || !rest_alike) return false;
      if (state_.jpeg_color_space == JCS_YCbCr) return usual_subsampling(state_, components[1]);
      return components[1].h_samp_factor == state_.max_h_samp_factor &&
             components[1].v_samp_factor == state_.max_v_samp_factor;
    }
    default: return false;
  }
}

// Ends a file of more scans than any encoder writes, or that ended early, before it costs seconds. A scan can walk over
// all blocks of its components for a few bytes; a refining one looks at every coefficient of its band there.
void JpegDecoder::watch_scans(j_common_ptr state) {
  auto& decoder = *static_cast<JpegDecoder*>(state->client_data);
  jpeg_decompress_struct& reader = decoder.state_;
  if (decoder.script_.scan_count > 0 && reader.coef->consume_data != take_scan) {
    // The library is about to read the first scan's data, and comes back to `consume_data` for every other's.
    reader.coef->consume_data = take_scan;
    reader.inputctl->consume_input = take_scan;
  }
  if (reader.input_scan_number != decoder.counted_scans_) {
    decoder.counted_scans_ = reader.input_scan_number;
    std::uint64_t blocks = 0;
    for (int i = 0; i < reader.comps_in_scan; ++i) {
      blocks += std::uint64_t{reader.cur_comp_info[i]->width_in_blocks} * reader.cur_comp_info[i]->height_in_blocks;
    }
    // A sequential scan's band is anything where its header is cut off.
    const unsigned refined = reader.Ah > 0 ? static_cast<unsigned>(std::max(reader.Se - reader.Ss, 0)) / 8 : 0;
    decoder.scan_work_ += blocks * (1 + refined) * (reader.arith_code ? 4 : 1);
  }
  constexpr int most_scans = 1000;
  constexpr std::uint64_t most_work =
      80'000'000;  // visits of a block: well under a second natively, about one in WebAssembly
  const bool too_many = decoder.counted_scans_ > most_scans || decoder.scan_work_ > most_work;
  const bool truncated = decoder.source_.hit_end && !decoder.request_.allow_truncated;
  if (!too_many && !truncated && decoder.errors_.corrupt_warning == 0) return;
  decoder.errors_.too_many_scans = too_many;
  decoder.errors_.error_code = decoder.errors_.corrupt_warning;
  std::longjmp(decoder.errors_.escape, 1);
}

// In place of reading a scan's data into the library's coefficients: leaves it to `scans_`.
int JpegDecoder::take_scan(j_decompress_ptr state) {
  auto& decoder = *static_cast<JpegDecoder*>(state->client_data);
  if (!decoder.scans_.add(*state, decoder.source_)) {
    decoder.errors_.too_many_scans = true;
    std::longjmp(decoder.errors_.escape, 1);
  }
  state->input_iMCU_row = state->total_iMCU_rows;
  state->inputctl->finish_input_pass(state);
  return JPEG_SCAN_COMPLETED;
}

Result<PlaneLayout> JpegDecoder::start(const DecodeRequest& request) {
  if (started_) return fail(ErrorCode::internal, "JPEG decoder started twice");
  started_ = true;
  request_ = request;
  errors_.extraneous_data = false;  // between the header's segments: of no scan
  state_.client_data = this;
  state_.scale_num = std::clamp(request.scale_eighths, 1u, 8u);
  state_.scale_denom = 8;
  state_.dct_method = JDCT_ISLOW;
  progress_.progress_monitor = watch_scans;
  state_.progress = &progress_;

  const bool raw = stored_planes_fit();
  output_ = raw ? Output::raw : info_.is_cmyk && !request.raw_cmyk ? Output::cmyk : Output::scanlines;
  state_.raw_data_out = raw;
  state_.out_color_space = state_.jpeg_color_space;
  if (script_.scan_count > 0) {
    if (!scans_.reserve(script_)) return fail(ErrorCode::out_of_memory, "JPEG tables");
    // The library asks for the whole picture's coefficients, and is never given them.
    state_.mem->request_virt_barray = [](j_common_ptr, int, boolean, JDIMENSION, JDIMENSION, JDIMENSION) {
      return static_cast<jvirt_barray_ptr>(nullptr);
    };
  }
  if (request.allow_truncated && jpeg_has_multiple_scans(&state_)) {
    // The library refuses a file that is cut inside the tables or the header of a later scan, with all scans before.
    const std::size_t cut_off = bytes_.size() - end_of_segments(bytes_);
    source_.base.bytes_in_buffer -= std::min(cut_off, source_.base.bytes_in_buffer);
  }
  auto begin = [this] { jpeg_start_decompress(&state_); };
  if (!jpeg_guarded(errors_, begin)) return jpeg_error(state_, errors_, source_.hit_end);
  if (Status status = verdict(); !status.ok()) return std::move(status).error();

  layout_ = PlaneLayout{};
  layout_.width_px = state_.output_width;
  layout_.height_px = state_.output_height;
  layout_.model = info_.is_gray ? ColorModel::gray : info_.is_ycc ? ColorModel::ycc : ColorModel::rgb;
  layout_.has_alpha = info_.is_cmyk && request.raw_cmyk;
  Status status = raw ? begin_raw() : begin_scanlines();
  if (!status.ok()) return std::move(status).error();
  return layout_;
}

Status JpegDecoder::begin_raw() {
  layout_.h_subsampling = info_.h_subsampling;
  layout_.v_subsampling = info_.v_subsampling;
  const int scale = state_.min_DCT_scaled_size;
  int chroma_scale = scale;
  if (request_.full_chroma && info_.h_subsampling == info_.v_subsampling &&
      scale * static_cast<int>(info_.h_subsampling) <= DCTSIZE) {
    chroma_scale *= static_cast<int>(info_.h_subsampling);
    layout_.h_subsampling = layout_.v_subsampling = 1;
  }
  for (int i = 0; i < state_.num_components; ++i) {
    // The library makes subsampled chroma of a scaled picture by a larger inverse transform, up to the luma's grid.
    // Which of the two grids is wanted is for the request to say.
    jpeg_component_info& component = state_.comp_info[i];
    const int size = i == 0 ? scale : chroma_scale;
    component.DCT_scaled_size = size;
    // Set by a scan of the component; in a file of several it may have had none, and is not read.
    if (!jpeg_has_multiple_scans(&state_)) component.MCU_sample_width = component.MCU_width * size;
    component.downsampled_width = layout_.plane_width(i);
    component.downsampled_height = layout_.plane_height(i);
    const auto height = static_cast<std::uint32_t>(component.v_samp_factor * size);
    const std::uint64_t width = round_up(component.width_in_blocks, static_cast<unsigned>(component.h_samp_factor)) *
                                static_cast<unsigned>(size);
    stride_[i] = static_cast<std::size_t>(round_up(width + idct_overrun_bytes, 16));
    samples_[i] = allocate_samples(stride_[i] * height);
    if (!samples_[i]) return fail(ErrorCode::out_of_memory, "JPEG rows");
    for (std::uint32_t row = 0; row < height; ++row) rows_[i][row] = samples_[i].get() + row * stride_[i];
  }
  auto choose_transforms = [this] { state_.idct->start_pass(&state_); };
  if (!jpeg_guarded(errors_, choose_transforms)) return jpeg_error(state_, errors_, false);
  install_kernels(state_);
  if (script_.scan_count > 0) {
    return scans_.begin(state_, source_, errors_) ? Status{}
                                                  : Status{fail(ErrorCode::out_of_memory, "JPEG coefficients")};
  }
  use_scan_ = JpegScan::can_decode(state_);
  if (use_scan_ && !scan_.begin(state_, source_, errors_)) return fail(ErrorCode::out_of_memory, "JPEG tables");
  return {};
}

Status JpegDecoder::begin_scanlines() {
  const std::size_t width = layout_.width_px;
  interleaved_ = allocate_samples(width * static_cast<unsigned>(state_.output_components));
  if (!interleaved_) return fail(ErrorCode::out_of_memory, "JPEG rows");
  for (int i = 0; i < layout_.plane_count(); ++i) {
    stride_[i] = width;
    samples_[i] = allocate_samples(width * scanline_band_rows);
    if (!samples_[i]) return fail(ErrorCode::out_of_memory, "JPEG rows");
  }
  return {};
}

// What the warnings so far mean for the picture.
Status JpegDecoder::verdict() {
  if (errors_.corrupt_warning != 0) {
    return fail(ErrorCode::corrupt_image, jpeg_message(errors_.corrupt_warning, errors_.base.msg_parm.i[0]));
  }
  if (request_.allow_truncated) return {};
  if (source_.hit_end) return fail(ErrorCode::truncated_image, jpeg_ends_early);
  if (errors_.premature_end) return fail(ErrorCode::truncated_image, "JPEG data segment ends before its last block");
  return {};
}

Result<Band> JpegDecoder::next() {
  if (!started_) return fail(ErrorCode::internal, "JPEG decoder not started");
  if (next_row_ >= layout_.height_px) {
    if (Status status = finish(); !status.ok()) return std::move(status).error();
    return Band{};
  }
  Result<Band> band = output_ == Output::raw ? next_raw() : next_scanlines();
  if (!band.ok()) return band;
  if (Status status = verdict(); !status.ok()) return std::move(status).error();
  return band;
}

Result<Band> JpegDecoder::next_raw() {
  const auto block_rows = static_cast<std::uint32_t>(state_.max_v_samp_factor * state_.min_DCT_scaled_size);
  const std::uint32_t band_index = next_row_ / block_rows;
  auto read = [this, block_rows] {
    const JpegPlaneTarget targets[3] = {
        {samples_[0].get(), stride_[0]}, {samples_[1].get(), stride_[1]}, {samples_[2].get(), stride_[2]}};
    if (script_.scan_count > 0) {
      scans_.decode_row(targets);
      // Damage further on is graver than data that is missing, and what decides.
      if (errors_.premature_end && !request_.allow_truncated) scans_.read_to_end();
      state_.output_scanline += block_rows;
    } else if (use_scan_) {
      scan_.decode_row(targets);
      state_.output_scanline += block_rows;
    } else {
      JSAMPARRAY planes[max_planes] = {rows_[0], rows_[1], rows_[2], rows_[3]};
      jpeg_read_raw_data(&state_, planes, block_rows);
    }
  };
  if (!jpeg_guarded(errors_, read)) return jpeg_error(state_, errors_, source_.hit_end);
  next_row_ += block_rows;
  Band band;
  for (int i = 0; i < state_.num_components; ++i) {
    const auto height =
        static_cast<std::uint32_t>(state_.comp_info[i].v_samp_factor * state_.comp_info[i].DCT_scaled_size);
    const std::uint32_t first = std::min(band_index * height, layout_.plane_height(i));
    band.planes[static_cast<unsigned>(i)] = {samples_[i].get(), stride_[i], first,
                                             std::min(height, layout_.plane_height(i) - first)};
  }
  return band;
}

Result<Band> JpegDecoder::next_scanlines() {
  const std::uint32_t first = next_row_;
  const std::uint32_t count = std::min(scanline_band_rows, layout_.height_px - first);
  for (std::uint32_t row = 0; row < count; ++row) {
    auto read = [this] {
      JSAMPROW target = interleaved_.get();
      jpeg_read_scanlines(&state_, &target, 1);
    };
    if (!jpeg_guarded(errors_, read)) return jpeg_error(state_, errors_, source_.hit_end);
    separate_row(row);
  }
  next_row_ += count;
  Band band;
  for (int i = 0; i < layout_.plane_count(); ++i) {
    band.planes[static_cast<unsigned>(i)] = {samples_[i].get(), stride_[i], first, count};
  }
  return band;
}

void JpegDecoder::separate_row(std::uint32_t row) {
  std::uint8_t* to[max_planes] = {};
  for (int i = 0; i < layout_.plane_count(); ++i) to[i] = samples_[i].get() + row * stride_[i];
  const std::uint32_t width = layout_.width_px;
  if (!info_.is_cmyk) {
    const std::uint8_t* from = interleaved_.get();
    for (std::uint32_t x = 0; x < width; ++x, from += 3) {
      for (int i = 0; i < 3; ++i) to[i][x] = from[i];
    }
    return;
  }
  if (state_.jpeg_color_space == JCS_YCCK) inks_from_ycck(interleaved_.get(), width);
  const std::uint8_t* from = interleaved_.get();
  if (output_ == Output::cmyk) {
    // Stored inverted, as Adobe does and browsers assume of all: what is left of the light after one ink, times what
    // is left after black.
    for (std::uint32_t x = 0; x < width; ++x, from += 4) {
      for (int i = 0; i < 3; ++i) to[i][x] = static_cast<std::uint8_t>((from[i] * from[3] + 127) / 255);
    }
  } else {
    for (std::uint32_t x = 0; x < width; ++x, from += 4) {
      for (int i = 0; i < 4; ++i) to[i][x] = static_cast<std::uint8_t>(255 - from[i]);
    }
  }
}

// Reads on to the end of the image, which a whole file has.
Status JpegDecoder::finish() {
  if (finished_) return {};
  finished_ = true;
  auto read_end = [this] { jpeg_finish_decompress(&state_); };
  const bool ended = jpeg_guarded(errors_, read_end);
  if (!source_.hit_end) consumed_bytes_ = bytes_.size() - source_.base.bytes_in_buffer;
  if (!ended) return jpeg_error(state_, errors_, source_.hit_end);
  return verdict();
}

bool JpegDecoder::find_surplus(ByteRanges& out) const {
  // The library tells that it passed over bytes, but for the up to 8 that it had read ahead; not which ones.
  if (script_.scan_count == 0 && !use_scan_) return !errors_.extraneous_data;
  const JpegSurplus& surplus = use_scan_ ? scan_.surplus() : scans_.surplus();
  out = surplus.pieces();
  return surplus.is_complete();
}

Result<std::unique_ptr<Decoder>> open_jpeg(ByteView source) {
  std::unique_ptr<JpegDecoder> decoder(new (std::nothrow) JpegDecoder);
  if (!decoder) return fail(ErrorCode::out_of_memory, "JPEG decoder");
  if (Status status = decoder->open(source); !status.ok()) return std::move(status).error();
  return std::unique_ptr<Decoder>(std::move(decoder));
}

}  // namespace photo_core
