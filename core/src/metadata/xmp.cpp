#include "metadata/xmp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace photo_core {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t max_packet_bytes = 1 << 20;
constexpr std::size_t max_value_bytes = 512;
// Of a property with its tags. A packet of a hundred thousand tags that nothing closes is not searched to its end for
// each of them.
constexpr std::size_t max_property_bytes = 2048;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void skip_spaces(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

void append_code_point(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    if (code >= 0xd800 && code < 0xe000) return;
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x110000) {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> named = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.front() == '&' ? text.substr(0, 12).find(';') : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (name.size() > 1 && name[0] == '#') {
      const bool hex = name[1] == 'x';
      const std::string_view digits = name.substr(hex ? 2 : 1);
      unsigned code = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (code != 0) append_code_point(out, code);
      continue;
    }
    for (const auto& [entity, character] : named) {
      if (name == entity) out += character;
    }
  }
  return out;
}

// The value that begins behind a property's name: `="…"`, or `…>…<`.
std::optional<std::string_view> value_behind(std::string_view rest, bool is_element) {
  if (!is_element) {
    skip_spaces(rest);
    if (rest.empty() || rest.front() != '=') return std::nullopt;
    rest.remove_prefix(1);
    skip_spaces(rest);
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return std::nullopt;
    const std::size_t end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    return rest.substr(1, end - 1);
  }
  const std::size_t open = rest.find('>');
  if (open == std::string_view::npos || (open > 0 && rest[open - 1] == '/')) return std::nullopt;
  rest.remove_prefix(open + 1);
  // Through <rdf:Seq><rdf:li> to the first text.
  for (int depth = 0; depth < 3; ++depth) {
    skip_spaces(rest);
    if (rest.empty() || rest.front() != '<') break;
    if (rest.size() > 1 && rest[1] == '/') return std::nullopt;
    const std::size_t end = rest.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  const std::size_t end = rest.find('<');
  return end != std::string_view::npos ? std::optional(rest.substr(0, end)) : std::nullopt;
}

}  // namespace

ByteView packet_in_utf8(ByteView packet, Bytes& storage) {
  const bool big_endian = has_at(packet, 0, "\xfe\xff"sv) || has_at(packet, 0, "\0<"sv);
  if (!big_endian && !has_at(packet, 0, "\xff\xfe"sv) && !has_at(packet, 0, "<\0"sv)) return packet;
  const std::size_t end = std::min(packet.size(), 2 * max_packet_bytes) & ~std::size_t{1};
  std::string text;
  unsigned high = 0;  // of a pair
  for (std::size_t at = 0; at < end; at += 2) {
    const unsigned unit = big_endian ? read_be16(packet.data() + at) : read_le16(packet.data() + at);
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    append_code_point(text, is_low && high != 0 ? 0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff)) : unit);
    high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
  }
  storage.assign(text.begin(), text.end());
  return storage;
}

std::string xmp_property(ByteView packet, std::string_view name) {
  const std::string_view text = as_text(slice(packet, 0, max_packet_bytes));
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + name.size())) {
    if (at == 0 || (!is_space(text[at - 1]) && text[at - 1] != '<')) continue;
    const std::string_view rest = text.substr(at + name.size(), max_property_bytes);
    const bool is_element = text[at - 1] == '<';
    if (rest.empty() || (is_element ? rest.front() != '>' && !is_space(rest.front())
                                    : rest.front() != '=' && !is_space(rest.front()))) {
      continue;
    }
    const std::optional<std::string_view> value = value_behind(rest, is_element);
    if (value && value->size() <= max_value_bytes) return unescaped(*value);
  }
  return {};
}

std::optional<double> xmp_number(std::string_view text) {
  skip_spaces(text);
  // Digits with one point, by hand: strtod() follows the locale, and from_chars() for double is missing in places.
  const auto take = [&]() -> std::optional<double> {
    double value = 0;
    double unit = 1;
    bool any = false;
    bool behind_point = false;
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    for (; !text.empty(); text.remove_prefix(1)) {
      const char c = text.front();
      if (c == '.' && !behind_point) {
        behind_point = true;
      } else if (c >= '0' && c <= '9') {
        any = true;
        value = value * 10 + (c - '0');
        if (behind_point) unit *= 10;
      } else {
        break;
      }
    }
    if (!any || !std::isfinite(value) || !std::isfinite(unit)) return std::nullopt;
    return (negative ? -value : value) / unit;
  };
  const std::optional<double> numerator = take();
  if (!numerator) return std::nullopt;
  if (!text.empty() && text.front() == '/') {
    text.remove_prefix(1);
    const std::optional<double> denominator = take();
    if (!denominator || *denominator == 0) return std::nullopt;
    return *numerator / *denominator;
  }
  skip_spaces(text);
  if (!text.empty()) return std::nullopt;
  return numerator;
}

std::optional<double> xmp_degrees(std::string_view text, char positive, char negative) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.empty() || (text.back() != positive && text.back() != negative)) return std::nullopt;
  const double sign = text.back() == positive ? 1 : -1;
  text.remove_suffix(1);
  double degrees = 0;
  double unit = 1;
  for (int part = 0; part < 3 && !text.empty(); ++part, unit *= 60) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::optional<double> value = xmp_number(text.substr(0, comma));
    if (!value || *value < 0 || (part > 0 && *value >= 60)) return std::nullopt;
    degrees += *value / unit;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (!text.empty()) return std::nullopt;
  return sign * degrees;
}

bool xmp_names_gain_map(ByteView packet) {
  const std::string_view text = as_text(slice(packet, 0, max_packet_bytes));
  constexpr std::array<std::string_view, 5> marks = {"hdrgm:Version", "Semantic=\"GainMap\"", ">GainMap<",
                                                     ":aux:hdrgainmap", "HDRGainMapVersion"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; });
}

}  // namespace photo_core
