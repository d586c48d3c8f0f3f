#include "codec/jpeg_tokens.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "codec/jpeg_fdct.hpp"
#include "codec/jpeg_huffman.hpp"

extern "C" {
#include <jchuff.h>
}

namespace photo_core {
namespace {

// Bits of a value's magnitude, and the value's own bits (ITU-T T.81, F.1.2.1): those of value - 1 when negative.
inline unsigned size_of(int value) {
  return static_cast<unsigned>(std::bit_width(static_cast<unsigned>(value < 0 ? -value : value)));
}
inline std::uint32_t bits_of(int value, unsigned size) {
  return static_cast<std::uint32_t>(value + (value >> 31)) & ((1u << size) - 1);
}

}  // namespace

JpegTokens::~JpegTokens() {
  for (std::uint32_t* chunk : chunks_) std::free(chunk);
}

bool JpegTokens::make_room() {
  if (only_counts_ && !chunks_.empty()) {
    next_ = chunks_.back();
    room_ = chunk_tokens;
    return true;
  }
  if (next_ != nullptr) chunk_counts_.back() = static_cast<std::size_t>(next_ - chunks_.back());
  auto* chunk = static_cast<std::uint32_t*>(std::malloc(chunk_tokens * sizeof(std::uint32_t)));
  if (chunk == nullptr) return false;
  chunks_.push_back(chunk);
  chunk_counts_.push_back(0);
  next_ = chunk;
  room_ = chunk_tokens;
  return true;
}

bool JpegTokens::add_block(const std::int16_t* coefficients, int difference, bool chroma) {
  if (room_ < block_tokens && !make_room()) return false;
  std::uint32_t* out = next_;
  const auto emit = [this, &out](std::uint32_t index, std::uint32_t bits) {
    ++counts_[index];
    *out++ = index << 16 | bits;
  };
  const std::uint32_t dc = chroma ? 512 : 0;
  const std::uint32_t ac = dc + 256;
  const unsigned dc_size = size_of(difference);
  emit(dc | dc_size, bits_of(difference, dc_size));

  std::uint64_t set = set_coefficients(coefficients) >> 1;
  unsigned k = 0;
  while (set != 0) {
    auto run = static_cast<unsigned>(std::countr_zero(set));
    set >>= run;
    set >>= 1;
    k += run + 1;
    while (run > 15) {
      emit(ac | 0xf0, 0);
      run -= 16;
    }
    const int value = coefficients[jpeg_positions[k]];
    const unsigned size = size_of(value);
    emit(ac | run << 4 | size, bits_of(value, size));
  }
  if (k < 63) emit(ac, 0);
  room_ -= static_cast<std::size_t>(out - next_);
  next_ = out;
  return true;
}

bool JpegTokens::add_repeat(bool chroma) {
  if (room_ < block_tokens && !make_room()) return false;
  for (const std::uint32_t index : {chroma ? 512u : 0u, chroma ? 768u : 256u}) {
    ++counts_[index];
    *next_++ = index << 16;
    --room_;
  }
  return true;
}

void JpegTokens::choose_tables(jpeg_compress_struct& state) {
  if (next_ != nullptr) chunk_counts_.back() = static_cast<std::size_t>(next_ - chunks_.back());
  for (int table = 0; table < (state.num_components > 1 ? table_count : 2); ++table) {
    const bool is_dc = table % 2 == 0;
    const int number = table / 2;
    JHUFF_TBL*& target = (is_dc ? state.dc_huff_tbl_ptrs : state.ac_huff_tbl_ptrs)[number];
    if (target == nullptr) target = jpeg_alloc_huff_table(reinterpret_cast<j_common_ptr>(&state));
    long frequencies[257] = {};
    std::copy_n(counts_ + table * 256, 256, frequencies);
    jpeg_gen_optimal_table(&state, target, frequencies);
    c_derived_tbl derived;
    c_derived_tbl* pointer = &derived;
    jpeg_make_c_derived_tbl(&state, is_dc, number, &pointer);
    for (int symbol = 0; symbol < 256; ++symbol) {
      codes_[table * 256 + symbol] =
          static_cast<std::uint32_t>(derived.ehufco[symbol]) << 8 | static_cast<unsigned char>(derived.ehufsi[symbol]);
    }
  }
}

std::uint64_t JpegTokens::bits() const {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < table_count * 256; ++i)
    bits += std::uint64_t{counts_[i]} * ((codes_[i] & 0xff) + (i & 15));
  return bits;
}

std::size_t JpegTokens::largest_output() const {
  // Every byte may need stuffing; the last word is written whole.
  return static_cast<std::size_t>(bits() / 8 * 2 + 32);
}

std::uint8_t* JpegTokens::write(std::uint8_t* out) const {
  std::uint64_t buffer = 0;  // its lowest `count` bits are yet to be written, less than 32
  unsigned count = 0;
  const auto put_byte = [&out](std::uint32_t byte) {
    *out++ = static_cast<std::uint8_t>(byte);
    if ((byte & 0xff) == 0xff) *out++ = 0;
  };
  for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    const std::uint32_t* end = chunks_[chunk] + chunk_counts_[chunk];
    for (const std::uint32_t* token = chunks_[chunk]; token != end; ++token) {
      const std::uint32_t code = codes_[*token >> 16];
      const unsigned size = *token >> 16 & 15;
      const unsigned length = (code & 0xff) + size;
      buffer = buffer << length | static_cast<std::uint64_t>(code >> 8) << size | (*token & 0xffff);
      count += length;
      if (count < 32) continue;
      count -= 32;
      const auto word = static_cast<std::uint32_t>(buffer >> count);
      if ((word & 0x80808080 & ~(word + 0x01010101)) == 0) {
        const std::uint32_t bytes = __builtin_bswap32(word);
        std::memcpy(out, &bytes, sizeof bytes);
        out += 4;
      } else {
        for (int shift = 24; shift >= 0; shift -= 8) put_byte(word >> shift);
      }
    }
  }
  // The last byte is filled with ones.
  const unsigned padding = (8 - count % 8) % 8;
  buffer = buffer << padding | ((1u << padding) - 1);
  count += padding;
  while (count > 0) {
    count -= 8;
    put_byte(static_cast<std::uint32_t>(buffer >> count) & 0xff);
  }
  return out;
}

}  // namespace photo_core
