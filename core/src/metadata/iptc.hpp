// IPTC's data sets, which programs for the press write (IIM 4.2; Adobe Photoshop File Formats, "Image Resource
// Blocks").
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace photo_core {

// The data sets among Photoshop's resources, or `block` itself where it begins with one. Empty when there are none.
ByteView find_iptc(ByteView block);

// When the picture was taken: Date Created and Time Created (2:55, 2:60), else those of its digital form (2:62, 2:63).
// Empty when none says.
std::string iptc_time(ByteView data_sets);

}  // namespace photo_core
