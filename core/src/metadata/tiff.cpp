#include "metadata/tiff.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace photo_core {
namespace {

constexpr std::size_t max_entries = 512;
constexpr std::size_t max_text_bytes = 200;
// Looked at for them: a text may say that it is as long as the file, and be asked for a dozen times.
constexpr std::size_t max_stored_text_bytes = 4096;

std::size_t size_of(TiffType type) {
  switch (type) {
    case TiffType::byte:
    case TiffType::ascii:
    case TiffType::signed_byte:
    case TiffType::undefined:
    case TiffType::utf8: return 1;
    case TiffType::short_:
    case TiffType::signed_short: return 2;
    case TiffType::long_:
    case TiffType::signed_long:
    case TiffType::float_:
    case TiffType::directory: return 4;
    case TiffType::double_:
    case TiffType::rational:
    case TiffType::signed_rational: return 8;
  }
  return 0;
}

std::uint16_t read16(const std::uint8_t* p, bool big_endian) { return big_endian ? read_be16(p) : read_le16(p); }
std::uint32_t read32(const std::uint8_t* p, bool big_endian) { return big_endian ? read_be32(p) : read_le32(p); }

// Length of the well-formed UTF-8 sequence at `at` (RFC 3629), 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const std::uint8_t lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(at + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const std::uint8_t second = byte(at + 1);
    if (lead == 0xe0 && second < 0xa0) return 0;
    if (lead == 0xed && second > 0x9f) return 0;  // surrogates
    return follows(at + 1) && follows(at + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const std::uint8_t second = byte(at + 1);
    if (lead == 0xf0 && second < 0x90) return 0;
    if (lead == 0xf4 && second > 0x8f) return 0;
    return follows(at + 1) && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace

std::string clean_text(std::string_view text) {
  text = text.substr(0, max_stored_text_bytes);
  if (text.size() == max_stored_text_bytes) {  // not in the middle of a character
    while (!text.empty() && (text.back() & 0xc0) == 0x80) text.remove_suffix(1);
    if (!text.empty() && (text.back() & 0x80) != 0) text.remove_suffix(1);
  }
  text = text.substr(0, text.find('\0'));
  const bool utf8 = is_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8 ? utf8_length(text, at) : 1;
    const auto lead = static_cast<std::uint8_t>(text[at]);
    std::string character(text.substr(at, length));
    at += length;
    if (length == 1 && (lead < 0x20 || lead == 0x7f)) continue;
    if (!utf8 && lead >= 0x80) {
      if (lead < 0xa0) continue;  // control characters of Latin-1
      character = {static_cast<char>(0xc0 | lead >> 6), static_cast<char>(0x80 | (lead & 0x3f))};
    } else if (length == 2 && lead == 0xc2 && static_cast<std::uint8_t>(character[1]) < 0xa0) {
      continue;  // the same ones in UTF-8
    }
    if (out.size() + character.size() > max_text_bytes) break;
    out += character;
  }
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

std::optional<std::uint32_t> TiffEntry::integer(std::uint32_t index) const {
  if (index >= count) return std::nullopt;
  switch (type) {
    case TiffType::byte: return value[index];
    case TiffType::short_: return read16(value.data() + std::size_t{index} * 2, big_endian);
    case TiffType::long_:
    case TiffType::directory: return read32(value.data() + std::size_t{index} * 4, big_endian);
    case TiffType::signed_short: {
      const auto number = static_cast<std::int16_t>(read16(value.data() + std::size_t{index} * 2, big_endian));
      return number < 0 ? std::nullopt : std::optional<std::uint32_t>(number);
    }
    case TiffType::signed_long: {
      const std::uint32_t number = read32(value.data() + std::size_t{index} * 4, big_endian);
      return number > 0x7fffffff ? std::nullopt : std::optional<std::uint32_t>(number);
    }
    default: return std::nullopt;
  }
}

std::optional<TiffRational> TiffEntry::rational(std::uint32_t index) const {
  if (index >= count) return std::nullopt;
  if (type == TiffType::float_) {
    const float number = std::bit_cast<float>(read32(value.data() + std::size_t{index} * 4, big_endian));
    return std::isfinite(number) ? std::optional(TiffRational{number, 1}) : std::nullopt;
  }
  if (size_of(type) == 8) {
    const std::uint8_t* p = value.data() + std::size_t{index} * 8;
    const std::uint32_t numerator = read32(p, big_endian);
    const std::uint32_t denominator = read32(p + 4, big_endian);
    if (type == TiffType::double_) {
      const std::uint64_t high = big_endian ? numerator : denominator;
      const auto number = std::bit_cast<double>(high << 32 | (big_endian ? denominator : numerator));
      return std::isfinite(number) ? std::optional(TiffRational{number, 1}) : std::nullopt;
    }
    if (type == TiffType::rational) return TiffRational{double(numerator), double(denominator)};
    return TiffRational{double(static_cast<std::int32_t>(numerator)), double(static_cast<std::int32_t>(denominator))};
  }
  const std::optional<std::uint32_t> whole = integer(index);
  if (!whole) return std::nullopt;
  return TiffRational{double(*whole), 1};
}

std::optional<double> TiffEntry::number(std::uint32_t index) const {
  const std::optional<TiffRational> fraction = rational(index);
  if (!fraction || fraction->denominator == 0) return std::nullopt;
  return fraction->numerator / fraction->denominator;
}

std::string TiffEntry::text() const {
  if (type != TiffType::ascii && type != TiffType::utf8 && type != TiffType::byte && type != TiffType::undefined)
    return {};
  return clean_text(as_text(value));
}

TiffReader::TiffReader(ByteView bytes) : bytes_(bytes) {
  if (bytes.size() < 8) return;
  if (has_at(bytes, 0, std::string_view("II*\0", 4))) big_endian_ = false;
  else if (has_at(bytes, 0, std::string_view("MM\0*", 4))) big_endian_ = true;
  else return;
  valid_ = true;
  first_directory_ = read32(bytes.data() + 4, big_endian_);
}

std::vector<TiffEntry> TiffReader::directory(std::uint32_t offset) const {
  std::vector<TiffEntry> entries;
  if (!valid_ || offset < 8 || !in_bounds(bytes_.size(), offset, 2)) return entries;
  const std::size_t count = std::min<std::size_t>(read16(bytes_.data() + offset, big_endian_), max_entries);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = offset + std::size_t{2} + i * 12;
    if (!in_bounds(bytes_.size(), at, 12)) break;
    const std::uint8_t* p = bytes_.data() + at;
    TiffEntry entry;
    entry.tag = read16(p, big_endian_);
    entry.type = static_cast<TiffType>(read16(p + 2, big_endian_));
    entry.count = read32(p + 4, big_endian_);
    entry.big_endian = big_endian_;
    const std::size_t unit = size_of(entry.type);
    if (unit == 0 || entry.count > bytes_.size() / unit) continue;
    const std::size_t length = unit * entry.count;
    const std::size_t where = length <= 4 ? at + 8 : read32(p + 8, big_endian_);
    if (!in_bounds(bytes_.size(), where, length)) continue;
    entry.value = bytes_.subspan(where, length);
    entries.push_back(entry);
  }
  return entries;
}

const TiffEntry* find_entry(const std::vector<TiffEntry>& directory, std::uint16_t tag) {
  const auto found = std::find_if(directory.begin(), directory.end(), [&](const TiffEntry& e) { return e.tag == tag; });
  return found == directory.end() ? nullptr : &*found;
}

}  // namespace photo_core
