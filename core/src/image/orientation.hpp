// Turning whole pictures upright.
#pragma once

#include "image/planes.hpp"

namespace photo_core {

// Whether an Exif orientation (1..8) exchanges width and height.
constexpr bool swaps_axes(int orientation) { return orientation >= 5 && orientation <= 8; }

// The picture as it is to be seen, from one stored with this Exif orientation (Exif 2.32, tag 0x0112: 1 upright,
// 2 mirrored, 3 turned 180, 4 flipped, 5 transposed, 6 to be turned 90 clockwise, 7 transversed, 8 to be turned 90
// counter-clockwise). Orientation 1 gives the frame back unchanged.
Frame turn_upright(Frame frame, int orientation);

}  // namespace photo_core
