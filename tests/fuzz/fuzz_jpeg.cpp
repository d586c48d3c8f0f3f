// The JPEG decoder at one scale, strictly and leniently: rows without gaps, sizes as announced, whatever the bytes.
#include "fuzz.hpp"

#include <cstdlib>

#include "codec/decoder.hpp"

namespace {

using namespace photo_core;

void decode(ByteView bytes, const DecodeRequest& request) {
  auto opened = open_jpeg(bytes);
  if (!opened.ok()) return;
  Decoder& decoder = **opened;
  const ImageInfo& info = decoder.info();
  if (info.width_px == 0 || info.height_px == 0) std::abort();
  if (std::uint64_t{info.width_px} * info.height_px > 2'000'000 || info.decode_bytes > 64u << 20) return;
  auto layout = decoder.start(request);
  if (!layout.ok()) return;
  std::uint32_t rows[max_planes] = {};
  for (;;) {
    auto band = decoder.next();
    if (!band.ok()) return;
    bool any = false;
    unsigned sum = 0;
    for (int plane = 0; plane < layout->plane_count(); ++plane) {
      const PlaneRows& part = band->planes[static_cast<unsigned>(plane)];
      if (part.row_count == 0) continue;
      any = true;
      if (part.first_row != rows[plane]) std::abort();
      rows[plane] += part.row_count;
      for (std::uint32_t y = part.first_row; y < rows[plane]; ++y) {
        sum += part.row(y)[0];
        sum += part.row(y)[layout->plane_width(plane) - 1];
      }
    }
    [[maybe_unused]] static volatile unsigned sink;
    sink = sum;
    if (!any) break;
  }
  for (int plane = 0; plane < layout->plane_count(); ++plane) {
    if (rows[plane] != layout->plane_height(plane)) std::abort();
  }
  if (decoder.consumed_bytes() > bytes.size()) std::abort();
}

}  // namespace

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  const ByteView view(bytes, size);
  // The last byte chooses; what the file says it is not asked.
  const unsigned choice = size > 0 ? bytes[size - 1] : 0;
  DecodeRequest request;
  request.scale_eighths = 1 + choice % 8;
  request.raw_cmyk = (choice & 8) != 0;
  request.full_chroma = (choice & 16) != 0;
  decode(view, request);
  request.allow_truncated = true;
  decode(view, request);
  return 0;
}
