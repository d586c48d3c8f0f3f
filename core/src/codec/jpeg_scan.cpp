#include "codec/jpeg_scan.hpp"

#include <algorithm>
#include <cstdlib>

#include <jerror.h>

#include "codec/jpeg_inverse.hpp"
#include "metadata/jpeg_segments.hpp"

namespace photo_core {
namespace {

// Decodes the coefficients after the first into `block`. Gives the zigzag index of the last one that may be set.
inline int take_ac(const JpegHuffmanTable& table, JpegBitReader& bits, std::int16_t* block, std::uint32_t& seen) {
  unsigned k = 1;
  do {
    if (bits.count < 32) bits.fill();
    std::uint32_t entry;
    const int value = take_symbol(table, bits, entry, seen);
    k += entry_run(entry);
    block[jpeg_positions[k]] = static_cast<std::int16_t>(value);
    ++k;
  } while (k < 64);
  return k > static_cast<unsigned>(end_of_block_run) ? static_cast<int>(k) - end_of_block_run - 2 : 63;
}

}  // namespace

bool JpegScan::can_decode(const jpeg_decompress_struct& state) {
  return !state.progressive_mode && !state.arith_code && !state.inputctl->has_multiple_scans &&
         state.comps_in_scan == state.num_components && state.num_components <= 3;
}

JpegScan::~JpegScan() { std::free(tables_); }

bool JpegScan::begin(jpeg_decompress_struct& state, JpegSource& source, JpegErrors& errors) {
  state_ = &state;
  source_ = &source;
  errors_ = &errors;
  surplus_.begin(source.begin);
  component_count_ = state.comps_in_scan;
  tables_ = static_cast<JpegHuffmanTable*>(std::malloc(2 * NUM_HUFF_TBLS * sizeof(JpegHuffmanTable)));
  if (tables_ == nullptr) return false;
  bool built[2 * NUM_HUFF_TBLS] = {};
  const auto table = [&](int number, bool is_dc) {
    const int slot = is_dc ? number : NUM_HUFF_TBLS + number;
    const JHUFF_TBL& given = *(is_dc ? state.dc_huff_tbl_ptrs : state.ac_huff_tbl_ptrs)[number];
    if (!built[slot]) tables_[slot].build(given, is_dc ? JpegSymbols::sizes : JpegSymbols::runs);
    built[slot] = true;
    return &tables_[slot];
  };
  for (int i = 0; i < component_count_; ++i) {
    const jpeg_component_info& info = *state.cur_comp_info[i];
    Component& component = components_[i];
    component.info = &info;
    component.size = info.DCT_scaled_size;
    component.kernels = idct_kernels(component.size);
    component.steps = info.quant_table->quantval;
    component.has_kernels = kernels_fit(info);
    component.mcu_width = static_cast<std::uint32_t>(info.MCU_width);
    component.mcu_height = static_cast<std::uint32_t>(info.MCU_height);
    component.dc = table(info.dc_tbl_no, true);
    component.ac = table(info.ac_tbl_no, false);
    component.predictor = 0;
  }
  dc_only_ =
      std::all_of(components_, components_ + component_count_, [](const Component& one) { return one.size == 1; });
  bits_ = {0, 0, 0, source.base.next_input_byte, source.base.next_input_byte + source.base.bytes_in_buffer};
  restarts_to_go_ = state.restart_interval;
  return true;
}

// The library reads the marker, and looks for it where it is not.
void JpegScan::restart() {
  const JpegBitReader data_end = bits_;
  source_->base.next_input_byte = bits_.next;
  source_->base.bytes_in_buffer = static_cast<std::size_t>(bits_.end - bits_.next);
  state_->marker->read_restart_marker(state_);
  bits_ = {0, 0, 0, source_->base.next_input_byte, source_->base.next_input_byte + source_->base.bytes_in_buffer};
  for (Component& component : components_) component.predictor = 0;
  restarts_to_go_ = state_->restart_interval;
  // A marker that it left unread belongs to a later segment: this one is empty.
  insufficient_ = state_->unread_marker != 0;
  if (insufficient_) errors_->premature_end = true;
  else surplus_.note(data_end, source_->base.next_input_byte - 2);
}

inline void JpegScan::finish_block(const Component& component, int last, std::uint8_t* out, std::size_t stride) {
  const IdctKernel kernel = last == 0               ? component.kernels.flat
                            : last <= idct_low_last ? component.kernels.low
                                                    : component.kernels.full;
  if (!component.has_kernels || !kernel(block_, component.steps, out, stride)) {
    inverse_by_library(*state_, *component.info, block_, out, stride);
  }
  if (last == 0) {
    block_[0] = 0;
  } else {
    std::memset(block_, 0, 64 * sizeof block_[0]);
  }
}

void JpegScan::decode_row(const JpegPlaneTarget* targets) {
  jpeg_decompress_struct& state = *state_;
  JpegBitReader bits = bits_;
  const std::uint32_t mcu_count = state.MCUs_per_row;
  // A scan of one component goes row of blocks by row of blocks, and the last row of MCUs may have fewer.
  std::uint32_t block_rows = 1;
  if (component_count_ == 1) {
    const jpeg_component_info& info = *components_[0].info;
    const bool is_last = state.input_iMCU_row + 1 == state.total_iMCU_rows;
    block_rows = static_cast<std::uint32_t>(is_last ? info.last_row_height : info.v_samp_factor);
  }
  std::uint32_t seen = 0;  // of entries with codes longer than the lookup
  for (std::uint32_t block_row = 0; block_row < block_rows; ++block_row) {
    for (std::uint32_t mcu = 0; mcu < mcu_count; ++mcu) {
      if (state.restart_interval != 0) {
        if (restarts_to_go_ == 0) {
          bits_ = bits;
          restart();
          bits = bits_;
        }
        --restarts_to_go_;
      }
      for (int i = 0; i < component_count_; ++i) {
        Component& component = components_[i];
        const auto size = static_cast<std::size_t>(component.size);
        const JpegPlaneTarget& target = targets[component.info->component_index];
        const std::size_t stride = target.stride;
        std::uint8_t* out_row = target.samples + block_row * size * stride + mcu * component.mcu_width * size;
        for (std::uint32_t y = 0; y < component.mcu_height; ++y, out_row += size * stride) {
          std::uint8_t* out = out_row;
          for (std::uint32_t x = 0; x < component.mcu_width; ++x, out += size) {
            int last = 0;
            if (!insufficient_) {
              if (bits.count < 32) bits.fill();
              std::uint32_t entry;
              const int difference = take_symbol(*component.dc, bits, entry, seen);
              const auto sum = static_cast<unsigned>(component.predictor) + static_cast<unsigned>(difference);
              component.predictor = static_cast<int>(sum);
              block_[0] = static_cast<std::int16_t>(component.predictor);
              last = take_ac(*component.ac, bits, block_, seen);
              if (dc_only_) last = 0;
            }
            finish_block(component, last, out, stride);
          }
        }
      }
      if (bits.overrun()) {
        errors_->premature_end = true;
        insufficient_ = true;
        if (bits.next == bits.end) source_->hit_end = true;
        bits.padding = 0;
      }
    }
  }
  if ((seen & JpegHuffmanTable::no_such_code) != 0 && errors_->corrupt_warning == 0)
    errors_->corrupt_warning = JWRN_HUFF_BAD_CODE;
  bits_ = bits;
  ++state.output_iMCU_row;
  if (++state.input_iMCU_row == state.total_iMCU_rows) {
    const ByteView rest(bits_.next, bits_.end);
    if (!insufficient_) surplus_.note(bits_, bits_.next + find_jpeg_marker(rest, 0));
    source_->base.next_input_byte = bits_.next;
    source_->base.bytes_in_buffer = rest.size();
    state.inputctl->finish_input_pass(&state);
  }
}

}  // namespace photo_core
