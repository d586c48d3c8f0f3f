// SHA-256 (FIPS 180-4), for where the platform has no cryptography of its own at hand.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace photo_core {

// The 32 bytes of the digest, most significant first. Allocates nothing.
std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);
// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::uint8_t> bytes);

}  // namespace photo_core
