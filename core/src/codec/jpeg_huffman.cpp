#include "codec/jpeg_huffman.hpp"

#include <algorithm>

namespace photo_core {

const std::uint8_t jpeg_positions[64 + 16 + end_of_block_run] = {
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
    // past the end
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    // end of block, from any index
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64};

JpegBitReader JpegBitReader::filled_slowly(JpegBitReader bits) {
  auto& [buffer, count, padding, next, end] = bits;
  while (count <= 56) {
    std::uint64_t byte = 0;
    if (next == end) {
      padding += 8;
    } else if (*next != 0xff) {
      byte = *next++;
    } else {
      // 0xff 0x00 is a data byte; more than one 0xff before the zero is read over, as the library does.
      const std::uint8_t* after = next;
      while (after != end && *after == 0xff) ++after;
      if (after != end && *after == 0) {
        byte = 0xff;
        next = after + 1;
      } else {
        padding += 8;  // a marker, or the end: `next` stays before it
      }
    }
    buffer |= byte << (56 - count);
    count += 8;
  }
  return bits;
}

void JpegHuffmanTable::build(const JHUFF_TBL& table, JpegSymbols symbols_are) {
  std::fill(std::begin(entries), std::end(entries), 0u);
  std::memcpy(symbols, table.huffval, sizeof symbols);
  kind = symbols_are;
  std::int32_t code = 0;
  int index = 0;
  for (int length = 1; length <= 16; ++length, code <<= 1) {
    const int count = table.bits[length];
    symbol_at[length] = index - code;
    last_code[length] = count > 0 ? code + count - 1 : -1;
    for (int i = 0; i < count; ++i, ++index, ++code) {
      if (length > lookup_bits) continue;
      const int free_bits = lookup_bits - length;
      const std::uint32_t incomplete = entry_of(symbols[index & 255], length);
      for (int rest = 0; rest < 1 << free_bits; ++rest) {
        std::uint32_t entry = incomplete;
        if (entry_bits(incomplete) <= lookup_bits) {
          const std::uint64_t buffer = static_cast<std::uint64_t>((code << free_bits) | rest) << (64 - lookup_bits);
          const bool counts_blocks = (incomplete & end_of_band) != 0;
          const auto value = static_cast<std::uint32_t>(counts_blocks ? entry_blocks(incomplete, buffer)
                                                                      : entry_value(incomplete, buffer));
          entry = value << 16 | (incomplete & 0xffff) | complete;
        }
        entries[(code << free_bits) | rest] = entry;
      }
    }
  }
}

std::uint32_t JpegHuffmanTable::long_entry(std::uint64_t buffer) const {
  const auto next16 = static_cast<std::int32_t>(buffer >> 48);
  for (int length = lookup_bits + 1; length <= 16; ++length) {
    const std::int32_t code = next16 >> (16 - length);
    if (code <= last_code[length]) return entry_of(symbols[(code + symbol_at[length]) & 255], length);
  }
  const std::uint32_t flags = kind == JpegSymbols::bands ? no_such_code | end_of_band : no_such_code;
  return flags | static_cast<std::uint32_t>(kind == JpegSymbols::sizes ? 0 : end_of_block_run) << 8 | 16u << 20 | 16;
}

}  // namespace photo_core
