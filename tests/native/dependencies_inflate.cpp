// Our inner loop of inflate (core/dependencies/zlib_inflate_fast.cpp) against zlib's own, which takes over where fewer
// than 258 bytes of output are wanted at once: the same bytes, codes and messages, of whole, cut and damaged streams.
#include <catch2/catch_test_macros.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

class Random {
 public:
  std::uint32_t operator()() { return (state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 33; }
  std::uint32_t below(std::size_t bound) { return (*this)() % static_cast<std::uint32_t>(bound); }

 private:
  std::uint64_t state_ = 1;
};

// Noise, few values, repetitions from `distance` back with few and many errors, runs.
Bytes make_data(Random& random, std::uint32_t kind, std::size_t size, std::size_t distance) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) {
    const bool repeats = i >= distance && (kind == 2 || (kind == 3 && random.below(40) != 0));
    if (repeats) data[i] = data[i - distance];
    else if (kind == 4) data[i] = i > 0 && random.below(30) != 0 ? data[i - 1] : static_cast<std::uint8_t>(random());
    else data[i] = static_cast<std::uint8_t>(kind == 1 ? random.below(3) : random.below(256));
  }
  return data;
}

Bytes deflated(Random& random, Bytes& data) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, static_cast<int>(random.below(10)), Z_DEFLATED, 9 + static_cast<int>(random.below(7)),
                       8, static_cast<int>(random.below(5))) == Z_OK);
  Bytes out(deflateBound(&stream, static_cast<uLong>(data.size())));
  stream.next_in = data.data();
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Inflated {
  int code = Z_OK;
  std::string message;
  Bytes bytes;
  bool operator==(const Inflated&) const = default;
};

// Input and output in pieces of at most so many bytes. Behind each piece of output a byte stands that has to stay.
Inflated inflated(Bytes& source, std::size_t in_piece, std::size_t out_piece) {
  Inflated result;
  z_stream stream{};
  REQUIRE(inflateInit(&stream) == Z_OK);
  std::size_t given = 0;
  Bytes& out = result.bytes;
  for (;;) {
    if (stream.avail_in == 0) {
      stream.next_in = source.data() + given;
      stream.avail_in = static_cast<uInt>(std::min(in_piece, source.size() - given));
      given += stream.avail_in;
    }
    const std::size_t done = out.size();
    out.resize(done + out_piece + 1);
    out.back() = 0xa5;
    stream.next_out = out.data() + done;
    stream.avail_out = static_cast<uInt>(out_piece);
    result.code = inflate(&stream, Z_NO_FLUSH);
    if (out.back() != 0xa5) FAIL("written beyond the output");
    const std::size_t got = out_piece - stream.avail_out;
    out.resize(done + got);
    const bool is_over = got == 0 && stream.avail_in == 0 && given == source.size();
    if ((result.code != Z_OK && result.code != Z_BUF_ERROR) || is_over) break;
  }
  if (result.code == Z_BUF_ERROR) result.code = Z_OK;  // there was no more: which of the two depends on the pieces
  if (stream.msg != nullptr) result.message = stream.msg;
  inflateEnd(&stream);
  return result;
}

}  // namespace

TEST_CASE("inflate gives the same by our inner loop and by zlib's own") {
  Random random;
  int errors = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::uint32_t kind = random.below(5);
    const std::size_t size = i % 10 == 0 ? random.below(150'000) : random.below(4000);
    Bytes data = make_data(random, kind, size, i % 3 == 0 ? 1 + random.below(30'000) : 1 + random.below(40));
    Bytes source = deflated(random, data);
    const bool is_damaged = i % 3 == 1, is_cut = i % 7 == 3;
    if (is_damaged) {
      for (std::uint32_t flips = 1 + random.below(3); flips > 0; --flips) {
        source[2 + random.below(source.size() - 2)] ^= static_cast<std::uint8_t>(1u << random.below(8));
      }
    }
    if (is_cut) source.resize(random.below(source.size()));
    const std::size_t in_piece = i % 2 == 0 ? source.size() + 1 : 1 + random.below(40);
    INFO("stream " << i << ", kind " << kind << ", " << size << " bytes, damaged " << is_damaged << ", cut " << is_cut);
    const Inflated expected = inflated(source, source.size() + 1, 200);
    for (const std::size_t out_piece : {std::size_t{258}, std::size_t{300 + random.below(400)}, std::size_t{70'000}}) {
      const Inflated got = inflated(source, in_piece, out_piece);
      CHECK(got.bytes == expected.bytes);
      CHECK(got.code == expected.code);
      CHECK(got.message == expected.message);
    }
    if (!is_damaged && !is_cut) CHECK(expected.bytes == data);
    errors += expected.code < 0;
  }
  CHECK(errors > 300);
}

TEST_CASE("inflate refuses a match that begins before the first byte") {
  // A zlib header, a final block of the fixed codes (RFC 1951, 3.2.6), "a", a match of three bytes from one or two
  // back, and zeros: no code's end is missed for want of input.
  for (const unsigned distance : {1u, 2u}) {
    Bytes source = {0x78, 0x01};
    unsigned bit = 0;
    const auto put = [&](unsigned value, unsigned bits, bool highest_first) {
      for (unsigned i = 0; i < bits; ++i, ++bit) {
        if (bit % 8 == 0) source.push_back(0);
        const unsigned one = value >> (highest_first ? bits - 1 - i : i) & 1;
        source.back() |= static_cast<std::uint8_t>(one << (bit % 8));
      }
    };
    put(1, 1, false);
    put(1, 2, false);
    put(0x30 + 'a', 8, true);
    put(1, 7, true);  // length 3
    put(distance - 1, 5, true);
    source.resize(source.size() + 8);
    const Inflated got = inflated(source, source.size(), 70'000);
    CHECK(got.bytes == Bytes(distance == 1 ? 4 : 1, 'a'));
    CHECK((got.message == "invalid distance too far back") == (distance == 2));
  }
}
