// Rows flow one way: each stage takes bands and hands bands to the next.
#pragma once

#include <photo_core/result.hpp>

#include "image/planes.hpp"

namespace photo_core {

class RowSink {
 public:
  virtual ~RowSink() = default;
  // The next rows of every plane. The band is valid during the call only.
  virtual Status push(const Band& band) = 0;
};

// Collects a whole picture. Rows of each plane must come in order.
class FrameCollector final : public RowSink {
 public:
  explicit FrameCollector(const PlaneLayout& layout) { frame_.allocate(layout); }
  Status push(const Band& band) override;
  Frame& frame() { return frame_; }

 private:
  Frame frame_;
};

// Hands every band to several sinks.
class Tee final : public RowSink {
 public:
  void add(RowSink* sink) { sinks_.push_back(sink); }
  Status push(const Band& band) override;

 private:
  std::vector<RowSink*> sinks_;
};

}  // namespace photo_core
