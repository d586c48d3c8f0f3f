// Decodes the one scan of a sequential Huffman JPEG straight to planes: the library's entropy decoder and its loop over
// blocks in one, with wider tables, a 64-bit bit buffer on every platform and the vector kernels. Restart markers and
// everything around the scan stay with the library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/jpeg_huffman.hpp"
#include "codec/jpeg_idct.hpp"
#include "codec/jpeg_library.hpp"
#include "codec/jpeg_surplus.hpp"

namespace photo_core {

// Where the blocks of one component go: rows of one row of MCUs.
struct JpegPlaneTarget {
  std::uint8_t* samples;
  std::size_t stride;
};

class JpegScan {
 public:
  // Whether the file, its header read and decompression started, is one this can decode.
  static bool can_decode(const jpeg_decompress_struct& state);

  // Builds the tables. False when memory ran out. Components are made at the size that `state` has for them.
  bool begin(jpeg_decompress_struct& state, JpegSource& source, JpegErrors& errors);
  ~JpegScan();
  JpegScan() = default;
  JpegScan(const JpegScan&) = delete;
  JpegScan& operator=(const JpegScan&) = delete;

  // Decodes the next row of MCUs into `targets`, one for each component in the frame's order. Calls into the library
  // (at a restart), so it may leave by its error exit. Damage is noted in the JpegErrors; what cannot be decoded
  // becomes mid-gray.
  void decode_row(const JpegPlaneTarget* targets);
  // Complete behind the last row. Offsets are from the file's first byte.
  const JpegSurplus& surplus() const { return surplus_; }

 private:
  struct Component {
    const jpeg_component_info* info;
    IdctKernels kernels;
    bool has_kernels;  // false: quantisation steps too large, the library's function is called
    const std::uint16_t* steps;
    int size;                 // samples a side of a block
    std::uint32_t mcu_width;  // blocks
    std::uint32_t mcu_height;
    const JpegHuffmanTable* dc;
    const JpegHuffmanTable* ac;
    int predictor;
  };

  void restart();
  void finish_block(const Component& component, int last, std::uint8_t* out, std::size_t stride);

  jpeg_decompress_struct* state_ = nullptr;
  JpegSource* source_ = nullptr;
  JpegErrors* errors_ = nullptr;
  Component components_[3] = {};
  int component_count_ = 0;
  bool dc_only_ = false;
  JpegHuffmanTable* tables_ = nullptr;  // those in use, at most two classes of four
  JpegBitReader bits_{};
  unsigned restarts_to_go_ = 0;
  JpegSurplus surplus_;
  bool insufficient_ = false;  // the segment ended early: gray until the next restart
  // One block, and room for what a damaged run writes past its end.
  alignas(16) std::int16_t block_[64 + 16] = {};
};

}  // namespace photo_core
