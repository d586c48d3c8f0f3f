// ICC profiles as blocks of bytes: told from garbage, cut to their own size and to what concerns colours.
#pragma once

#include "base/bytes.hpp"
#include "metadata/metadata.hpp"

namespace photo_core {

// `bytes` cut to the size that the profile's header states; empty when it is no whole profile (ICC.1:2022, 7.2).
inline ByteView whole_profile(ByteView bytes) {
  constexpr std::size_t header_bytes = 128;
  if (bytes.size() < header_bytes + 4 || !has_at(bytes, 36, "acsp")) return {};
  const std::size_t stated = read_be32(bytes.data());
  if (stated < header_bytes + 4 || stated > bytes.size()) return {};
  return bytes.first(stated);
}

// Leaves of the profile that was found what colours are computed from. That of a display, which a screenshot carries,
// also names its model and serial number (mmod, meta), one of a calibration all that was measured (targ).
void leave_colours(MetadataBlocks& blocks);

}  // namespace photo_core
