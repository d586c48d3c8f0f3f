// Small fingerprints of a picture: for placeholders and for finding near duplicates.
#pragma once

#include <cstdint>
#include <vector>

#include "image/planes.hpp"

namespace photo_core {

// The long edge, in pixels, of the picture that hashes are made from.
inline constexpr std::uint32_t hash_edge_px = 100;

// ThumbHash (Evan Wallace, 2023) of an upright rgb frame with or without alpha, at most 100 pixels a side: 5 to 25
// bytes.
std::vector<std::uint8_t> thumbhash(const Frame& rgb);

// Difference hash: the picture as 9 x 8 gray samples; a bit is set where a sample is darker than its right neighbour.
// Rows top to bottom, the first comparison in the most significant bit.
std::uint64_t difference_hash(const Frame& rgb);

}  // namespace photo_core
