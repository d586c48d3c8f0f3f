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

// Collects a whole picture. Rows of each plane must come in order: a plane is as long as what has come of it, so that
// memory is neither zeroed before it is written nor seen when it never is.
class FrameCollector final : public RowSink {
 public:
  explicit FrameCollector(const PlaneLayout& layout);
  Status push(const Band& band) override;
  const PlaneLayout& layout() const { return frame_.layout; }
  // The whole picture; rows that have not come are 0.
  Frame& frame();

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
