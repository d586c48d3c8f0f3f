#include "metadata/iptc.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "metadata/capture_time.hpp"

namespace photo_core {
namespace {

constexpr std::uint8_t data_set_mark = 0x1c;

// The first value of data set 2:`number`; empty when absent. One longer than its length field can say is not read, nor
// what follows it: no time is.
std::string_view application_value(ByteView data_sets, std::uint8_t number) {
  constexpr std::size_t head_bytes = 5;  // mark, record, number, length
  for (std::size_t at = 0; in_bounds(data_sets.size(), at, head_bytes) && data_sets[at] == data_set_mark;) {
    const std::uint8_t* head = data_sets.data() + at;
    const std::size_t length = read_be16(head + 3);
    at += head_bytes;
    if (!in_bounds(data_sets.size(), at, length)) break;
    if (head[1] == 2 && head[2] == number) return as_text(data_sets.subspan(at, length));
    at += length;
  }
  return {};
}

}  // namespace

ByteView find_iptc(ByteView block) {
  constexpr std::size_t head_bytes = 6;  // "8BIM" and the resource's number
  constexpr std::uint32_t iptc_resource = 0x0404;
  if (!block.empty() && block[0] == data_set_mark) return block;
  for (std::size_t at = 0; in_bounds(block.size(), at, head_bytes + 1) && has_at(block, at, "8BIM");) {
    const std::uint32_t number = read_be16(block.data() + at + 4);
    at += head_bytes + ((block[at + head_bytes] + std::size_t{2}) & ~std::size_t{1});  // a name with its length, even
    if (!in_bounds(block.size(), at, 4)) break;
    const std::size_t length = read_be32(block.data() + at);
    at += 4;
    // What goes on in another segment is cut: dates are near the beginning.
    if (number == iptc_resource) return slice(block, at, length);
    if (length > block.size() - at) break;
    at += length + length % 2;
  }
  return {};
}

std::string iptc_time(ByteView data_sets) {
  constexpr std::array<std::array<std::uint8_t, 2>, 2> sources = {{{55, 60}, {62, 63}}};
  for (const auto& [date, time] : sources) {
    std::string found = iso_time_from_iptc(application_value(data_sets, date), application_value(data_sets, time));
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace photo_core
