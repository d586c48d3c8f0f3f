#include "metadata/zlib_stream.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <zlib.h>

#include "base/buffer.hpp"

namespace photo_core {
namespace {

// zlib counts in 32 bits.
constexpr std::size_t max_step_bytes = 1U << 30;

void set_input(z_stream& stream, ByteView bytes) {
  // zlib's next_in is not const in every configuration, but it never writes there.
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(std::min(bytes.size(), max_step_bytes));
}

}  // namespace

std::optional<Bytes> inflate_bounded(ByteView compressed, std::size_t max_bytes) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  set_input(stream, compressed);
  Bytes out;
  int state = Z_OK;
  while (state == Z_OK) {
    const std::size_t done = out.size();
    if (done >= max_bytes) break;
    const std::size_t step = std::min(max_bytes - done, std::max<std::size_t>(done, 16 * 1024));
    out.resize(done + step);
    stream.next_out = out.data() + done;
    stream.avail_out = static_cast<uInt>(step);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(done + step - stream.avail_out);
    if (state == Z_OK && out.size() == done) break;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) return std::nullopt;
  return out;
}

Bytes deflated(ByteView bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  if (!can_allocate(size)) return {};
  Bytes out(size);
  if (compress2(out.data(), &size, bytes.data(), static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION) != Z_OK)
    size = 0;
  out.resize(size);
  return out;
}

ZlibEndFinder::ZlibEndFinder() {
  auto stream = std::make_unique<z_stream>();
  *stream = z_stream{};
  if (inflateInit(stream.get()) == Z_OK) state_ = stream.release();
}

ZlibEndFinder::~ZlibEndFinder() {
  if (state_ == nullptr) return;
  const std::unique_ptr<z_stream> stream(static_cast<z_stream*>(state_));
  inflateEnd(stream.get());
}

std::optional<std::size_t> ZlibEndFinder::take(ByteView piece, std::uint64_t max_bytes) {
  if (state_ == nullptr) return std::nullopt;
  if (ended_ || piece.empty()) return 0;
  z_stream& stream = *static_cast<z_stream*>(state_);
  std::array<std::uint8_t, 32 * 1024> discarded;
  std::size_t taken = 0;
  while (taken < piece.size()) {
    const ByteView rest = piece.subspan(taken);
    set_input(stream, rest);
    const uInt given = stream.avail_in;
    stream.next_out = discarded.data();
    stream.avail_out = static_cast<uInt>(discarded.size());
    const int state = inflate(&stream, Z_NO_FLUSH);
    taken += given - stream.avail_in;
    inflated_bytes_ += discarded.size() - stream.avail_out;
    if (inflated_bytes_ > max_bytes) return std::nullopt;
    if (state == Z_STREAM_END) {
      ended_ = true;
      return taken;
    }
    if (state != Z_OK && state != Z_BUF_ERROR) return std::nullopt;
    // Output space is new each time, so no progress at all means a broken stream.
    if (given == stream.avail_in && stream.avail_out == discarded.size()) return std::nullopt;
  }
  return taken;
}

std::uint32_t crc32_of(ByteView bytes, std::uint32_t crc) {
  uLong value = crc;
  while (!bytes.empty()) {
    const std::size_t step = std::min(bytes.size(), max_step_bytes);
    value = crc32(value, bytes.data(), static_cast<uInt>(step));
    bytes = bytes.subspan(step);
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace photo_core
