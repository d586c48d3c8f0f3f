// High dynamic range to what a screen of standard range shows: ITU-R BT.2100 to SMPTE ST 2094-50.
#pragma once

#include <memory>

#include "image/colour.hpp"

namespace photo_core {

// For PQ and HLG. Light is counted from the reference white of ITU-R BT.2408, 203 cd/m²; HLG goes through the OOTF of
// its nominal display of 1000 cd/m². Then the reference white tone mapping operator of SMPTE ST 2094-50 for a screen
// without headroom: by the largest of a colour's components under BT.2020, so that its hue stays. Up to white it is one
// factor (a half for 1000 cd/m² and more), from there to the peak a Bézier curve, so that white lies well below what
// shines. That is what Chromium shows.
std::unique_ptr<ColourTransform> make_hdr_rows(const CodePoints& points, ColorModel model, bool is_deep);

}  // namespace photo_core
