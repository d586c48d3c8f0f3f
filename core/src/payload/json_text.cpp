#include "payload/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace photo_core {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The UTF-16 unit of four hexadecimal digits, or -1.
int utf16_unit(const char* p) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(p[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  int shift = c < 0x800 ? 6 : c < 0x10000 ? 12 : 18;
  out.push_back(static_cast<char>((shift == 6 ? 0xc0 : shift == 12 ? 0xe0 : 0xf0) | c >> shift));
  while (shift > 0) {
    shift -= 6;
    out.push_back(static_cast<char>(0x80 | (c >> shift & 0x3f)));
  }
}

}  // namespace

bool is_json_number(std::string_view token) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < token.size() && is_digit(token[i])) ++i;
    return i - start;
  };
  if (i < token.size() && token[i] == '-') ++i;
  const std::size_t start = i;
  const std::size_t count = digits();
  if (count == 0 || (count > 1 && token[start] == '0')) return false;
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == token.size();
}

bool decode_json_string(const char* p, std::string& out, bool& invalid) {
  while (true) {
    const char* run = p;
    while (*p != '"' && *p != '\\') ++p;
    out.append(run, p);
    if (*p == '"') return true;
    const char escape = p[1];
    p += 2;
    if (escape != 'u') {
      constexpr std::string_view from = "\"\\/bfnrt";
      const std::size_t index = from.find(escape);
      if (index == std::string_view::npos) return false;
      out.push_back("\"\\/\b\f\n\r\t"[index]);
      continue;
    }
    const int unit = utf16_unit(p);
    if (unit < 0) return false;
    p += 4;
    std::uint32_t c = static_cast<std::uint32_t>(unit);
    if (c >= 0xd800 && c < 0xe000) {
      const int low = c < 0xdc00 && p[0] == '\\' && p[1] == 'u' ? utf16_unit(p + 2) : -1;
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
        p += 6;
      } else {
        c = 0;
      }
    }
    if (c == 0) {
      invalid = true;
      c = 0xfffd;
    }
    append_utf8(out, c);
  }
}

std::uint64_t numeric_characters(std::string_view number) {
  constexpr long long max_exponent = std::numeric_limits<std::int32_t>::max() / 2;
  constexpr long long max_digits_before_point = 131'072;
  constexpr long long max_digits_after_point = 16'383;
  const bool negative = number.front() == '-';
  if (negative) number.remove_prefix(1);
  const std::size_t mantissa_end = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, mantissa_end);
  long long exponent = 0;
  if (mantissa_end < number.size()) {
    const char* first = number.data() + mantissa_end + 1;
    if (*first == '+') ++first;
    if (std::from_chars(first, number.data() + number.size(), exponent).ec != std::errc()) return 0;
    if (exponent >= max_exponent || exponent <= -max_exponent) return 0;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const long long written_after = point < mantissa.size() ? static_cast<long long>(mantissa.size() - point - 1) : 0;
  const long long after_point = std::max(written_after - exponent, 0LL);
  if (after_point > max_digits_after_point) return 0;
  const auto fraction = static_cast<std::uint64_t>(after_point > 0 ? after_point + 1 : 0);
  const std::size_t nonzero = mantissa.find_first_not_of("0.");
  if (nonzero == std::string_view::npos) return 1 + fraction;
  // Digits before the point once the exponent has moved it; negative when zeros follow the point.
  const auto at = static_cast<long long>(nonzero);
  const auto point_at = static_cast<long long>(point);
  const long long before_point = (at < point_at ? point_at - at : point_at - at + 1) + exponent;
  if (before_point > max_digits_before_point) return 0;
  return (negative ? 1 : 0) + static_cast<std::uint64_t>(std::max(before_point, 1LL)) + fraction;
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer.push_back('/');
  for (const char c : name) {
    if (c == '~') {
      pointer.append("~0");
    } else if (c == '/') {
      pointer.append("~1");
    } else {
      pointer.push_back(c);
    }
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(digits[c >> 4]);
      out.push_back(digits[c & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace photo_core
