// Turning whole pictures upright.
#pragma once

#include "image/planes.hpp"

namespace photo_core {

// Whether an Exif orientation (1..8) exchanges width and height.
constexpr bool swaps_axes(int orientation) { return orientation >= 5 && orientation <= 8; }

// Whether turning upright begins with the last stored columns, or the last stored rows.
constexpr bool mirrors_x(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}
constexpr bool mirrors_y(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

// The picture as it is to be seen, from one stored with this Exif orientation (Exif 2.32, tag 0x0112: 1 upright,
// 2 mirrored, 3 turned 180, 4 flipped, 5 transposed, 6 to be turned 90 clockwise, 7 transversed, 8 to be turned 90
// counter-clockwise). Orientation 1 gives the frame back unchanged. Where subsampled chroma of an odd size is mirrored,
// its pairs must have been made from that end (PlaneLayout::pairs_from_right, pairs_from_bottom).
Frame turn_upright(Frame frame, int orientation);

}  // namespace photo_core
