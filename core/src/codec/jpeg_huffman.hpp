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
    // By value: the address of a reader never leaves the loop that decodes, so that it stays in registers.
    *this = filled_slowly(*this);
  }
  static JpegBitReader filled_slowly(JpegBitReader bits);
  void drop(int bits) {
    buffer <<= bits;
    count -= bits;
  }
  // More bits were taken than there were.
  bool overrun() const { return count < padding; }
};

// What the symbols of a table say (ITU-T T.81, F.1.2 and G.1.2).
enum class JpegSymbols : std::uint8_t {
  sizes,  // the size of the value that follows
  runs,   // a run of zeros and the size of the value behind it
  bands   // the same in a progressive scan, where other symbols end the band of many blocks
};

// A Huffman table looked up by the next 11 bits. An entry says in one word what to do with a symbol. Bits 0..5: how
// many bits the code and the value after it take together; 8..15: the run. Where both fit the lookup (`complete`) the
// upper 16 bits are the value. Else they hold the value's size (16..19) and the bits of the code alone (20..24). Zero:
// a longer code. With `end_of_band` the value is the number of blocks whose band ends.
struct JpegHuffmanTable {
  static constexpr int lookup_bits = 11;
  static constexpr std::uint32_t complete = 0x40;
  static constexpr std::uint32_t end_of_band = 0x80;

  std::uint32_t entries[1 << lookup_bits];
  std::int32_t last_code[17];  // largest code of each length, -1 without one
  std::int32_t symbol_at[17];  // index of the symbol of the first code of that length, less that code
  std::uint8_t symbols[256];
  JpegSymbols kind;

  // `table` has passed the library's checks.
  void build(const JHUFF_TBL& table, JpegSymbols symbols_are);
  // What an incomplete entry says of a symbol after a code of `length` bits.
  std::uint32_t entry_of(int symbol, int length) const {
    int size = symbol & 15;
    int run = kind == JpegSymbols::sizes ? 0 : symbol >> 4;
    std::uint32_t flags = 0;
    if (kind != JpegSymbols::sizes && size == 0 && run != 15) {
      if (kind == JpegSymbols::bands) {
        flags = end_of_band;
        size = run;
      }
      run = end_of_block_run;
    }
    return static_cast<std::uint32_t>(length << 20 | size << 16 | run << 8 | (length + size)) | flags;
  }
  // The entry of a code that does not fit the lookup. For one that does not exist: the end of the block after 16 bits,
  // and `no_such_code` is set.
  static constexpr std::uint32_t no_such_code = 0x80000000;
  std::uint32_t long_entry(std::uint64_t buffer) const;
};

constexpr int entry_bits(std::uint32_t entry) { return static_cast<int>(entry & 63); }
constexpr unsigned entry_run(std::uint32_t entry) { return entry >> 8 & 0xff; }

// The value that `buffer` has for an incomplete entry's symbol (ITU-T T.81, F.2.2.1, EXTEND): a first bit of 0 means
// negative.
inline int entry_value(std::uint32_t entry, std::uint64_t buffer) {
  const unsigned size = entry >> 16 & 15;
  const std::uint64_t rest = buffer << (entry >> 20 & 31);
  const auto negative = ~static_cast<int>(static_cast<std::int64_t>(rest) >> 63);
  return static_cast<int>(rest >> 1 >> (63 - size)) + (negative & (1 - (1 << size)));
}

// How many blocks an incomplete entry of an `end_of_band` ends the band of, this one among them (G.1.2.2).
inline int entry_blocks(std::uint32_t entry, std::uint64_t buffer) {
  const unsigned size = entry >> 16 & 15;
  const std::uint64_t rest = buffer << (entry >> 20 & 31);
  return static_cast<int>((1u << size) + static_cast<unsigned>(rest >> 1 >> (63 - size)));
}

// Takes the next symbol off `bits`, which has at least 31: its value, and its entry for the run. Entries of long codes
// are gathered in `seen`.
template <JpegSymbols Kind = JpegSymbols::runs>
inline int take_symbol(const JpegHuffmanTable& table, JpegBitReader& bits, std::uint32_t& entry, std::uint32_t& seen) {
  entry = table.entries[bits.buffer >> (64 - JpegHuffmanTable::lookup_bits)];
  int value;
  if (entry & JpegHuffmanTable::complete) [[likely]] {
    value = static_cast<std::int32_t>(entry) >> 16;
  } else {
    if (entry == 0) [[unlikely]] {
      entry = table.long_entry(bits.buffer);
      seen |= entry;
    }
    const bool counts_blocks = Kind == JpegSymbols::bands && (entry & JpegHuffmanTable::end_of_band) != 0;
    value = counts_blocks ? entry_blocks(entry, bits.buffer) : entry_value(entry, bits.buffer);
  }
  bits.drop(entry_bits(entry));
  return value;
}

}  // namespace photo_core
