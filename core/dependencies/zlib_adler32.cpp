// zlib's Adler-32, in place of its adler32.c: the same sums with 16 bytes at a time. Over the rows of a picture whose
// deflated data is small it was what took longest but for scaling.
#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" {
#include "zutil.h"
}

namespace {

typedef std::uint8_t Bytes8 __attribute__((vector_size(8)));
typedef std::uint16_t Lanes __attribute__((vector_size(16)));

constexpr std::uint32_t modulus = 65521;  // the largest prime below 65536 (RFC 1950, 8.2)
// 16 rows of 16 bytes: a lane of what is earlier comes to 255 * 15 * 16 / 2 at most, which 16 bits hold.
constexpr std::size_t block_bytes = 256;
// The most blocks until a sum, which begins below the modulus, could pass 32 bits: zlib's NMAX of 5552 bytes.
constexpr std::size_t most_blocks = 5552 / block_bytes;

Lanes load(const Bytef* from) {
  Bytes8 bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, Lanes);
}

struct Sums {
  std::uint32_t bytes;   // 1 and all bytes
  std::uint32_t prefix;  // all values that `bytes` had
};

void add_byte(Sums& sums, Bytef byte) {
  sums.bytes += byte;
  sums.prefix += sums.bytes;
}

// Byte i of a block is in `bytes` from then on: 256 - i times in `prefix`. That is 16 for each row of 16 bytes that
// follows, and 16 - i % 16 in its own.
void add_block(Sums& sums, const Bytef* data) {
  Lanes low{}, high{}, earlier_low{}, earlier_high{};
  for (std::size_t row = 0; row < block_bytes; row += 16) {
    earlier_low += low;
    earlier_high += high;
    low += load(data + row);
    high += load(data + row + 8);
  }
  std::uint32_t bytes = 0, rows_behind = 0, in_row = 0;
  for (std::uint32_t lane = 0; lane < 8; ++lane) {
    bytes += std::uint32_t{low[lane]} + high[lane];
    rows_behind += std::uint32_t{earlier_low[lane]} + earlier_high[lane];
    in_row += (16 - lane) * low[lane] + (8 - lane) * high[lane];
  }
  sums.prefix += static_cast<std::uint32_t>(block_bytes) * sums.bytes + 16 * rows_behind + in_row;
  sums.bytes += bytes;
}

}  // namespace

extern "C" uLong ZEXPORT adler32_z(uLong adler, const Bytef* data, z_size_t size) {
  if (data == Z_NULL) return 1;
  Sums sums{static_cast<std::uint32_t>(adler & 0xffff), static_cast<std::uint32_t>(adler >> 16 & 0xffff)};
  while (size >= block_bytes) {
    std::size_t blocks = size / block_bytes;
    if (blocks > most_blocks) blocks = most_blocks;
    for (std::size_t i = 0; i < blocks; ++i) add_block(sums, data + i * block_bytes);
    data += blocks * block_bytes;
    size -= blocks * block_bytes;
    sums.bytes %= modulus;
    sums.prefix %= modulus;
  }
  for (; size > 0; --size) add_byte(sums, *data++);
  return uLong{sums.prefix % modulus} << 16 | sums.bytes % modulus;
}

extern "C" uLong ZEXPORT adler32(uLong adler, const Bytef* data, uInt size) { return adler32_z(adler, data, size); }
