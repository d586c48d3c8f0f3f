// Reading Huffman-coded JPEG data: a 64-bit bit buffer and tables that give a symbol together with its value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "codec/jpeg_library.hpp"

namespace photo_core {

// Positions in natural order, by zigzag index. A run that leads past the end writes where the library's does (the last
// position, up to 15 past the end); the end-of-block symbol is a run of `end_of_block_run` and lands past the block.
inline constexpr int end_of_block_run = 80;
inline constexpr int past_block = 64;
extern const std::uint8_t jpeg_positions[64 + 16 + end_of_block_run];

// The next bits of entropy-coded data. `buffer` has `count` valid bits at its top and zeros below.
struct JpegBitReader {
  std::uint64_t buffer;
  int count;
  int padding;  // how many of the last bits of `buffer` are zeros fed in because the data ended
  const std::uint8_t* next;
  const std::uint8_t* end;

  // At least 48 bits: enough for a code and its value.
  void fill() {
    if (end - next >= 8) {
      std::uint64_t word;
      std::memcpy(&word, next, sizeof word);
      // No byte is 0xff, which would be stuffing or a marker.
      const std::uint64_t inverted = ~word;
      if (((inverted - 0x0101010101010101) & word & 0x8080808080808080) == 0) {
        buffer |= __builtin_bswap64(word) >> count;
        next += (63 - count) >> 3;
        count |= 56;
        return;
      }
    }
    fill_slowly();
  }
  void fill_slowly();
  void drop(int bits) {
    buffer <<= bits;
    count -= bits;
  }
  // More bits were taken than there were.
  bool overrun() const { return count < padding; }
};

// A Huffman table looked up by the next 10 bits. An entry holds, where code and value fit in them, the value with its
// sign in the upper 16 bits, the run in bits 8..15 and the bits of both in 0..5, with `complete` set. Where only the
// code fits: its symbol's size in the upper 16 bits, run and bits of the code alone. Zero: a longer code.
struct JpegHuffmanTable {
  static constexpr int lookup_bits = 10;
  static constexpr std::uint32_t complete = 0x40;

  std::uint32_t entries[1 << lookup_bits];
  std::int32_t last_code[18];    // largest code of each length, -1 without one; [17] ends the search
  std::int32_t symbol_at[17];    // index of the symbol of the first code of that length, less that code
  std::uint8_t symbols[256];

  // `table` has passed the library's checks. With `is_dc` a symbol is a size alone.
  void build(const JHUFF_TBL& table, bool is_dc);
};

}  // namespace photo_core
