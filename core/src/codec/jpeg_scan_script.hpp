// The order of a JPEG's scans as its markers tell it, found without decoding: where each scan's data ends, and whether
// all of them can be decoded side by side.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "codec/jpeg_library.hpp"

namespace photo_core {

struct JpegScanScript {
  static constexpr int most_scans = 64;
  static constexpr int most_tables = 64;

  // 0 when the scans cannot be decoded side by side: the file is cut or unusual, or leaves coefficients unknown, which
  // the library then estimates.
  int scan_count = 0;
  int table_count = 0;                   // at most so many Huffman tables are in use
  std::size_t bytes_behind[most_scans];  // from the marker that ends each scan's data to the end of the file
};

// `state` has read the header up to the first scan, whose data begins at `first_data` in `source`.
JpegScanScript read_scan_script(const jpeg_decompress_struct& state, ByteView source, std::size_t first_data);

}  // namespace photo_core
