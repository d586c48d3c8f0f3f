#include "metadata/capture_time.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace photo_core {
namespace {

constexpr std::size_t max_fraction_digits = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes `digits` digits from the front; a leading blank counts as 0 when `blanks` (cameras write "2004: 5: 1").
std::optional<int> take_number(std::string_view& text, std::size_t digits, bool blanks = false) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = blanks && text[i] == ' ' && i + 1 < digits ? '0' : text[i];
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_any(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool is_date(int year, int month, int day) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1800 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_clock(int hour, int minute, int second) { return hour < 24 && minute < 60 && second < 60; }

void append_padded(std::string& out, int value, std::size_t digits) {
  const std::string text = std::to_string(value);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out += text;
}

// "+02:00", "-0330", "Z" as "+02:00"; empty when it is none. Zones reach from -12:00 to +14:00.
std::string clean_offset(std::string_view text) {
  text = trimmed(text);
  if (text == "Z" || text == "z") return "+00:00";
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return {};
  const char sign = text.front();
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 2, true);
  take_any(text, ":");
  const std::optional<int> minutes = text.empty() ? std::optional<int>(0) : take_number(text, 2);
  if (!hours || !minutes || !text.empty() || *minutes > 59 || *hours * 60 + *minutes > 14 * 60) return {};
  std::string out(1, sign);
  append_padded(out, *hours, 2);
  out += ':';
  append_padded(out, *minutes, 2);
  return out;
}

std::string clean_fraction(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return {};
  return std::string(text.substr(0, max_fraction_digits));
}

std::string date_text(int year, int month, int day) {
  std::string out;
  append_padded(out, year, 4);
  out += '-';
  append_padded(out, month, 2);
  out += '-';
  append_padded(out, day, 2);
  return out;
}

std::string clock_text(int hour, int minute, int second) {
  std::string out = "T";
  append_padded(out, hour, 2);
  out += ':';
  append_padded(out, minute, 2);
  out += ':';
  append_padded(out, second, 2);
  return out;
}

}  // namespace

std::string iso_time_from_exif(std::string_view date_time, std::string_view subseconds, std::string_view offset) {
  std::string_view rest = trimmed(date_time);
  const std::optional<int> year = take_number(rest, 4);
  const bool first = take_any(rest, ":-/.");
  const std::optional<int> month = take_number(rest, 2, true);
  const bool second_separator = take_any(rest, ":-/.");
  const std::optional<int> day = take_number(rest, 2, true);
  if (!year || !first || !month || !second_separator || !day || !is_date(*year, *month, *day)) return {};
  if (!take_any(rest, " T")) return {};
  const std::optional<int> hour = take_number(rest, 2, true);
  const bool third = take_any(rest, ":");
  const std::optional<int> minute = take_number(rest, 2, true);
  const bool fourth = take_any(rest, ":");
  const std::optional<int> second = take_number(rest, 2, true);
  if (!hour || !third || !minute || !fourth || !second || !is_clock(*hour, *minute, *second)) return {};
  std::string out = date_text(*year, *month, *day) + clock_text(*hour, *minute, *second);
  const std::string fraction = clean_fraction(subseconds);
  if (!fraction.empty()) out += "." + fraction;
  // Some writers put the zone behind the time itself.
  std::string zone = clean_offset(offset);
  if (zone.empty()) zone = clean_offset(rest);
  return out + zone;
}

std::string iso_time_from_xmp(std::string_view text) {
  std::string_view rest = trimmed(text);
  const std::optional<int> year = take_number(rest, 4);
  const bool first = take_any(rest, "-:");
  const std::optional<int> month = take_number(rest, 2);
  const bool second_separator = take_any(rest, "-:");
  const std::optional<int> day = take_number(rest, 2);
  if (!year || !first || !month || !second_separator || !day || !is_date(*year, *month, *day)) return {};
  std::string out = date_text(*year, *month, *day);
  if (rest.empty()) return out;
  if (!take_any(rest, "T ")) return {};
  const std::optional<int> hour = take_number(rest, 2);
  const bool third = take_any(rest, ":");
  const std::optional<int> minute = take_number(rest, 2);
  if (!hour || !third || !minute) return {};
  int second = 0;
  if (take_any(rest, ":")) {
    const std::optional<int> seconds = take_number(rest, 2);
    if (!seconds) return {};
    second = *seconds;
  }
  if (!is_clock(*hour, *minute, second)) return {};
  out += clock_text(*hour, *minute, second);
  if (take_any(rest, ".")) {
    const std::size_t end =
        static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    const std::string fraction = clean_fraction(rest.substr(0, end));
    if (!fraction.empty()) out += "." + fraction;
    rest.remove_prefix(end);
  }
  return out + clean_offset(rest);
}

ExifTime exif_time_from_iso(std::string_view iso) {
  ExifTime time;
  if (iso.size() < 19 || iso[10] != 'T') return time;
  time.date_time = std::string(iso.substr(0, 19));
  time.date_time[4] = time.date_time[7] = ':';
  time.date_time[10] = ' ';
  std::string_view rest = iso.substr(19);
  if (take_any(rest, ".")) {
    const std::size_t end =
        static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    time.subseconds = std::string(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  time.offset = clean_offset(rest);
  return time;
}

}  // namespace photo_core
