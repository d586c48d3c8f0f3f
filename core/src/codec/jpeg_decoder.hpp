// The JPEG decoder: libjpeg-turbo's headers and our own scan loops or its own, their rows given as planes in the file's
// own sampling wherever that is possible.
#pragma once

#include <cstdlib>
#include <memory>

#include "codec/decoder.hpp"
#include "codec/jpeg_library.hpp"
#include "codec/jpeg_scan.hpp"
#include "codec/jpeg_scans.hpp"

namespace photo_core {

// Memory that is checked for, not assumed: an allocation that fails is an error value here, not a trap.
struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
using SampleBuffer = std::unique_ptr<std::uint8_t, FreeDeleter>;

inline SampleBuffer allocate_samples(std::size_t size) {
  return SampleBuffer(static_cast<std::uint8_t*>(std::calloc(size, 1)));
}

class JpegDecoder final : public Decoder {
 public:
  JpegDecoder() = default;
  ~JpegDecoder() override;
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // Reads up to the first scan, and the markers behind it in a file of several. Once, before anything else.
  Status open(ByteView source);

  const ImageInfo& info() const override { return info_; }
  Result<PlaneLayout> start(const DecodeRequest& request) override;
  Result<Band> next() override;
  std::size_t consumed_bytes() const override { return consumed_bytes_; }
  bool find_surplus(ByteRanges& out) const override;
  bool was_cut() const override { return source_.hit_end || errors_.premature_end; }

 private:
  // How the library's output becomes planes.
  enum class Output : std::uint8_t {
    raw,        // component planes as they are stored
    scanlines,  // interleaved rows in output_space, taken apart
    cmyk        // interleaved ink rows, inverted as stored, to rgb
  };

  void fill_info();
  bool stored_planes_fit() const;
  Status begin_raw();
  Status begin_scanlines();
  Result<Band> next_raw();
  Result<Band> next_scanlines();
  void separate_row(std::uint32_t row);
  Status verdict();
  Status finish();

  static void watch_scans(j_common_ptr state);
  static int take_scan(j_decompress_ptr state);

  jpeg_decompress_struct state_{};
  JpegErrors errors_{};
  JpegSource source_{};
  jpeg_progress_mgr progress_{};
  bool created_ = false;
  bool started_ = false;
  bool finished_ = false;
  ByteView bytes_;
  std::size_t consumed_bytes_ = 0;
  ImageInfo info_;
  DecodeRequest request_;
  PlaneLayout layout_;
  Output output_ = Output::raw;
  int counted_scans_ = 0;
  std::uint64_t scan_work_ = 0;
  JpegScan scan_;
  bool use_scan_ = false;
  JpegScanScript script_;  // of a file whose scans are decoded side by side, else empty
  JpegScans scans_;
  std::uint32_t next_row_ = 0;  // of the first plane
  // The band: for each plane the rows of one call, `stride_` bytes apart.
  static constexpr std::uint32_t scanline_band_rows = 16;
  SampleBuffer samples_[max_planes];
  std::size_t stride_[max_planes] = {};
  SampleBuffer interleaved_;
  JSAMPROW rows_[max_planes][4 * DCTSIZE] = {};
};

}  // namespace photo_core
