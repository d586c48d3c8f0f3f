// Telling a file's type from any bytes.
#include <cstdlib>

#include "codec/sniff.hpp"
#include "fuzz.hpp"

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  const photo_core::FileType type = photo_core::sniff({bytes, size});
  if (photo_core::file_type_name(type).empty() || photo_core::file_type_mime(type).empty()) std::abort();
  return 0;
}
