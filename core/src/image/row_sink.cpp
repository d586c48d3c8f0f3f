#include "image/row_sink.hpp"

#include <cstdint>
#include <vector>

namespace photo_core {

namespace {

std::size_t sample_count(const PlaneLayout& layout, int plane) {
  return std::size_t{layout.plane_width(plane)} * layout.plane_height(plane);
}

}  // namespace

FrameCollector::FrameCollector(const PlaneLayout& layout) {
  frame_.layout = layout;
  for (int plane = 0; plane < layout.plane_count(); ++plane) frame_.planes[plane].reserve(sample_count(layout, plane));
}

Status FrameCollector::push(const Band& band) {
  for (int plane = 0; plane < frame_.layout.plane_count(); ++plane) {
    const PlaneRows& rows = band.planes[plane];
    std::vector<std::uint8_t>& samples = frame_.planes[plane];
    const std::size_t width = frame_.layout.plane_width(plane);
    const std::uint32_t height = frame_.layout.plane_height(plane);
    for (std::uint32_t y = rows.first_row; y < rows.first_row + rows.row_count && y < height; ++y) {
      samples.resize(y * width);  // where it ends already, unless rows are missing
      samples.insert(samples.end(), rows.row(y), rows.row(y) + width);
    }
  }
  return {};
}

Frame& FrameCollector::frame() {
  const PlaneLayout& layout = frame_.layout;
  for (int plane = 0; plane < layout.plane_count(); ++plane) frame_.planes[plane].resize(sample_count(layout, plane));
  return frame_;
}

Status Tee::push(const Band& band) {
  for (RowSink* sink : sinks_) {
    if (Status status = sink->push(band); !status) return status;
  }
  return {};
}

}  // namespace photo_core
