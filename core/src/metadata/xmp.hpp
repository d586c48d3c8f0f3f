// XMP packets, read as text: simple properties by their usual prefixes (XMP specification, parts 1 and 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace photo_core {

// The packet in UTF-8: as it is, or in `storage` where it is written in UTF-16 (XMP specification, part 1, 7.1), its
// first MiB of characters. `packet` may lie in `storage`.
ByteView packet_in_utf8(ByteView packet, Bytes& storage);

// The value of a simple property ("exif:FNumber"), as an attribute or an element; of an array its first item. Entities
// are resolved. Empty when absent, or longer with its tags than properties are. Only the first MiB of the packet is
// looked at.
std::string xmp_property(ByteView packet, std::string_view name);

// "28/10" or "2.8"; nullopt otherwise and for a zero denominator.
std::optional<double> xmp_number(std::string_view text);

// "39,54.9834N" or "39,54,59N" in decimal degrees with the sign of its letter; nullopt when it is none.
// `positive` and `negative` are the letters allowed ('N' and 'S', or 'E' and 'W').
std::optional<double> xmp_degrees(std::string_view text, char positive, char negative);

// Whether the packet speaks of a gain map: Ultra HDR (hdrgm, GContainer) or Apple's auxiliary picture.
bool xmp_names_gain_map(ByteView packet);

}  // namespace photo_core
