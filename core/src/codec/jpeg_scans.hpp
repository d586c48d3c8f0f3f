// Decodes a Huffman JPEG of several scans (progressive, or sequential one component at a time) side by side: every scan
// keeps its own place in the file, and for each row of MCUs all of them are read in turn. So the coefficients of one
// row are held where the library holds the whole picture's, and they stay in the cache. The library reads every
// header and restart marker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "codec/jpeg_huffman.hpp"
#include "codec/jpeg_idct.hpp"
#include "codec/jpeg_library.hpp"
#include "codec/jpeg_scan.hpp"
#include "codec/jpeg_scan_script.hpp"
#include "codec/jpeg_surplus.hpp"

namespace photo_core {

class JpegScans {
 public:
  // Bytes that decoding holds, an upper bound.
  static std::uint64_t memory_bytes(const jpeg_decompress_struct& state, const JpegScanScript& script);

  // Makes room for the scans. False when memory ran out.
  bool reserve(const JpegScanScript& script);
  // Takes up the scan whose header `state` has just read and passes over its data, to the next marker. False when there
  // are more of them than the script has.
  bool add(jpeg_decompress_struct& state, JpegSource& source);
  // After the last scan, with the components at their scaled size. False when memory ran out.
  bool begin(jpeg_decompress_struct& state, JpegSource& source, JpegErrors& errors);

  // Decodes the next row of MCUs into `targets`, one for each component. Calls into the library (at a restart), so it
  // may leave by its error exit. Damage is noted in the JpegErrors.
  void decode_row(const JpegPlaneTarget* targets);
  // Reads what is left of all scans, for the damage in it alone.
  void read_to_end();
  // Complete behind the last row.
  const JpegSurplus& surplus() const { return surplus_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  template <typename T>
  using Array = std::unique_ptr<T[], Free>;

  // The coefficients of one component in one row of MCUs.
  struct Plane {
    const jpeg_component_info* info;
    IdctKernels kernels;
    bool has_kernels;            // false: quantisation steps too large, the library's function is called
    std::uint32_t blocks_a_row;  // with the padding to whole MCUs
    std::uint32_t rows;
    std::int16_t* blocks;    // 64 coefficients each, in natural order
    std::uint64_t* nonzero;  // for each block a bit for each coefficient that is not zero, by zigzag index
  };

  enum class Process : std::uint8_t { sequential, dc_first, dc_refining, ac_first, ac_refining };

  // A component's part in a scan.
  struct Part {
    int plane;
    std::uint32_t width;  // blocks in an MCU
    std::uint32_t height;
    const JpegHuffmanTable* dc;
    const JpegHuffmanTable* ac;
    int predictor;
  };

  struct Scan {
    Process process;
    std::uint8_t first;  // spectral selection, by zigzag index
    std::uint8_t last;
    std::uint8_t low_bit;  // of the successive approximation
    int part_count;
    Part parts[3];
    std::uint32_t mcus_a_row;
    unsigned restart_interval;
    unsigned restarts_to_go;
    JpegBitReader bits;
    const JOCTET* end;           // of the file
    const JOCTET* marker;        // the one behind the scan's data
    std::uint32_t ended_blocks;  // whose band has ended already
    std::uint32_t seen;          // of entries with codes longer than the lookup
    bool insufficient;           // the segment ended early: nothing until the next restart
    int unread_marker;           // as the library has them while it reads this scan
    int next_restart;
  };

  struct Table {
    JpegHuffmanTable table;
    UINT8 counts[17];
  };

  // A run of MCUs of one row: where the first block of each part is.
  struct Place {
    std::uint32_t block_row;
    std::uint32_t mcu;
    std::uint32_t count;
  };

  const JpegHuffmanTable* table(const JHUFF_TBL& given, JpegSymbols symbols);
  void read_row();
  void read_scan_row(Scan& scan);
  void restart(Scan& scan);
  void decode(Scan& scan, const Place& place);
  template <typename Block>
  void each_block(Scan& scan, const Place& place, Block block);
  bool ends_early(Scan& scan, JpegBitReader& bits);
  std::uint32_t rows_of(const Plane& plane) const;
  void make_samples(Plane& plane, const JpegPlaneTarget& target);

  jpeg_decompress_struct* state_ = nullptr;
  JpegSource* source_ = nullptr;
  JpegErrors* errors_ = nullptr;
  JpegScanScript script_;
  Array<Scan> scans_;
  int scan_count_ = 0;
  Array<Table> tables_;
  int table_count_ = 0;
  Plane planes_[3] = {};
  int plane_count_ = 0;
  Array<std::int16_t> blocks_;
  Array<std::uint64_t> nonzero_;
  std::size_t block_count_ = 0;
  JpegSurplus surplus_;
  std::uint32_t row_ = 0;
};

}  // namespace photo_core
