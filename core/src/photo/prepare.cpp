#include <photo_core/prepare.hpp>

#include <utility>

#include "photo/inspect.hpp"
#include "photo/plan.hpp"

namespace photo_core {

Result<PhotoProbe> probe_photo(std::span<const std::uint8_t> source, const ProbeOptions& options) {
  auto inspected = inspect_source(
      source, {options.gps, options.claimed_type, options.strict_type, options.max_pixels, options.max_source_bytes});
  if (!inspected) return std::move(inspected).error();
  PhotoProbe probe = describe(inspected.value());
  PrepareOptions defaults;
  defaults.max_heap_bytes = options.max_heap_bytes;
  const ImageInfo& info = inspected->decoder->info();
  const Geometry geometry = as_stored(plan_geometry({probe.width_px, probe.height_px}, defaults), probe.orientation);
  const MemoryPlan plan = plan_memory(info, source.size(), geometry, probe.orientation, defaults);
  if (Status status = check_budget(plan, info, defaults); !status) return std::move(status).error();
  probe.heap_bytes = plan.total();
  return probe;
}

Result<PreparedPhoto> prepare_photo(std::span<const std::uint8_t> source, const PrepareOptions& options) {
  Preparation preparation(source, options);
  while (preparation.step()) {
  }
  return preparation.take();
}

Result<PreparedPhoto> prepare_pixels(std::span<const std::uint8_t> rgba, std::uint32_t width_px,
                                     std::uint32_t height_px, const PrepareOptions& options) {
  Preparation preparation(rgba, width_px, height_px, options);
  while (preparation.step()) {
  }
  return preparation.take();
}

}  // namespace photo_core
