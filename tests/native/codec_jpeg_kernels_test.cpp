// The JPEG kernels against libjpeg-turbo's C functions, bit for bit, with usual, extreme and hostile blocks.
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#define JPEG_INTERNALS
extern "C" {
#include <jpeglib.h>

#include <jdct.h>  // needs the types of the one above
}
#undef JPEG_INTERNALS
#undef MAX
#undef MIN

#include "codec/jpeg_fdct.hpp"
#include "codec/jpeg_idct.hpp"

namespace {

using photo_core::IdctKernel;
using photo_core::IdctKernels;

using Block = std::array<std::int16_t, 64>;
using Table = std::array<std::uint16_t, 64>;

constexpr int zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
                            41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
                            30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// The library's function with just as much of its state as it reads.
class Reference {
 public:
  Reference() {
    // The table that limits samples (jdmaster.c, prepare_range_limit_table).
    JSAMPLE* table = limits_.data() + 256;
    for (int i = 0; i < 256; ++i) table[i] = static_cast<JSAMPLE>(i);
    for (int i = 128; i < 512; ++i) table[128 + i] = 255;
    for (int i = 0; i < 128; ++i) table[128 + 1024 - 128 + i] = static_cast<JSAMPLE>(i);
    state_.sample_range_limit = table;
    component_.dct_table = steps_.data();
  }

  std::vector<std::uint8_t> operator()(int size, const Block& block, const Table& table) {
    for (int i = 0; i < 64; ++i)
      steps_[static_cast<std::size_t>(i)] = static_cast<ISLOW_MULT_TYPE>(table[static_cast<std::size_t>(i)]);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(size * size));
    std::array<JSAMPROW, 8> rows{};
    for (int i = 0; i < size; ++i) rows[static_cast<std::size_t>(i)] = out.data() + i * size;
    Block copy = block;
    using Function = void (*)(j_decompress_ptr, jpeg_component_info*, JCOEFPTR, JSAMPARRAY, JDIMENSION);
    constexpr Function functions[8] = {jpeg_idct_1x1, jpeg_idct_2x2, jpeg_idct_3x3, jpeg_idct_4x4,
                                       jpeg_idct_5x5, jpeg_idct_6x6, jpeg_idct_7x7, jpeg_idct_islow};
    functions[size - 1](&state_, &component_, copy.data(), rows.data(), 0);
    return out;
  }

 private:
  jpeg_decompress_struct state_{};
  jpeg_component_info component_{};
  std::array<JSAMPLE, 5 * 256 + 128> limits_{};
  std::array<ISLOW_MULT_TYPE, 64> steps_{};
};

// The kernel's block, and that it wrote nothing but the block and its permitted overrun. Empty when it declined.
std::vector<std::uint8_t> run(IdctKernel kernel, int size, const Block& block, const Table& table) {
  constexpr std::size_t stride = 32;
  constexpr std::size_t margin = 4;
  std::vector<std::uint8_t> area(stride * 10, 0xa5);
  std::uint8_t* first = area.data() + stride + margin;
  if (!kernel(block.data(), table.data(), first, stride)) return {};
  std::vector<std::uint8_t> out;
  bool kept = true;
  for (int y = -1; y < 9; ++y) {
    for (int x = -static_cast<int>(margin); x < static_cast<int>(stride - margin); ++x) {
      const std::uint8_t value = first[y * static_cast<int>(stride) + x];
      const bool in_rows = y >= 0 && y < size;
      if (in_rows && x >= 0 && x < size) {
        out.push_back(value);
      } else if (!in_rows || x < 0 || x >= size + static_cast<int>(photo_core::idct_overrun_bytes)) {
        kept = kept && value == 0xa5;
      }
    }
  }
  CHECK(kept);
  return out;
}

struct Tally {
  int same = 0, different = 0, declined = 0;
  void count(Reference& reference, IdctKernel kernel, int size, const Block& block, const Table& table) {
    const auto got = run(kernel, size, block, table);
    if (got.empty()) {
      ++declined;
    } else {
      ++(got == reference(size, block, table) ? same : different);
    }
  }
};

int last_set(const Block& block) {
  int last = 0;
  for (int k = 0; k < 64; ++k) {
    if (block[static_cast<std::size_t>(zigzag[k])] != 0) last = k;
  }
  return last;
}

}  // namespace

TEST_CASE("inverse DCT kernels give the library's bits for blocks as photos have them", "[jpeg][kernels]") {
  std::mt19937 random(1);
  Reference reference;
  for (int size = 1; size <= 8; ++size) {
    const IdctKernels& kernels = photo_core::idct_kernels(size);
    Tally tally;
    for (int round = 0; round < 6000; ++round) {
      Table table;
      const unsigned coarsest = 1 + random() % 60;
      for (auto& step : table) step = static_cast<std::uint16_t>(1 + random() % coarsest);
      Block block{};
      block[0] = static_cast<std::int16_t>((static_cast<int>(random() % 2049) - 1024) / table[0]);
      const unsigned count = random() % (round % 3 == 0 ? 64 : 10);
      for (unsigned k = 1; k <= count; ++k) {
        const int where = zigzag[k];
        const int range = 1 + static_cast<int>(400 / (1 + k)) / table[static_cast<std::size_t>(where)];
        block[static_cast<std::size_t>(where)] =
            static_cast<std::int16_t>(static_cast<int>(random() % static_cast<unsigned>(2 * range + 1)) - range);
      }
      tally.count(reference, kernels.full, size, block, table);
      if (last_set(block) <= photo_core::idct_low_last) tally.count(reference, kernels.low, size, block, table);
      if (last_set(block) == 0) tally.count(reference, kernels.flat, size, block, table);
    }
    INFO("size " << size);
    CHECK(tally.different == 0);
    CHECK(tally.declined == 0);
  }
}

