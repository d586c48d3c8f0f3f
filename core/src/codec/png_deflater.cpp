#include "codec/png_deflater.hpp"

#include <algorithm>
#include <cstring>

namespace photo_core {
namespace {

constexpr int deflate_level = 6;
// How far matches are looked for in true colour: a quarter of the level's own. Three photos and three screenshots take
// two thirds of the time and 1.015 of the bytes.
constexpr int longest_chain = 32;
constexpr int estimated_chain = 4;
// Filtered photos have runs but hardly a match: without looking for any they are deflated in an eighth of the time and,
// the shorter codes unspent, often into less. So pieces are tried both ways, one in so many.
constexpr std::size_t piece_bytes = 65'536;
constexpr std::uint32_t pieces_a_trial = 16;
constexpr double worth_searching = 0.98;  // of the bytes without
constexpr std::size_t output_block_bytes = 32'768;

}  // namespace

PngDeflater::~PngDeflater() {
  if (is_deflating_) deflateEnd(&stream_);
}

// False without memory.
bool PngDeflater::start_deflating(z_stream& stream, int strategy) const {
  stream = {};
  if (deflateInit2(&stream, deflate_level, Z_DEFLATED, 15, 8, strategy) != Z_OK) return false;
  if (is_estimate_) {
    deflateTune(&stream, 4, 16, 32, estimated_chain);
  } else if (strategy != Z_DEFAULT_STRATEGY) {
    deflateTune(&stream, 8, 16, 128, longest_chain);
  }
  return true;
}

bool PngDeflater::begin(Rows rows, std::size_t row_bytes, bool is_estimate) {
  is_estimate_ = is_estimate;
  const bool is_filtered = rows == Rows::filtered;
  strategy_ = is_filtered ? Z_FILTERED : Z_DEFAULT_STRATEGY;
  is_deflating_ = (!is_filtered || piece_.allocate(std::max(piece_bytes, row_bytes))) &&
                  block_.allocate(output_block_bytes) && start_deflating(stream_, strategy_);
  return is_deflating_;
}

bool PngDeflater::add_row(ByteView row) {
  if (piece_.size() == 0) return deflate_bytes(row, Z_NO_FLUSH);
  if (piece_.size() - piece_size_ < row.size() && !deflate_piece()) return false;
  std::memcpy(piece_.data() + piece_size_, row.data(), row.size());
  piece_size_ += row.size();
  return true;
}

bool PngDeflater::finish() { return (piece_.size() == 0 || deflate_piece()) && deflate_bytes({}, Z_FINISH); }

// Deflates the filtered rows of `piece_`.
bool PngDeflater::deflate_piece() {
  const ByteView piece(piece_.data(), piece_size_);
  piece_size_ = 0;
  if (pieces_++ % pieces_a_trial == 0 && !choose_strategy(piece)) return false;
  return deflate_bytes(piece, Z_NO_FLUSH);
}

bool PngDeflater::choose_strategy(ByteView piece) {
  const std::size_t searched = deflated_size(piece, Z_FILTERED), runs = deflated_size(piece, Z_RLE);
  const bool is_worth_it = static_cast<double>(searched) < worth_searching * static_cast<double>(runs);
  const int strategy = is_worth_it ? Z_FILTERED : Z_RLE;
  if (strategy == strategy_) return true;
  strategy_ = strategy;
  int code = Z_BUF_ERROR;  // what was taken and not yet written is written first
  while (code == Z_BUF_ERROR && writer_.ok()) {
    stream_.next_out = block_.data();
    stream_.avail_out = output_block_bytes;
    code = deflateParams(&stream_, deflate_level, strategy);
    writer_.body({block_.data(), output_block_bytes - stream_.avail_out});
  }
  return code == Z_OK;
}

// 0 without memory.
std::size_t PngDeflater::deflated_size(ByteView piece, int strategy) {
  z_stream stream;
  if (!start_deflating(stream, strategy)) return 0;
  stream.next_in = const_cast<Bytef*>(piece.data());
  stream.avail_in = static_cast<uInt>(piece.size());
  do {
    stream.next_out = block_.data();
    stream.avail_out = output_block_bytes;
  } while (deflate(&stream, Z_FINISH) == Z_OK);
  const auto size = static_cast<std::size_t>(stream.total_out);
  deflateEnd(&stream);
  return size;
}

bool PngDeflater::deflate_bytes(ByteView data, int flush) {
  stream_.next_in = const_cast<Bytef*>(data.data());
  stream_.avail_in = static_cast<uInt>(data.size());
  do {
    stream_.next_out = block_.data();
    stream_.avail_out = output_block_bytes;
    if (deflate(&stream_, flush) == Z_STREAM_ERROR) return false;  // never: its memory was had at the beginning
    writer_.body({block_.data(), output_block_bytes - stream_.avail_out});
  } while (stream_.avail_out == 0);
  return writer_.ok();
}

}  // namespace photo_core
