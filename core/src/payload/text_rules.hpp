// The rules of single texts, as PostgreSQL reads them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace photo_core {

// Code points of valid UTF-8, what char_length and varchar(n) count.
std::size_t count_characters(std::string_view text);

// The first `count` code points.
std::string_view first_characters(std::string_view text, std::size_t count);

// Whether nothing but the contract's blank characters is there; true for an empty text.
bool is_blank(std::string_view text);

// A UUID in any spelling that uuid_in takes (upper case, braces, a hyphen or none after each four digits), put into
// PostgreSQL's own; empty when it is none.
std::string canonical_uuid(std::string_view text);

// Whether the text is `folders` lower-case UUIDs and a file name, joined by slashes.
bool is_object_path(std::string_view text, int folders);

// The folder of that index of a storage path.
inline std::string_view path_folder(std::string_view path, std::size_t index) { return path.substr(index * 37, 36); }

// Whether the text is an https address of printable ASCII.
bool is_https_url(std::string_view text);

bool is_time_zone(std::string_view text);

}  // namespace photo_core