TEST_CASE("inverse DCT kernels give the library's bits or decline, whatever the block", "[jpeg][kernels]") {
  std::mt19937 random(2);
  Reference reference;
  for (int size = 1; size <= 8; ++size) {
    const IdctKernels& kernels = photo_core::idct_kernels(size);
    Tally tally;
    for (int round = 0; round < 20000; ++round) {
      Table table;
      const unsigned coarsest = round % 5 == 0   ? photo_core::idct_largest_step
                                : round % 5 == 1 ? 255
                                                 : 1 + random() % 16;
      for (auto& step : table) step = static_cast<std::uint16_t>(round % 7 == 0 ? coarsest : 1 + random() % coarsest);
      Block block{};
      const int kind = round % 6;
      const unsigned range = 1u << (1 + random() % 16);
      for (int k = 0; k < 64; ++k) {
        auto& value = block[static_cast<std::size_t>(zigzag[k])];
        if (kind == 0) value = static_cast<std::int16_t>(random());                        // anything
        if (kind == 1) value = random() % 2 ? std::int16_t{32767} : std::int16_t{-32768};  // extremes
        if (kind == 2)
          value = static_cast<std::int16_t>(static_cast<int>(random() % range) - static_cast<int>(range / 2));
        if (kind == 3 && random() % 8 == 0)
          value = static_cast<std::int16_t>(static_cast<int>(random() % range) - static_cast<int>(range / 2));
        if (kind == 4 && k == static_cast<int>(random() % 64)) value = static_cast<std::int16_t>(random());
        if (kind == 5 && k == 0) value = static_cast<std::int16_t>(random());
      }
      tally.count(reference, kernels.full, size, block, table);
      if (last_set(block) == 0) tally.count(reference, kernels.flat, size, block, table);
      for (int k = photo_core::idct_low_last + 1; k < 64; ++k) block[static_cast<std::size_t>(zigzag[k])] = 0;
      tally.count(reference, kernels.low, size, block, table);
    }
    INFO("size " << size);
    CHECK(tally.different == 0);
    CHECK(tally.same > 8000);
  }
}

TEST_CASE("the forward kernel gives the library's transform and exactly rounded quotients", "[jpeg][kernels]") {
  std::mt19937 random(3);
  int different = 0;
  for (int round = 0; round < 40000; ++round) {
    Table table;
    const unsigned coarsest = round % 4 == 0 ? 255 : 1 + random() % 64;
    for (auto& step : table) step = static_cast<std::uint16_t>(round % 9 == 0 ? coarsest : 1 + random() % coarsest);
    photo_core::ForwardSteps steps;
    steps.set(table.data());
    std::array<std::uint8_t, 8 * 24> samples{};
    const unsigned base = random() % 256;
    const unsigned range = 1 + random() % 256;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      unsigned value = base + random() % range;
      if (round % 5 == 0) value = random() % 2 ? 255 : 0;
      if (round % 5 == 1) value = (i / 24 + i % 24) % 2 * 255;          // a checkerboard
      if (round % 5 == 2) value = (i % 24) * 9 + (i / 24) * base % 40;  // a slope
      samples[i] = static_cast<std::uint8_t>(value > 255 ? 255 : value);
    }
    std::array<DCTELEM, 64> expected;
    for (std::size_t i = 0; i < 64; ++i) expected[i] = static_cast<DCTELEM>(samples[i / 8 * 24 + i % 8] - 128);
    jpeg_fdct_islow(expected.data());
    alignas(16) Block got;
    photo_core::forward_transform(samples.data(), 24, steps, got.data());
    std::uint64_t set = 0;
    for (int k = 0; k < 64; ++k) {
      const auto i = static_cast<std::size_t>(zigzag[k]);
      const int size = std::abs(static_cast<int>(expected[i]));
      const int quotient = (size + table[i] * 4) / (table[i] * 8) * (expected[i] < 0 ? -1 : 1);
      if (got[i] != quotient) ++different;
      if (quotient != 0) set |= std::uint64_t{1} << k;
    }
    if (photo_core::set_coefficients(got.data()) != set) ++different;
  }
  CHECK(different == 0);
}

TEST_CASE("the forward kernel's quotients are exact for every value and step", "[jpeg][kernels]") {
  int different = 0;
  for (int step = 1; step <= 255; ++step) {
    Table table;
    table.fill(static_cast<std::uint16_t>(step));
    photo_core::ForwardSteps steps;
    steps.set(table.data());
    for (int value = 0; value < 16384; ++value) {
      const int scaled = (2 * value * steps.reciprocal[0] + 16384) >> 15;
      const int quotient = (scaled * steps.scale[0] + 16384) >> 15;
      if (quotient != (value + step * 4) / (step * 8)) ++different;
    }
  }
  CHECK(different == 0);
}
