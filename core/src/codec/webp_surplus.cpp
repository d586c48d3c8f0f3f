#include "codec/webp_surplus.hpp"

#include <algorithm>

#include "src/dec/alphai_dec.h"
#include "src/dec/vp8i_dec.h"
#include "src/dec/vp8li_dec.h"

namespace photo_core {
namespace {

// What a reader of a lossless stream has not begun to read.
ByteView unread(const VP8LBitReader& reader) {
  const std::size_t ahead = static_cast<std::size_t>(64 - std::min(reader.bit_pos_, 64)) / 8;
  return ByteView(reader.buf_, reader.len_).subspan(reader.pos_ - std::min(ahead, reader.pos_));
}

// The same of a lossy one, whose end encoders pad (libvpx by 4 bytes): empty when there is not more than that.
ByteView unread(const VP8BitReader& reader) {
  constexpr std::ptrdiff_t most_padding = 8;
  const std::ptrdiff_t left = reader.buf_end_ - reader.buf_ + std::max(reader.bits_, 0) / 8;
  return left > most_padding ? ByteView(reader.buf_end_ - left, reader.buf_end_) : ByteView{};
}

}  // namespace

ByteView webp_lossless_surplus(const VP8LDecoder& decoder) { return unread(decoder.br_); }

bool webp_lossy_surplus(const VP8Decoder& decoder, ByteView& left) {
  if (!unread(decoder.br_).empty()) return false;
  for (std::uint32_t i = 0; i < decoder.num_parts_minus_one_; ++i) {
    if (!unread(decoder.parts_[i]).empty()) return false;
  }
  left = unread(decoder.parts_[decoder.num_parts_minus_one_]);
  return true;
}

// libwebp forgets where in its data the alpha plane ended, so a compressed one is decoded once more.
bool webp_alpha_surplus(const WebpContainer& container, const VP8Decoder& decoder, const VP8Io& io, ByteView& left) {
  if (container.alpha.size() <= 1) return true;
  constexpr std::uint8_t compression_mask = 3;
  const ByteView data = container.alpha.subspan(1);
  if ((container.alpha[0] & compression_mask) == 0) {
    left = slice(data, std::size_t{container.width_px} * container.height_px);
    return true;
  }
  ALPHDecoder alpha{};
  alpha.width_ = io.width;
  alpha.height_ = io.height;
  alpha.output_ = decoder.alpha_plane_;  // the same samples, before their filter is undone; nobody needs them now
  if (alpha.output_ == nullptr || !VP8InitIo(&alpha.io_)) return false;
  alpha.io_.opaque = &alpha;
  alpha.io_.width = alpha.io_.crop_right = io.width;
  alpha.io_.height = alpha.io_.crop_bottom = io.height;
  const bool decoded = VP8LDecodeAlphaHeader(&alpha, data.data(), data.size()) != 0 &&
                       VP8LDecodeAlphaImageStream(&alpha, io.height) != 0;
  if (decoded) left = unread(alpha.vp8l_dec_->br_);
  VP8LDelete(alpha.vp8l_dec_);
  return decoded;
}

}  // namespace photo_core
