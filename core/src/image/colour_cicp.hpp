// What the numbers of ITU-T H.273 (07/2024) stand for.
#pragma once

#include <array>
#include <cstdint>

namespace photo_core {

enum class TransferCharacteristics : std::uint8_t { srgb = 13, pq = 16, dcdm = 17, hlg = 18 };

// CIE x, y of white, red, green and blue (table 2); null when there are none.
const std::array<double, 8>* find_primaries(std::uint8_t code);

// Linear light of a sample of 0 … 1 (table 3): 1 is the brightest that the curve can say. HLG: light of the scene. The
// cameras' curves of television are answered by the screens that they are made for (BT.1886), as browsers do. -1 when
// the code is not known.
double linear_light(std::uint8_t transfer, double sample);

}  // namespace photo_core
