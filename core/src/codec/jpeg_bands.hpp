// The coefficients of one block in one scan: those of a band for the first time, their further bits, or all of them.
// Each with a mask of those that are not zero, by zigzag index. Of damaged data they make what the library makes of it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "codec/jpeg_huffman.hpp"

namespace photo_core {

constexpr std::uint64_t bit_of(unsigned index) { return std::uint64_t{1} << std::min(index, 63u); }
// The bits of the indices from `first` up to but not `end`, at most 64.
constexpr std::uint64_t bits_of(unsigned first, unsigned end) {
  return (end > 63 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1) & (~std::uint64_t{0} << first);
}

inline void set_coefficient(std::int16_t* block, std::uint64_t& nonzero, unsigned index, std::int16_t value) {
  block[jpeg_positions[index]] = value;
  nonzero |= bit_of(index);
  if (value == 0) [[unlikely]]
    nonzero &= ~bit_of(index);
}

// The coefficients of a band in its first scan (T.81, G.1.2.2). Gives the number of blocks whose band ends here, this
// one among them; 0 when the band was coded to its last coefficient.
inline std::uint32_t first_band(const JpegHuffmanTable& table, JpegBitReader& bits, std::int16_t* block,
                                std::uint64_t& nonzero, unsigned first, unsigned last, unsigned low_bit,
                                std::uint32_t& seen) {
  std::uint64_t known = nonzero;
  unsigned k = first;
  do {
    if (bits.count < 32) bits.fill();
    std::uint32_t entry;
    const int value = take_symbol<JpegSymbols::bands>(table, bits, entry, seen);
    if (entry & JpegHuffmanTable::end_of_band) {
      nonzero = known;
      return static_cast<std::uint32_t>(value);
    }
    k += entry_run(entry);
    if (value != 0)
      set_coefficient(block, known, k, static_cast<std::int16_t>(static_cast<unsigned>(value) << low_bit));
    ++k;
  } while (k <= last);
  nonzero = known;
  return 0;
}

// Takes a correction bit for each of the coefficients in `which` and adds it to their magnitudes (T.81, G.1.2.3).
inline void correct(JpegBitReader& bits, std::int16_t* block, std::uint64_t which, int bit) {
  for (; which != 0; which &= which - 1) {
    if (bits.count < 1) bits.fill();
    std::int16_t& coefficient = block[jpeg_positions[std::countr_zero(which)]];
    const int value = coefficient;
    // As the library: not where the bit is set already, which only a broken file has.
    const int wanted = -static_cast<int>(bits.buffer >> 63) & ((value & bit) == 0 ? bit : 0);
    const int sign = value >> 15;
    coefficient = static_cast<std::int16_t>(value + ((wanted ^ sign) - sign));
    bits.drop(1);
  }
}

// One block of a refining scan, and what `first_band` gives.
inline std::uint32_t refine_band(const JpegHuffmanTable& table, JpegBitReader& bits, std::int16_t* block,
                                 std::uint64_t& nonzero, unsigned first, unsigned last, int bit, std::uint32_t& seen) {
  unsigned k = first;
  do {
    if (bits.count < 32) bits.fill();
    std::uint32_t entry;
    const int value = take_symbol<JpegSymbols::bands>(table, bits, entry, seen);
    if (entry & JpegHuffmanTable::end_of_band) {
      correct(bits, block, nonzero & bits_of(k, last + 1), bit);
      return static_cast<std::uint32_t>(value);
    }
    // New coefficients are 1 or -1 here. Others mean damage, and that refuses the picture.
    if (value > 1 || value < -1) [[unlikely]]
      seen |= JpegHuffmanTable::no_such_code;
    std::uint64_t zeros = ~nonzero & bits_of(k, last + 1);
    for (unsigned run = entry_run(entry); run > 0; --run) zeros &= zeros - 1;
    const unsigned at = zeros != 0 ? static_cast<unsigned>(std::countr_zero(zeros)) : last + 1;
    correct(bits, block, nonzero & bits_of(k, at), bit);
    if (value != 0) set_coefficient(block, nonzero, at, static_cast<std::int16_t>(value > 0 ? bit : -bit));
    k = at + 1;
  } while (k <= last);
  return 0;
}

inline void sequential_block(const JpegHuffmanTable& table, JpegBitReader& bits, std::int16_t* block,
                             std::uint64_t& nonzero, std::uint32_t& seen) {
  std::uint64_t known = nonzero;
  for (unsigned k = 1; k < 64; ++k) {
    if (bits.count < 32) bits.fill();
    std::uint32_t entry;
    const int value = take_symbol(table, bits, entry, seen);
    k += entry_run(entry);
    if (k >= static_cast<unsigned>(end_of_block_run)) break;
    if (value != 0) set_coefficient(block, known, k, static_cast<std::int16_t>(value));
  }
  nonzero = known;
}

}  // namespace photo_core
