// ICC profiles as blocks of bytes: told from garbage, cut to their own size.
#pragma once

#include "base/bytes.hpp"

namespace photo_core {

// `bytes` cut to the size that the profile's header states; empty when it is no whole profile (ICC.1:2022, 7.2).
inline ByteView whole_profile(ByteView bytes) {
  constexpr std::size_t header_bytes = 128;
  if (bytes.size() < header_bytes + 4 || !has_at(bytes, 36, "acsp")) return {};
  const std::size_t stated = read_be32(bytes.data());
  if (stated < header_bytes + 4 || stated > bytes.size()) return {};
  return bytes.first(stated);
}

}  // namespace photo_core
