#include "metadata/icc_block.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace photo_core {
namespace {

constexpr std::size_t header_bytes = 128;
constexpr std::size_t entry_bytes = 12;  // signature, offset, size
constexpr std::size_t id_at = 84;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t most_tags = 100;  // the richest have some 40

// What colours are computed from, and the two texts that every profile must have (ICC.1:2022, 8.2 to 8.6).
constexpr auto colour_tags =
    std::to_array<std::string_view>({"desc", "cprt", "wtpt", "bkpt", "chad", "lumi", "cicp", "rXYZ", "gXYZ", "bXYZ",
                                     "rTRC", "gTRC", "bTRC", "kTRC", "A2B0", "A2B1", "A2B2", "B2A0", "B2A1", "B2A2",
                                     "D2B0", "D2B1", "D2B2", "D2B3", "B2D0", "B2D1", "B2D2", "B2D3", "gamt"});

// An entry that points out of the profile is nobody's to read.
bool is_colour(ByteView entry, std::size_t profile_size) {
  return in_bounds(profile_size, read_be32(entry.data() + 4), read_be32(entry.data() + 8)) &&
         std::find(colour_tags.begin(), colour_tags.end(), as_text(entry.first(4))) != colour_tags.end();
}

}  // namespace

void leave_colours(MetadataBlocks& blocks) {
  const ByteView profile = blocks.icc_profile;
  if (profile.empty()) return;
  const std::size_t count = read_be32(profile.data() + header_bytes);
  const ByteView table = slice(profile, header_bytes + 4, count * entry_bytes);
  if (count > most_tags || table.size() != count * entry_bytes) return;
  std::vector<ByteView> kept;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView entry = table.subspan(i * entry_bytes, entry_bytes);
    if (is_colour(entry, profile.size())) kept.push_back(entry);
  }
  if (kept.size() == count) return;

  Bytes out(profile.begin(), profile.begin() + header_bytes);
  append_be32(out, static_cast<std::uint32_t>(kept.size()));
  const std::size_t elements_at = out.size() + kept.size() * entry_bytes;
  Bytes elements;
  for (auto entry = kept.begin(); entry != kept.end(); ++entry) {
    const std::size_t offset = read_be32(entry->data() + 4), size = read_be32(entry->data() + 8);
    if (elements.size() > profile.size()) return;  // those that overlap would grow with their number
    // The three curves are often one element.
    const auto twin = std::find_if(kept.begin(), entry, [&](ByteView earlier) {
      return std::equal(earlier.begin() + 4, earlier.end(), entry->begin() + 4);
    });
    append(out, entry->first(4));
    if (twin != entry) {
      const std::size_t twin_at = header_bytes + 4 + static_cast<std::size_t>(twin - kept.begin()) * entry_bytes;
      append_be32(out, read_be32(out.data() + twin_at + 4));
    } else {
      append_be32(out, static_cast<std::uint32_t>(elements_at + elements.size()));
      append(elements, profile.subspan(offset, size));
      elements.resize((elements.size() + 3) / 4 * 4);
    }
    append_be32(out, static_cast<std::uint32_t>(size));
  }
  append(out, elements);
  Bytes size_field;
  append_be32(size_field, static_cast<std::uint32_t>(out.size()));
  std::copy(size_field.begin(), size_field.end(), out.begin());
  std::fill_n(out.begin() + id_at, id_bytes, std::uint8_t{0});  // of other bytes; 0 says that there is none (7.2.18)
  blocks.icc_storage = std::move(out);
  blocks.icc_profile = blocks.icc_storage;
}

}  // namespace photo_core
