// A part of a frame that tells how many bytes the whole will have.
#pragma once

#include "image/planes.hpp"

namespace photo_core {

// Strips from the whole height of a frame that will be scaled to about 1 in `shrink` of its height: little to encode,
// and yet of its kind. Nothing of a very low frame.
Frame sample_strips(const Frame& frame, double shrink);

}  // namespace photo_core
