#include "codec/jpeg_scans.hpp"

#include <algorithm>
#include <cstring>

#include <jerror.h>

#include "codec/jpeg_bands.hpp"
#include "codec/jpeg_inverse.hpp"

namespace photo_core {
namespace {

std::uint32_t padded(JDIMENSION blocks, int factor) {
  const auto step = static_cast<std::uint32_t>(factor);
  return (blocks + step - 1) / step * step;
}

}  // namespace

std::uint64_t JpegScans::memory_bytes(const jpeg_decompress_struct& state, const JpegScanScript& script) {
  std::uint64_t bytes = static_cast<unsigned>(script.scan_count) * sizeof(Scan) +
                        static_cast<unsigned>(script.table_count) * sizeof(Table);
  for (int i = 0; i < state.num_components; ++i) {
    const jpeg_component_info& info = state.comp_info[i];
    bytes += std::uint64_t{padded(info.width_in_blocks, info.h_samp_factor)} *
             static_cast<unsigned>(info.v_samp_factor) * (64 * sizeof(std::int16_t) + sizeof(std::uint64_t));
  }
  return bytes;
}

bool JpegScans::reserve(const JpegScanScript& script) {
  script_ = script;
  scans_.reset(static_cast<Scan*>(std::calloc(static_cast<std::size_t>(script.scan_count), sizeof(Scan))));
  tables_.reset(static_cast<Table*>(std::malloc(static_cast<std::size_t>(script.table_count) * sizeof(Table))));
  return scans_ && tables_;
}

// The table for these codes, made once: scans mostly share theirs.
const JpegHuffmanTable* JpegScans::table(const JHUFF_TBL& given, JpegSymbols symbols) {
  for (int i = 0; i < table_count_; ++i) {
    const Table& one = tables_[static_cast<unsigned>(i)];
    if (one.table.kind == symbols && std::memcmp(one.counts, given.bits, sizeof one.counts) == 0 &&
        std::memcmp(one.table.symbols, given.huffval, sizeof one.table.symbols) == 0) {
      return &one.table;
    }
  }
  if (table_count_ == script_.table_count) return nullptr;
  Table& made = tables_[static_cast<unsigned>(table_count_++)];
  std::memcpy(made.counts, given.bits, sizeof made.counts);
  made.table.build(given, symbols);
  return &made.table;
}

bool JpegScans::add(jpeg_decompress_struct& state, JpegSource& source) {
  if (scan_count_ == script_.scan_count) return false;
  Scan& scan = scans_[static_cast<unsigned>(scan_count_)];
  const bool is_dc = state.Ss == 0;
  scan.process = !state.progressive_mode ? Process::sequential
                 : state.Ah == 0         ? (is_dc ? Process::dc_first : Process::ac_first)
                                         : (is_dc ? Process::dc_refining : Process::ac_refining);
  scan.first = static_cast<std::uint8_t>(state.Ss);
  scan.last = static_cast<std::uint8_t>(state.Se);
  scan.low_bit = static_cast<std::uint8_t>(state.Al);
  scan.part_count = state.comps_in_scan;
  const bool has_dc = scan.process == Process::sequential || scan.process == Process::dc_first;
  const bool has_ac = scan.process != Process::dc_first && scan.process != Process::dc_refining;
  const JpegSymbols ac_symbols = state.progressive_mode ? JpegSymbols::bands : JpegSymbols::runs;
  for (int i = 0; i < scan.part_count; ++i) {
    const jpeg_component_info& info = *state.cur_comp_info[i];
    Part& part = scan.parts[i];
    part.plane = info.component_index;
    part.width = static_cast<std::uint32_t>(info.MCU_width);
    part.height = static_cast<std::uint32_t>(info.MCU_height);
    if (has_dc) part.dc = table(*state.dc_huff_tbl_ptrs[info.dc_tbl_no], JpegSymbols::sizes);
    if (has_ac) part.ac = table(*state.ac_huff_tbl_ptrs[info.ac_tbl_no], ac_symbols);
    if ((has_dc && part.dc == nullptr) || (has_ac && part.ac == nullptr)) return false;
  }
  scan.mcus_a_row = state.MCUs_per_row;
  scan.restart_interval = scan.restarts_to_go = state.restart_interval;
  const JOCTET* data = source.base.next_input_byte;
  const JOCTET* end = data + source.base.bytes_in_buffer;
  scan.bits = {0, 0, 0, data, end};
  scan.end = end;
  const std::size_t behind = script_.bytes_behind[scan_count_++];
  scan.marker = end - behind;
  source.base.next_input_byte = scan.marker;
  source.base.bytes_in_buffer = behind;
  return true;
}

bool JpegScans::begin(jpeg_decompress_struct& state, JpegSource& source, JpegErrors& errors) {
  state_ = &state;
  source_ = &source;
  errors_ = &errors;
  surplus_.begin(source.begin);
  plane_count_ = state.num_components;
  for (int i = 0; i < plane_count_; ++i) {
    const jpeg_component_info& info = state.comp_info[i];
    Plane& plane = planes_[i];
    plane.info = &info;
    plane.kernels = idct_kernels(info.DCT_scaled_size);
    plane.has_kernels = kernels_fit(info);
    plane.blocks_a_row = padded(info.width_in_blocks, info.h_samp_factor);
    plane.rows = static_cast<std::uint32_t>(info.v_samp_factor);
    block_count_ += std::size_t{plane.blocks_a_row} * plane.rows;
  }
  blocks_.reset(static_cast<std::int16_t*>(std::calloc(block_count_, 64 * sizeof(std::int16_t))));
  nonzero_.reset(static_cast<std::uint64_t*>(std::calloc(block_count_, sizeof(std::uint64_t))));
  if (!blocks_ || !nonzero_) return false;
  std::size_t before = 0;
  for (int i = 0; i < plane_count_; ++i) {
    planes_[i].blocks = blocks_.get() + before * 64;
    planes_[i].nonzero = nonzero_.get() + before;
    before += std::size_t{planes_[i].blocks_a_row} * planes_[i].rows;
  }
  return true;
}

// The rows of blocks that the picture has in this row of MCUs.
std::uint32_t JpegScans::rows_of(const Plane& plane) const {
  return std::min(plane.rows, plane.info->height_in_blocks - row_ * plane.rows);
}

// The library reads the marker, and looks for it where it is not.
void JpegScans::restart(Scan& scan) {
  jpeg_source_mgr& source = source_->base;
  const JpegBitReader data_end = scan.bits;
  const JOCTET* const next = source.next_input_byte;
  const std::size_t left = source.bytes_in_buffer;
  source.next_input_byte = scan.bits.next;
  source.bytes_in_buffer = static_cast<std::size_t>(scan.end - scan.bits.next);
  state_->unread_marker = scan.unread_marker;
  state_->marker->next_restart_num = scan.next_restart;
  state_->marker->read_restart_marker(state_);
  scan.next_restart = state_->marker->next_restart_num;
  scan.unread_marker = state_->unread_marker;
  // A marker that it left unread belongs to a later segment: this one has no data.
  const std::size_t size = scan.unread_marker == 0 ? source.bytes_in_buffer : 0;
  scan.bits = {0, 0, 0, source.next_input_byte, source.next_input_byte + size};
  if (scan.unread_marker == 0) {
    if (!scan.insufficient) surplus_.note(data_end, source.next_input_byte - 2);
    scan.insufficient = false;
  }
  state_->unread_marker = 0;
  source.next_input_byte = next;
  source.bytes_in_buffer = left;
  for (Part& part : scan.parts) part.predictor = 0;
  scan.ended_blocks = 0;
  scan.restarts_to_go = scan.restart_interval;
}

// Whether more bits were taken than the segment has.
inline bool JpegScans::ends_early(Scan& scan, JpegBitReader& bits) {
  if (!bits.overrun()) [[likely]]
    return false;
  errors_->premature_end = true;
  scan.insufficient = true;
  return true;
}

// Calls `block` for every block of the MCUs, until the segment ends.
template <typename Block>
inline void JpegScans::each_block(Scan& scan, const Place& place, Block block) {
  JpegBitReader bits = scan.bits;
  for (std::uint32_t mcu = place.mcu; mcu < place.mcu + place.count; ++mcu) {
    for (int i = 0; i < scan.part_count; ++i) {
      Part& part = scan.parts[i];
      const Plane& plane = planes_[part.plane];
      std::size_t index = std::size_t{place.block_row} * plane.blocks_a_row + std::size_t{mcu} * part.width;
      for (std::uint32_t y = 0; y < part.height; ++y, index += plane.blocks_a_row) {
        for (std::uint32_t x = 0; x < part.width; ++x)
          block(bits, part, plane.blocks + (index + x) * 64, plane.nonzero[index + x]);
      }
    }
    if (ends_early(scan, bits)) break;
  }
  scan.bits = bits;
}

void JpegScans::decode(Scan& scan, const Place& place) {
  const unsigned low_bit = scan.low_bit;
  const int bit = 1 << low_bit;
  std::uint32_t seen = 0;
  // A difference that leads out of the range of an int is an error to the library.
  const auto take_dc = [&seen](JpegBitReader& bits, Part& part) {
    if (bits.count < 32) bits.fill();
    std::uint32_t entry;
    const int difference = take_symbol(*part.dc, bits, entry, seen);
    if (__builtin_add_overflow(part.predictor, difference, &part.predictor)) seen |= JpegHuffmanTable::no_such_code;
    return static_cast<unsigned>(part.predictor);
  };
  const Plane& plane = planes_[scan.parts[0].plane];
  const std::size_t index = std::size_t{place.block_row} * plane.blocks_a_row + place.mcu;
  std::int16_t* block = plane.blocks + index * 64;
  std::uint64_t* nonzero = plane.nonzero + index;
  switch (scan.process) {
    case Process::sequential:
      each_block(scan, place, [&](JpegBitReader& bits, Part& part, std::int16_t* to, std::uint64_t& known) {
        to[0] = static_cast<std::int16_t>(take_dc(bits, part));
        sequential_block(*part.ac, bits, to, known, seen);
      });
      break;
    case Process::dc_first:
      each_block(scan, place, [&](JpegBitReader& bits, Part& part, std::int16_t* to, std::uint64_t&) {
        to[0] = static_cast<std::int16_t>(take_dc(bits, part) << low_bit);
      });
      break;
    case Process::dc_refining:
      each_block(scan, place, [&](JpegBitReader& bits, Part&, std::int16_t* to, std::uint64_t&) {
        if (bits.count < 1) bits.fill();
        to[0] = static_cast<std::int16_t>(to[0] | (bits.buffer >> 63 != 0 ? bit : 0));
        bits.drop(1);
      });
      break;
    case Process::ac_first: {
      JpegBitReader bits = scan.bits;
      std::uint32_t ended = scan.ended_blocks;
      for (std::uint32_t i = 0; i < place.count; ++i) {
        if (ended > 0) {
          const std::uint32_t passed = std::min(ended, place.count - i);
          ended -= passed;
          i += passed - 1;
          continue;
        }
        ended = first_band(*scan.parts[0].ac, bits, block + std::size_t{i} * 64, nonzero[i], scan.first, scan.last,
                           low_bit, seen);
        if (ended > 0) --ended;
        if (ends_early(scan, bits)) break;
      }
      scan.bits = bits;
      scan.ended_blocks = ended;
      break;
    }
    case Process::ac_refining: {
      const std::uint64_t band = bits_of(scan.first, scan.last + 1u);
      JpegBitReader bits = scan.bits;
      std::uint32_t ended = scan.ended_blocks;
      for (std::uint32_t i = 0; i < place.count; ++i) {
        if (ended == 0) {
          ended = refine_band(*scan.parts[0].ac, bits, block + std::size_t{i} * 64, nonzero[i], scan.first, scan.last,
                              bit, seen);
          if (ended > 0) --ended;
        } else {
          --ended;
          if ((nonzero[i] & band) == 0) continue;
          correct(bits, block + std::size_t{i} * 64, nonzero[i] & band, bit);
        }
        if (ends_early(scan, bits)) break;
      }
      scan.bits = bits;
      scan.ended_blocks = ended;
      break;
    }
  }
  if ((seen & JpegHuffmanTable::no_such_code) != 0 && errors_->corrupt_warning == 0)
    errors_->corrupt_warning = JWRN_HUFF_BAD_CODE;
}

void JpegScans::read_scan_row(Scan& scan) {
  const std::uint32_t block_rows = scan.part_count == 1 ? rows_of(planes_[scan.parts[0].plane]) : 1;
  for (std::uint32_t block_row = 0; block_row < block_rows; ++block_row) {
    for (Place place{block_row, 0, 0}; place.mcu < scan.mcus_a_row; place.mcu += place.count) {
      place.count = scan.mcus_a_row - place.mcu;
      if (scan.restart_interval != 0) {
        if (scan.restarts_to_go == 0) restart(scan);
        place.count = std::min(place.count, scan.restarts_to_go);
        scan.restarts_to_go -= place.count;
      }
      if (!scan.insufficient) decode(scan, place);
    }
  }
}

void JpegScans::read_row() {
  for (int i = 0; i < scan_count_; ++i) {
    Scan& scan = scans_[static_cast<unsigned>(i)];
    read_scan_row(scan);
    if (row_ + 1 == state_->total_iMCU_rows && !scan.insufficient) surplus_.note(scan.bits, scan.marker);
  }
}

// Makes the plane's samples and clears its coefficients for the next row.
void JpegScans::make_samples(Plane& plane, const JpegPlaneTarget& target) {
  const std::uint16_t* steps = plane.info->quant_table->quantval;
  const auto size = static_cast<std::size_t>(plane.info->DCT_scaled_size);
  const std::uint32_t rows = rows_of(plane);
  std::int16_t* block = plane.blocks;
  std::uint64_t* nonzero = plane.nonzero;
  for (std::uint32_t y = 0; y < plane.rows; ++y) {
    std::uint8_t* out = target.samples + y * size * target.stride;
    const std::uint32_t width = y < rows ? plane.info->width_in_blocks : 0;  // the rest is padding
    for (std::uint32_t x = 0; x < plane.blocks_a_row; ++x, block += 64, ++nonzero, out += size) {
      if (x < width) {
        const IdctKernel kernel = *nonzero == 0                          ? plane.kernels.flat
                                  : *nonzero >> (idct_low_last + 1) == 0 ? plane.kernels.low
                                                                         : plane.kernels.full;
        if (!plane.has_kernels || !kernel(block, steps, out, target.stride)) {
          inverse_by_library(*state_, *plane.info, block, out, target.stride);
        }
      }
      block[0] = 0;
      if (*nonzero != 0) std::memset(block, 0, 64 * sizeof *block);
      *nonzero = 0;
    }
  }
}

void JpegScans::decode_row(const JpegPlaneTarget* targets) {
  read_row();
  for (int i = 0; i < plane_count_; ++i) make_samples(planes_[i], targets[i]);
  ++row_;
}

void JpegScans::read_to_end() {
  for (; row_ < state_->total_iMCU_rows; ++row_) {
    std::memset(blocks_.get(), 0, block_count_ * 64 * sizeof(std::int16_t));
    std::memset(nonzero_.get(), 0, block_count_ * sizeof(std::uint64_t));
    read_row();
  }
}

}  // namespace photo_core
