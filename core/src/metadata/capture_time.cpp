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

// Takes one to `most` digits from the front, behind blanks: cameras write "2004: 5: 1", and "2004:5:1".
std::optional<int> take_number(std::string_view& text, std::size_t most) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int value = 0;
  std::size_t digits = 0;
  for (; digits < std::min(most, text.size()) && is_digit(text[digits]); ++digits) {
    value = value * 10 + (text[digits] - '0');
  }
  text.remove_prefix(digits);
  return digits > 0 ? std::optional(value) : std::nullopt;
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

void append_padded(std::string& out, int value, std::size_t digits) {
  const std::string text = std::to_string(value);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out += text;
}

// "+02:00", "-0330", "Z", "GMT" as "+02:00"; empty when it is none. Zones reach from -12:00 to +14:00.
std::string clean_offset(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view name : {"Z", "z", "GMT", "UTC", "UT"}) {
    if (text == name) return "+00:00";
  }
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return {};
  const char sign = text.front();
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 2);
  take_any(text, ":");
  const bool has_minutes = text.size() == 2;
  const std::optional<int> minutes = has_minutes ? take_number(text, 2) : std::optional<int>(0);
  if (!hours || !minutes || !text.empty() || *minutes > 59 || *hours * 60 + *minutes > 14 * 60) return {};
  std::string out(1, sign);
  append_padded(out, *hours, 2);
  out += ':';
  append_padded(out, *minutes, 2);
  return out;
}

// Takes the digits of a fraction from the front.
std::string_view take_fraction(std::string_view& text) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  const std::string_view digits = text.substr(0, std::min(end, max_fraction_digits));
  text.remove_prefix(end);
  return digits;
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

std::string iso_time(std::string_view text, std::string_view subseconds, std::string_view offset, bool is_xmp) {
  std::string_view rest = trimmed(text);
  const std::optional<int> year = take_number(rest, 4);
  const bool first = take_any(rest, ":-/.");
  const std::optional<int> month = take_number(rest, 2);
  const bool second_separator = take_any(rest, ":-/.");
  const std::optional<int> day = take_number(rest, 2);
  if (!year || !first || !month || !second_separator || !day || !is_date(*year, *month, *day)) return {};
  std::string out = date_text(*year, *month, *day);
  if (rest.empty()) return is_xmp ? out : std::string{};
  // One of Minolta's writes a colon here too.
  if (!take_any(rest, " T:")) return {};
  if (rest.find_first_not_of(" :") == std::string_view::npos) return out;  // left blank: not known
  std::optional<int> hour = take_number(rest, 2);
  // Phones count the hours of a day from 1 (Nokia, LG): theirs is the midnight at which that day began.
  if (hour == 24 && !is_xmp) hour = 0;
  const bool third = take_any(rest, ":");
  const std::optional<int> minute = take_number(rest, 2);
  const std::optional<int> second = take_any(rest, ":") ? take_number(rest, 2) : 0;
  if (!hour || !third || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return {};
  out += clock_text(*hour, *minute, std::min(*second, 59));  // no clock that reads this knows leap seconds
  const std::string_view own_fraction = take_any(rest, ".") ? take_fraction(rest) : std::string_view{};
  std::string_view fraction = take_fraction(subseconds);
  if (fraction.empty()) fraction = own_fraction;
  if (!fraction.empty()) (out += '.') += fraction;
  // Some writers put the zone behind the time itself.
  std::string zone = clean_offset(offset);
  if (zone.empty()) zone = clean_offset(rest);
  return out + zone;
}

constexpr std::size_t date_bytes = 10;
constexpr std::size_t time_bytes = 19;  // without fraction and zone

std::size_t zone_at(std::string_view iso) { return iso.find_first_of("+-", time_bytes); }

}  // namespace

std::string iso_time_from_exif(std::string_view date_time, std::string_view subseconds, std::string_view offset) {
  return iso_time(date_time, subseconds, offset, false);
}

std::string iso_time_from_xmp(std::string_view text) { return iso_time(text, {}, {}, true); }

std::string iso_time_from_iptc(std::string_view date, std::string_view time) {
  // Puts a separator behind every two of the last four digits.
  const auto separated = [](std::string_view text, std::size_t digits) {
    std::string out(text);
    if (out.size() < digits || std::find_if_not(out.begin(), out.begin() + digits, is_digit) != out.begin() + digits)
      return out;
    out.insert(digits - 2, ":");
    out.insert(digits - 4, ":");
    return out;
  };
  const std::string day = separated(date, 8);
  std::string out = iso_time_from_xmp(day + ' ' + separated(time, 6));
  if (out.empty()) return iso_time_from_xmp(day);
  // A zone has to be there. Who does not know it writes +0000; exiv2, and so GIMP, the clock once more.
  if (const std::size_t at = zone_at(out); at != std::string::npos) {
    const std::string_view zone = std::string_view(out).substr(at + 1);
    if (zone == "00:00" || zone == std::string_view(out).substr(date_bytes + 1, zone.size())) out.resize(at);
  }
  return out;
}

std::string iso_time_from_png(std::string_view text) {
  std::string out = iso_time_from_xmp(text);
  if (!out.empty()) return out;
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::string_view rest = trimmed(text);
  // The day of the week is written without its comma too, or in another language.
  rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
  const std::optional<int> day = take_number(rest, 2);
  take_any(rest, " ");
  const std::size_t month = rest.size() >= 3 ? months.find(rest.substr(0, 3)) : std::string_view::npos;
  if (!day || month == std::string_view::npos || month % 3 != 0) return {};
  rest.remove_prefix(3);
  const std::optional<int> year = take_number(rest, 4);
  if (!year) return {};
  return iso_time_from_xmp(date_text(*year, static_cast<int>(month / 3) + 1, *day) + std::string(rest));
}

bool has_clock(std::string_view iso) { return iso.size() > date_bytes; }

bool has_zone(std::string_view iso) { return zone_at(iso) != std::string_view::npos; }

void complete_time(std::string& iso, std::string_view next) {
  if (iso.empty() || (iso.size() == date_bytes && next.substr(0, date_bytes) == iso)) {
    iso = next;
  } else if (!has_zone(iso) && has_zone(next) && next.substr(0, time_bytes) == iso.substr(0, time_bytes)) {
    iso += next.substr(zone_at(next));
  }
}

ExifTime exif_time_from_iso(std::string_view iso) {
  ExifTime time;
  if (iso.size() < date_bytes) return time;
  time.date_time = std::string(iso.substr(0, date_bytes)) + "   :  :  ";
  time.date_time[4] = time.date_time[7] = ':';
  if (iso.size() < time_bytes) return time;
  time.date_time.replace(date_bytes + 1, 8, iso.substr(date_bytes + 1, 8));
  std::string_view rest = iso.substr(time_bytes);
  if (take_any(rest, ".")) time.subseconds = take_fraction(rest);
  time.offset = clean_offset(rest);
  return time;
}

}  // namespace photo_core
