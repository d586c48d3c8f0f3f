// What every decoder promises, tried on one input.
#pragma once

#include <cstdlib>

#include "codec/decoder.hpp"

namespace photo_core {

inline void fuzz_decoder(Result<std::unique_ptr<Decoder>> (*open)(ByteView), ByteView source) {
  for (const bool allow_truncated : {false, true}) {
    const auto decoder = open(source);
    if (!decoder) return;
    const ImageInfo& info = (*decoder)->info();
    if (info.width_px == 0 || info.height_px == 0) std::abort();
    // Small enough for thousands of pictures a second; the pipeline refuses at its own limit in the same place.
    if (std::uint64_t{info.width_px} * info.height_px > 4'000'000) return;
    DecodeRequest request;
    request.allow_truncated = allow_truncated;
    const auto layout = (*decoder)->start(request);
    if (!layout) continue;
    std::uint32_t next_row = 0;
    unsigned sum = 0;
    for (;;) {
      const auto band = (*decoder)->next();
      if (!band) break;
      const PlaneRows& first = band->planes[0];
      if (first.row_count == 0) {
        if (next_row != layout->height_px) std::abort();
        break;
      }
      if (first.first_row != next_row || first.row_count > layout->height_px - next_row) std::abort();
      for (int plane = 0; plane < layout->plane_count(); ++plane) {
        const PlaneRows& rows = band->planes[plane];
        for (std::uint32_t y = rows.first_row; y < rows.first_row + rows.row_count; ++y) {
          for (std::uint32_t x = 0; x < layout->plane_width(plane); ++x) sum += rows.row(y)[x];
        }
      }
      next_row += first.row_count;
    }
    // Every sample was read: an unset one is seen by the sanitizer.
    if (sum == 0xdeadbeef) std::abort();
    if ((*decoder)->consumed_bytes() > source.size()) std::abort();
  }
}

}  // namespace photo_core
