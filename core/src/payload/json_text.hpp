// The words of JSON: numbers and strings as they are written, and pointers into a document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace photo_core {

// RFC 8259, section 6. On-Demand hands over whatever stands between two structural characters.
bool is_json_number(std::string_view token);

// Characters of a JSON number's token as PostgreSQL's numeric writes it, 0 when it holds no such number: at most 131
// 072 digits before the point and 16 383 after it.
std::uint64_t numeric_characters(std::string_view number);

// Appends to `out` the string whose first character is at `p`; simdjson's stage 1 must have seen that it is closed,
// UTF-8 and free of control characters. False when an escape is none; `invalid` becomes true when the text is one that
// PostgreSQL cannot store (U+0000 or a lone surrogate, which becomes U+FFFD).
bool decode_json_string(const char* p, std::string& out, bool& invalid);

// Appends `name` to a JSON pointer, `~` and `/` escaped (RFC 6901, section 3).
void append_pointer(std::string& pointer, std::string_view name);

// Appends a text in quotes, escaped as JSON asks.
void append_json_string(std::string& out, std::string_view text);

}  // namespace photo_core
