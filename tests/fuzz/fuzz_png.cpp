// PNG: whole decode, strictly and leniently, as given and with every chunk's CRC put right, so that what lies behind
// the checks is reached.
#include <vector>

#include "codec/decoder.hpp"
#include "fuzz.hpp"
#include "fuzz_decoder.hpp"

namespace {

std::uint32_t crc_of(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

}  // namespace

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  using namespace photo_core;
  fuzz_decoder(open_png, {bytes, size});
  std::vector<std::uint8_t> repaired(bytes, bytes + size);
  for (std::size_t at = 8; in_bounds(size, at, 12);) {
    const std::size_t length = read_be32(&repaired[at]);
    if (!in_bounds(size, at + 8, length) || !in_bounds(size, at + 8 + length, 4)) break;
    const std::uint32_t crc = crc_of(&repaired[at + 4], length + 4);
    for (int i = 0; i < 4; ++i) repaired[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    at += 12 + length;
  }
  fuzz_decoder(open_png, repaired);
  return 0;
}
