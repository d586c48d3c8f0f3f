// Sequential Huffman coding with tables made for the picture, in one pass over its samples: the symbols and values are
// kept as tokens while their statistics are gathered, and written when the tables are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/jpeg_library.hpp"

namespace photo_core {

// The four tables, in the order of their index in a token: DC and AC of luma, DC and AC of chroma.
class JpegTokens {
 public:
  static constexpr int table_count = 4;

  JpegTokens() = default;
  ~JpegTokens();
  JpegTokens(const JpegTokens&) = delete;
  JpegTokens& operator=(const JpegTokens&) = delete;

  // Keeps the statistics and no tokens from here on: bits() is all that can be asked for.
  void only_count() { only_counts_ = true; }
  // Adds a block: 64 coefficients in natural order, `difference` in place of the first. `chroma` chooses tables.
  // False when memory ran out.
  bool add_block(const std::int16_t* coefficients, int difference, bool chroma);
  // A block that repeats the one before: padding at the edges.
  bool add_repeat(bool chroma);

  // Sets the picture's best tables in `state`. May take the library's error exit.
  void choose_tables(jpeg_compress_struct& state);
  // What the tokens have in the chosen tables, without what keeps bytes from looking like markers.
  std::uint64_t bits() const;
  // Bytes that write() gives at most, once tables are chosen.
  std::size_t largest_output() const;
  // Writes all tokens in the chosen tables, padded to whole bytes. `out` has room for largest_output().
  std::uint8_t* write(std::uint8_t* out) const;

 private:
  // A token: bits 0..15 the value's bits, 16..23 the symbol, 24..25 its table.
  static constexpr std::size_t chunk_tokens = 64 * 1024;
  static constexpr std::size_t block_tokens = 64 + 4;  // a block has at most one a coefficient, and one to end it

  bool make_room();

  std::vector<std::uint32_t*> chunks_;  // each full to its count
  std::vector<std::size_t> chunk_counts_;
  std::uint32_t* next_ = nullptr;
  std::size_t room_ = 0;
  bool only_counts_ = false;
  std::uint32_t counts_[table_count * 256] = {};  // how often each symbol of each table
  std::uint32_t codes_[table_count * 256] = {};   // code << 8 | bits
};

}  // namespace photo_core
