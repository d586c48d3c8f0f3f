// The first look: what the header and the metadata of a source tell, and whether it must be refused already.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <photo_core/probe.hpp>
#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "codec/decoder.hpp"
#include "codec/sniff.hpp"
#include "image/colour.hpp"
#include "metadata/metadata.hpp"

namespace photo_core {

struct Inspected {
  FileType type = FileType::unknown;
  std::unique_ptr<Decoder> decoder;  // opened, not started
  MetadataBlocks blocks;
  ProfileInfo profile;
  int orientation = 1;
  CaptureData capture;
  std::vector<WarningCode> warnings;  // type_mismatch, animation_dropped, gain_map_dropped
};

struct InspectOptions {
  bool gps = false;
  std::string_view claimed_type;
  bool strict_type = false;
  std::uint64_t max_pixels = 0;        // 0: the contract's
  std::uint64_t max_source_bytes = 0;  // likewise
};

// Reads headers and metadata only. `source` must outlive the result. Errors: those of probe_photo but the heap budget.
Result<Inspected> inspect_source(ByteView source, const InspectOptions& options);

// The facts as the public API gives them; heap_bytes is left at 0.
PhotoProbe describe(const Inspected& inspected);

}  // namespace photo_core
