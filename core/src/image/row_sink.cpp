#include "image/row_sink.hpp"

#include <cstring>

namespace photo_core {

Status FrameCollector::push(const Band& band) {
  for (int plane = 0; plane < frame_.layout.plane_count(); ++plane) {
    const PlaneRows& rows = band.planes[plane];
    const std::uint32_t height = frame_.layout.plane_height(plane);
    for (std::uint32_t y = rows.first_row; y < rows.first_row + rows.row_count && y < height; ++y) {
      std::memcpy(frame_.row(plane, y), rows.row(y), frame_.layout.plane_width(plane));
    }
  }
  return {};
}

Status Tee::push(const Band& band) {
  for (RowSink* sink : sinks_) {
    if (Status status = sink->push(band); !status) return status;
  }
  return {};
}

}  // namespace photo_core
