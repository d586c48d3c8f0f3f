#include "base/bytes.hpp"

namespace photo_core {

bool ByteRanges::add(ByteRange range) {
  if (count == list.size()) return false;
  std::size_t place = count++;
  for (; place > 0 && list[place - 1].begin > range.begin; --place) list[place] = list[place - 1];
  list[place] = range;
  return true;
}

void append_without(Bytes& out, ByteView piece, ByteView whole, const ByteRanges& ranges) {
  auto at = static_cast<std::size_t>(piece.data() - whole.data());
  const std::size_t end = at + piece.size();
  for (std::size_t i = 0; i <= ranges.count; ++i) {
    const ByteRange range = i < ranges.count ? ranges.list[i] : ByteRange{end, end};
    if (range.end < at || range.begin > end) continue;
    if (range.begin > at) append(out, whole.subspan(at, range.begin - at));
    at = range.end;
  }
}

}  // namespace photo_core
