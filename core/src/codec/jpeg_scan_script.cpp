#include "codec/jpeg_scan_script.hpp"

#include <algorithm>

#include "metadata/jpeg_segments.hpp"

namespace photo_core {
namespace {

constexpr bool is_application(std::uint8_t code) { return code >= jpeg_marker::app0 && code <= jpeg_marker::app15; }

// How much the scans so far tell of each component's coefficients.
class Knowledge {
 public:
  explicit Knowledge(const jpeg_decompress_struct& state) : state_(state) {
    for (auto& component : low_bit_) std::fill(std::begin(component), std::end(component), -1);
  }

  // False when the scan is not one that a file has.
  bool add(int component, int first, int last, int low_bit) {
    if (component < 0 || component >= state_.num_components || first > last || last > 63) return false;
    for (int k = first; k <= last; ++k) low_bit_[component][k] = low_bit;
    return true;
  }

  // Whether the library would decode the coefficients as they are. It estimates the lowest from the neighbours where
  // they are not known to their last bit.
  bool is_enough() const {
    for (int i = 0; i < state_.num_components; ++i) {
      const int(&low_bit)[64] = low_bit_[i];
      if (low_bit[0] < 0) return false;
      if (state_.progressive_mode && std::any_of(low_bit + 1, low_bit + 10, [](int bit) { return bit != 0; }))
        return false;
    }
    return true;
  }

  int component_of(std::uint8_t id) const {
    for (int i = 0; i < state_.num_components; ++i) {
      if (state_.comp_info[i].component_id == id) return i;
    }
    return -1;
  }
  bool ids_differ() const {
    for (int i = 0; i < state_.num_components; ++i) {
      if (component_of(static_cast<std::uint8_t>(state_.comp_info[i].component_id)) != i) return false;
    }
    return true;
  }

 private:
  const jpeg_decompress_struct& state_;
  int low_bit_[4][64];
};

// The payload of a start of scan (ITU-T T.81, B.2.3).
bool add_scan(Knowledge& knowledge, ByteView payload) {
  const std::size_t count = payload.empty() ? 0 : payload[0];
  if (count < 1 || count > 4 || payload.size() != 4 + 2 * count) return false;
  const std::uint8_t* parameters = payload.data() + 1 + 2 * count;
  bool known = true;
  for (std::size_t i = 0; i < count; ++i) {
    known = known &&
            knowledge.add(knowledge.component_of(payload[1 + 2 * i]), parameters[0], parameters[1], parameters[2] & 15);
  }
  return known;
}

// How many tables a DHT segment defines; -1 when it is broken.
int count_tables(ByteView payload) {
  int tables = 0;
  while (payload.size() > 16) {
    std::size_t symbols = 0;
    for (std::size_t i = 1; i <= 16; ++i) symbols += payload[i];
    if (payload.size() < 17 + symbols) return -1;
    payload = payload.subspan(17 + symbols);
    ++tables;
  }
  return payload.empty() ? tables : -1;
}

}  // namespace

JpegScanScript read_scan_script(const jpeg_decompress_struct& state, ByteView source, std::size_t first_data) {
  constexpr JpegScanScript none{};
  JpegScanScript script;
  Knowledge knowledge(state);
  if (state.arith_code || state.num_components > 3 || !knowledge.ids_differ()) return none;
  for (int i = 0; i < state.comps_in_scan; ++i) {
    if (!knowledge.add(state.cur_comp_info[i]->component_index, state.Ss, state.Se, state.Al)) return none;
  }
  // One in each place, the library's own where the file gives none, and every one that a later segment puts in its
  // place.
  script.table_count = 2 * NUM_HUFF_TBLS;
  std::size_t at = first_data;
  for (bool in_data = true;;) {
    if (in_data) {
      if (script.scan_count == JpegScanScript::most_scans) return none;
      at = find_jpeg_marker(source, at);
      script.bytes_behind[script.scan_count++] = source.size() - at;
      in_data = false;
    }
    // Only what stands between scans without being wondered at: anything else is read by the library, as ever.
    if (at == source.size() || source[at] != 0xff) return none;
    while (at < source.size() && source[at] == 0xff) ++at;
    if (at == source.size()) return none;
    const std::uint8_t code = source[at++];
    if (code == jpeg_marker::eoi) return knowledge.is_enough() ? script : none;
    if (code != jpeg_marker::sos && code != jpeg_marker::dht && code != jpeg_marker::dqt && code != jpeg_marker::dri &&
        code != jpeg_marker::com && !is_application(code))
      return none;
    if (!in_bounds(source.size(), at, 2)) return none;
    const std::size_t length = read_be16(source.data() + at);
    if (length < 2 || !in_bounds(source.size(), at, length)) return none;
    const ByteView payload = source.subspan(at + 2, length - 2);
    at += length;
    if (code == jpeg_marker::sos) {
      if (!add_scan(knowledge, payload)) return none;
      in_data = true;
    }
    if (code == jpeg_marker::dht) {
      const int tables = count_tables(payload);
      if (tables < 0 || script.table_count + tables > JpegScanScript::most_tables) return none;
      script.table_count += tables;
    }
  }
}

}  // namespace photo_core
