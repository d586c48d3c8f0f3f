// What a progressive scan is prepared with (core/dependencies/libjpeg_turbo_progression.c) against libjpeg-turbo's
// words for it: magnitudes after the point transform, which of them are not zero, their signs, the last that became
// one.
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#define JPEG_INTERNALS
extern "C" {
#include <jpeglib.h>

#include <jsimd.h>  // needs the types of the one above
}

namespace {

// Bit k of masks that are one word, or two where a word has 32 bits.
bool bit(const std::size_t* words, std::size_t k) {
  constexpr std::size_t word_bits = 8 * sizeof(std::size_t);
  return words[k / word_bits] >> (k % word_bits) & 1;
}

}  // namespace

TEST_CASE("a progressive scan's coefficients are prepared as the library does", "[jpeg][kernels]") {
  if (!jsimd_can_encode_mcu_AC_first_prepare()) SKIP("the library's own code runs here");
  std::mt19937 random(1);
  std::array<int, 64> order;
  for (std::size_t i = 0; i < 64; ++i) order[i] = static_cast<int>((i * 37 + 5) % 64);  // any order will do
  for (int round = 0; round < 4000; ++round) {
    const int first = 1 + static_cast<int>(random() % 63), count = 1 + static_cast<int>(random() % (64u - first));
    const int shift = static_cast<int>(random() % 4);
    std::array<JCOEF, 64> block;
    for (JCOEF& value : block) {
      const int limit = round % 3 == 0 ? 3 : round % 3 == 1 ? 40 : 32767;
      value = static_cast<JCOEF>(static_cast<int>(random() % (2u * limit + 1)) - limit);
      if (random() % 3 == 0) value = 0;
    }
    std::array<UJCOEF, 128> values{}, magnitudes{};
    constexpr std::size_t words = 8 / sizeof(std::size_t);
    std::array<std::size_t, 2 * words> first_bits{}, refine_bits{};
    jsimd_encode_mcu_AC_first_prepare(block.data(), order.data() + first, count, shift, values.data(),
                                      first_bits.data());
    const int last_one = jsimd_encode_mcu_AC_refine_prepare(block.data(), order.data() + first, count, shift,
                                                            magnitudes.data(), refine_bits.data());
    int expected_last = 0;
    bool same = true;
    for (std::size_t k = 0; k < 64; ++k) {
      const int value = k < static_cast<std::size_t>(count) ? block[static_cast<std::size_t>(order[first + k])] : 0;
      const int magnitude = std::abs(value) >> shift;
      same = same && bit(first_bits.data(), k) == (magnitude != 0) && bit(refine_bits.data(), k) == (magnitude != 0);
      if (magnitude == 1) expected_last = static_cast<int>(k);
      if (magnitude == 0) continue;
      same = same && values[k] == magnitude && magnitudes[k] == magnitude;
      same = same && values[k + 64] == static_cast<UJCOEF>(value < 0 ? ~magnitude : magnitude);
      same = same && bit(refine_bits.data() + words, k) == (value > 0);
    }
    INFO("round " << round << ", " << count << " from " << first << ", shifted by " << shift);
    CHECK(same);
    CHECK(last_one == expected_last);
  }
}
