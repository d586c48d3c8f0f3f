#include "codec/jpeg_surplus.hpp"

namespace photo_core {
namespace {

// Behind the last byte that a bit was taken of.
const std::uint8_t* position_of(const JpegBitReader& bits) {
  const std::uint8_t* at = bits.next;
  for (int unread = (bits.count - bits.padding) / 8; unread > 0; --unread) {
    --at;
    if (*at != 0 || at[-1] != 0xff) continue;
    while (at[-1] == 0xff) --at;  // a stuffed byte; before a scan's data there is always a header
  }
  return at;
}

}  // namespace

void JpegSurplus::note(const JpegBitReader& bits, const std::uint8_t* marker) {
  const std::uint8_t* const begin = position_of(bits);
  const std::uint8_t* at = begin;
  while (at < marker && *at == 0xff) ++at;
  if (at >= marker) return;
  // Some encoders pad with a whole byte of ones where they need none.
  if (marker - begin == 2 && *at == 0 && at > begin) return;
  const ByteRange piece{static_cast<std::size_t>(begin - source_), static_cast<std::size_t>(marker - source_)};
  is_complete_ = pieces_.add(piece) && is_complete_;
}

}  // namespace photo_core
