// Bytes of a scan that no block was decoded from: behind its last block, or before a restart marker. Nobody sees them,
// so a file that is passed on must not carry them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace photo_core {

struct JpegSurplus {
  struct Piece {
    const std::uint8_t* begin;
    const std::uint8_t* end;
  };
  std::array<Piece, 16> pieces;
  std::size_t count = 0;
  bool is_complete = true;  // false: there are more pieces, or some that cannot be told

  // `begin`: behind the last byte that a block was decoded from; `marker`: the marker that should be there.
  void note(const std::uint8_t* begin, const std::uint8_t* marker) {
    // Some encoders pad with a whole byte of ones where they need none.
    if (marker - begin == 2 && begin[0] == 0xff && begin[1] == 0) return;
    if (std::all_of(begin, std::max(begin, marker), [](std::uint8_t byte) { return byte == 0xff; })) return;
    if (count == pieces.size()) is_complete = false;
    else pieces[count++] = {begin, marker};
  }
};

}  // namespace photo_core
