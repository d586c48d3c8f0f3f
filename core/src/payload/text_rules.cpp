#include "payload/text_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <photo_core/limits.gen.hpp>

#include "payload/texts.gen.hpp"

namespace photo_core {
namespace {

constexpr std::size_t uuid_characters = 36;
constexpr std::size_t max_file_name_characters = 200;

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The code point that starts at `i`, which moves behind it; the text is valid UTF-8.
std::uint32_t next_character(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  std::uint32_t c = lead < 0x80 ? lead : lead < 0xe0 ? lead & 0x1fu : lead < 0xf0 ? lead & 0x0fu : lead & 0x07u;
  while (i < text.size() && is_continuation(text[i])) c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3fu);
  return c;
}

bool is_file_name(std::string_view text) {
  if (text.empty() || text.size() > max_file_name_characters || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; });
}

}  // namespace

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  while (i < text.size() && (count > 0 || is_continuation(text[i]))) {
    if (!is_continuation(text[i])) --count;
    ++i;
  }
  return text.substr(0, i);
}

bool is_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t c = next_character(text, i);
    if (!std::binary_search(std::begin(blank_characters), std::end(blank_characters), c)) return false;
  }
  return true;
}

std::string canonical_uuid(std::string_view text) {
  if (text.size() >= 2 && text.front() == '{') {
    if (text.back() != '}') return {};
    text = text.substr(1, text.size() - 2);
  }
  std::string result;
  std::size_t at = 0;
  for (int byte = 0; byte < 16; ++byte) {
    if (text.size() - at < 2 || !is_hex(text[at]) || !is_hex(text[at + 1])) return {};
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) result.push_back('-');
    result.push_back(lower(text[at]));
    result.push_back(lower(text[at + 1]));
    at += 2;
    if (byte % 2 == 1 && byte < 15 && at < text.size() && text[at] == '-') ++at;
  }
  if (at != text.size()) return {};
  return result;
}

bool is_object_path(std::string_view text, int folders) {
  for (; folders > 0; --folders) {
    if (text.size() <= uuid_characters || text[uuid_characters] != '/') return false;
    const std::string_view folder = text.substr(0, uuid_characters);
    if (canonical_uuid(folder) != folder) return false;
    text.remove_prefix(uuid_characters + 1);
  }
  return is_file_name(text);
}

bool is_https_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (text.size() > limits::max_avatar_url_characters || !text.starts_with(scheme)) return false;
  text.remove_prefix(scheme.size());
  if (text.empty() || !(is_letter(text.front()) || is_digit(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

bool is_time_zone(std::string_view text) {
  if (text.empty() || text.find('\n') != std::string_view::npos) return false;
  for (std::size_t at = 0; at < time_zone_lines.size();) {
    const std::size_t end = time_zone_lines.find('\n', at);
    if (time_zone_lines.substr(at, end - at) == text) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace photo_core
