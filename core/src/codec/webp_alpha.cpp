#include "codec/webp_alpha.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

// libwebp, src/enc/backward_references_enc.c (declared in no header): the short codes of distances near in two
// dimensions.
extern "C" int VP8LDistanceToPlaneCode(int width, int distance);

namespace photo_core {
namespace {

// WebP Lossless Bitstream Specification, 5 and 6.
constexpr std::size_t literals = 256;
constexpr std::size_t green_symbols = literals + 24;  // literals and lengths; no colour cache
constexpr std::size_t distance_symbols = 40;
constexpr std::size_t max_length = 4096;
constexpr std::size_t min_length = 3;
constexpr std::size_t max_distance = (1 << 20) - 121;
constexpr int max_tries = 24;  // earlier places looked at for a copy
constexpr int max_code_bits = 15;
constexpr int max_length_code_bits = 7;
constexpr int hash_bits = 14;

enum class AlphaFilter : std::uint8_t { none, horizontal, vertical, gradient };

// Bits, least significant first.
class BitWriter {
 public:
  explicit BitWriter(GrowingBuffer& out) : out_(out) {}
  void put(std::uint32_t value, int bits) {
    held_ |= std::uint64_t{value} << used_;
    for (used_ += bits; used_ >= 8; used_ -= 8, held_ >>= 8) push(static_cast<std::uint8_t>(held_));
  }
  bool finish() {
    if (used_ > 0) push(static_cast<std::uint8_t>(held_));
    return ok_ && out_.append(block_.data(), filled_);
  }

 private:
  void push(std::uint8_t byte) {
    if (filled_ == block_.size()) {
      ok_ = ok_ && out_.append(block_.data(), filled_);
      filled_ = 0;
    }
    block_[filled_++] = byte;
  }
  GrowingBuffer& out_;
  std::uint64_t held_ = 0;
  int used_ = 0;
  std::array<std::uint8_t, 512> block_;
  std::size_t filled_ = 0;
  bool ok_ = true;
};

// A number from 1 as a prefix symbol and extra bits (5.2.2).
struct Prefix {
  std::uint32_t symbol, extra;
  int extra_bits;
};
Prefix prefix_of(std::uint32_t value) {
  const std::uint32_t v = value - 1;
  if (v < 4) return {v, 0, 0};
  const int high = std::bit_width(v) - 1;
  return {2u * static_cast<std::uint32_t>(high) + (v >> (high - 1) & 1), v & ((1u << (high - 1)) - 1), high - 1};
}

// A literal, or `length` samples from `distance_code` back, in one word.
struct Token {
  std::uint32_t word;
  static Token literal(std::uint8_t sample) { return {sample}; }
  static Token copy(std::size_t length, std::size_t distance_code) {
    return {static_cast<std::uint32_t>((length - 1) << 20 | distance_code)};
  }
};

// The prefix code of one alphabet.
template <std::size_t size>
struct PrefixCode {
  std::array<std::uint32_t, size> count{};
  std::array<std::uint8_t, size> bits{};
  std::array<std::uint16_t, size> code{};
  std::size_t used = 0;    // symbols with a count
  std::uint32_t only = 0;  // the one symbol when used is 1

  // Bits of each symbol: Huffman's, small counts raised until no code is longer than `limit`.
  void build(int limit) {
    std::array<std::uint16_t, size> order{};
    used = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (count[i] == 0) continue;
      std::size_t at = used++;  // behind those that are no larger
      for (; at > 0 && count[order[at - 1]] > count[i]; --at) order[at] = order[at - 1];
      order[at] = static_cast<std::uint16_t>(i);
    }
    only = used == 0 ? 0 : order[0];
    if (used < 2) return;
    std::array<std::uint32_t, 2 * size> weight{};
    std::array<std::uint16_t, 2 * size> parent{};
    for (std::uint32_t least = 1;; least *= 2) {
      for (std::size_t i = 0; i < used; ++i) weight[i] = std::max(count[order[i]], least);
      // Two queues: leaves in order, and the nodes made of them, which come out in order.
      std::size_t leaf = 0, node = used;
      for (std::size_t made = used; made < 2 * used - 1; ++made) {
        std::uint32_t sum = 0;
        for (int child = 0; child < 2; ++child) {
          const bool takes_leaf = leaf < used && (node == made || weight[leaf] <= weight[node]);
          std::size_t& from = takes_leaf ? leaf : node;
          sum += weight[from];
          parent[from++] = static_cast<std::uint16_t>(made);
        }
        weight[made] = sum;
      }
      std::array<std::uint8_t, 2 * size> depth{};
      int deepest = 0;
      for (std::size_t i = 2 * used - 2; i-- > 0;) {
        depth[i] = static_cast<std::uint8_t>(depth[parent[i]] + 1);
        deepest = std::max<int>(deepest, depth[i]);
      }
      if (deepest > limit) continue;
      for (std::size_t i = 0; i < used; ++i) bits[order[i]] = depth[i];
      break;
    }
    // Canonical codes, shorter first, written from their lowest bit: so turned around.
    std::uint32_t next = 0;
    for (int length = 1; length <= limit; ++length, next <<= 1) {
      for (std::size_t i = 0; i < size; ++i) {
        if (bits[i] != length) continue;
        std::uint32_t turned = 0;
        for (int b = 0; b < length; ++b) turned |= (next >> b & 1) << (length - 1 - b);
        code[i] = static_cast<std::uint16_t>(turned);
        ++next;
      }
    }
  }
  void put(BitWriter& out, std::size_t symbol) const {
    if (used > 1) out.put(code[symbol], bits[symbol]);
  }
};

// A code of one symbol below 256, which then takes no bits (6.2.1, simple code).
void put_simple_code(BitWriter& out, std::uint32_t symbol) {
  out.put(1, 1);
  out.put(0, 1);
  out.put(symbol > 1 ? 1 : 0, 1);
  out.put(symbol, symbol > 1 ? 8 : 1);
}

// A code by the lengths of its symbols, these again in a prefix code, zeros in runs (6.2.1, normal code).
template <std::size_t size>
void put_code(BitWriter& out, const PrefixCode<size>& code) {
  if (code.used < 2) {
    put_simple_code(out, code.only);
    return;
  }
  struct Item {
    std::uint8_t symbol, extra;
  };
  std::array<Item, size> items;
  std::size_t count = 0;
  PrefixCode<19> lengths;
  for (std::size_t i = 0; i < size;) {
    std::size_t zeros = 0;
    while (i + zeros < size && code.bits[i + zeros] == 0 && zeros < 138) ++zeros;
    Item item{code.bits[i], 0};
    if (zeros >= 11) item = {18, static_cast<std::uint8_t>(zeros - 11)};
    else if (zeros >= 3) item = {17, static_cast<std::uint8_t>(zeros - 3)};
    i += zeros >= 3 ? zeros : 1;
    items[count++] = item;
    ++lengths.count[item.symbol];
  }
  lengths.build(max_length_code_bits);
  constexpr std::array<std::uint8_t, 19> order = {17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  if (lengths.used == 1) lengths.bits[lengths.only] = 1;  // announced, but then of no bits
  out.put(0, 1);
  out.put(19 - 4, 4);
  for (const std::uint8_t symbol : order) out.put(lengths.bits[symbol], 3);
  out.put(0, 1);  // lengths for the whole alphabet
  for (const Item& item : std::span(items.data(), count)) {
    lengths.put(out, item.symbol);
    if (item.symbol == 17) out.put(item.extra, 3);
    if (item.symbol == 18) out.put(item.extra, 7);
  }
}

// How many bytes of two places are the same, up to `limit`.
std::size_t common_length(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t length = 0;
  for (; length + 8 <= limit; length += 8) {
    std::uint64_t of_a, of_b;
    std::memcpy(&of_a, a + length, 8);
    std::memcpy(&of_b, b + length, 8);
    const std::uint64_t differ = of_a ^ of_b;
    if (differ == 0) continue;
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(differ) : std::countl_zero(differ);
    return length + static_cast<std::size_t>(bits) / 8;
  }
  while (length < limit && a[length] == b[length]) ++length;
  return length;
}

class AlphaPacker {
 public:
  AlphaPacker(std::uint32_t width, std::uint32_t height) : width_(width), size_(std::size_t{width} * height) {}

  [[nodiscard]] bool allocate() {
    return samples_.allocate(size_) && tokens_.allocate(size_ * sizeof(Token)) &&
           earlier_.allocate(size_ * sizeof(std::uint32_t)) &&
           heads_.allocate((std::size_t{1} << hash_bits) * sizeof(std::uint32_t));
  }

  // The plane less its prediction (WebP Container Specification, "Alpha": filtering methods).
  void filter(const std::uint8_t* alpha, std::size_t stride, AlphaFilter kind) {
    std::uint8_t* out = samples_.data();
    for (std::size_t y = 0; y < size_ / width_; ++y) {
      const std::uint8_t* const row = alpha + y * stride;
      const std::uint8_t* const above = y > 0 ? row - stride : nullptr;
      for (std::size_t x = 0; x < width_; ++x) {
        int predicted = 0;
        if (kind == AlphaFilter::none) predicted = 0;
        else if (above == nullptr) predicted = x > 0 ? row[x - 1] : 0;
        else if (x == 0 || kind == AlphaFilter::vertical) predicted = above[x];
        else if (kind == AlphaFilter::horizontal) predicted = row[x - 1];
        else predicted = std::clamp(row[x - 1] + above[x] - above[x - 1], 0, 255);
        *out++ = static_cast<std::uint8_t>(row[x] - predicted);
      }
    }
  }

  // The samples as literals and copies; a copy waits when the next sample begins a longer one.
  void find_copies() {
    const std::uint8_t* const s = samples_.data();
    auto* const tokens = reinterpret_cast<Token*>(tokens_.data());
    std::fill_n(reinterpret_cast<std::uint32_t*>(heads_.data()), std::size_t{1} << hash_bits, 0u);
    count_ = 0;
    Copy copy = copy_at(0);
    for (std::size_t at = 0; at < size_;) {
      if (copy.length >= min_length && copy.length < 64 && at + 1 < size_) {
        const Copy later = copy_at(at + 1);
        if (later.gain > copy.gain + 4) {
          tokens[count_++] = Token::literal(s[at++]);
          copy = later;
          continue;
        }
        for (std::size_t i = at + 2; i < at + copy.length; ++i) remember(i);
      } else {
        for (std::size_t i = at + 1; i < at + copy.length; ++i) remember(i);
      }
      if (copy.length < min_length) {
        tokens[count_++] = Token::literal(s[at++]);
      } else {
        tokens[count_++] = Token::copy(copy.length, copy.code);
        at += copy.length;
      }
      if (at < size_) copy = copy_at(at);
    }
  }

  [[nodiscard]] bool write(AlphaFilter kind, GrowingBuffer& out) {
    const auto* const tokens = reinterpret_cast<const Token*>(tokens_.data());
    PrefixCode<green_symbols> green;
    PrefixCode<distance_symbols> distance;
    const auto is_copy = [](Token token) { return token.word >= literals; };
    const auto length_of = [](Token token) { return prefix_of((token.word >> 20) + 1); };
    const auto distance_of = [](Token token) { return prefix_of(token.word & 0xfffff); };
    for (const Token token : std::span(tokens, count_)) {
      if (is_copy(token)) {
        ++green.count[literals + length_of(token).symbol];
        ++distance.count[distance_of(token).symbol];
      } else {
        ++green.count[token.word];
      }
    }
    green.build(max_code_bits);
    distance.build(max_code_bits);
    const auto header =
        static_cast<std::uint8_t>(1 | static_cast<int>(kind) << 2);  // lossless, filter, no preprocessing
    if (!out.append(&header, 1)) return false;
    BitWriter bits(out);
    bits.put(0, 3);  // no transform, no colour cache, one set of codes
    put_code(bits, green);
    for (int channel = 0; channel < 3; ++channel) put_simple_code(bits, 0);  // red, blue, alpha
    put_code(bits, distance);
    for (const Token token : std::span(tokens, count_)) {
      if (!is_copy(token)) {
        green.put(bits, token.word);
        continue;
      }
      const Prefix length = length_of(token);
      green.put(bits, literals + length.symbol);
      bits.put(length.extra, length.extra_bits);
      const Prefix back = distance_of(token);
      distance.put(bits, back.symbol);
      bits.put(back.extra, back.extra_bits);
    }
    return bits.finish();
  }

 private:
  struct Copy {
    std::size_t length = 0;
    std::size_t code = 0;  // of the distance
    int gain = 0;          // bits saved, about
  };

  std::uint32_t& head_of(std::size_t at) {
    const std::uint8_t* const s = samples_.data() + at;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): filtered samples, three of them from here on
    const std::uint32_t three = std::uint32_t{s[0]} << 16 | std::uint32_t{s[1]} << 8 | s[2];
    return reinterpret_cast<std::uint32_t*>(heads_.data())[(three * 2654435761u) >> (32 - hash_bits)];
  }
  // Chains the place with earlier ones that begin alike. Each place once, in order.
  void remember(std::size_t at) {
    if (at + min_length > size_) return;
    std::uint32_t& head = head_of(at);
    reinterpret_cast<std::uint32_t*>(earlier_.data())[at] = head;
    head = static_cast<std::uint32_t>(at + 1);
  }

  // The best copy for what stands at `at`, which is remembered.
  Copy copy_at(std::size_t at) {
    Copy best;
    const std::size_t limit = std::min(max_length, size_ - at);
    if (limit < min_length) return best;
    const std::uint8_t* const s = samples_.data() + at;
    const auto consider = [&](std::size_t distance) {
      if (distance > at || distance > max_distance) return;
      const std::uint8_t* const earlier = s - distance;
      // Most are told by four bytes: what is to be as long as the best has those that end it.
      if (best.length >= 4 && std::memcmp(s + best.length - 4, earlier + best.length - 4, 4) != 0) return;
      const std::size_t length = common_length(s, earlier, limit);
      if (length < min_length || length < best.length) return;
      // A literal costs about 5 bits, a copy 8 and those that its distance has, one at least.
      const int most_gain = static_cast<int>(5 * length) - 8 - 1;
      if (most_gain <= best.gain) return;
      const auto code =
          static_cast<std::size_t>(VP8LDistanceToPlaneCode(static_cast<int>(width_), static_cast<int>(distance)));
      const int gain = static_cast<int>(5 * length) - 8 - std::bit_width(code);
      if (gain > best.gain) best = Copy{length, code, gain};
    };
    consider(1);
    consider(width_);
    std::uint32_t place = head_of(at);
    for (int tries = 0; place != 0 && tries < max_tries && best.length < limit && best.length < 256; ++tries) {
      consider(at + 1 - place);
      place = reinterpret_cast<const std::uint32_t*>(earlier_.data())[place - 1];
    }
    remember(at);
    return best;
  }

  std::size_t width_, size_;
  Buffer samples_, tokens_, heads_;
  Buffer earlier_;  // for each place the one before it that begins alike, plus 1
  std::size_t count_ = 0;
};

}  // namespace

bool webp_pack_alpha(const std::uint8_t* alpha, std::size_t stride, std::uint32_t width, std::uint32_t height,
                     GrowingBuffer& out) {
  AlphaPacker packer(width, height);
  if (!packer.allocate()) return false;
  // A mask of few levels is copied best as it is, a soft one after a filter: the smallest of all is taken.
  GrowingBuffer smallest;
  for (const AlphaFilter kind :
       {AlphaFilter::none, AlphaFilter::horizontal, AlphaFilter::vertical, AlphaFilter::gradient}) {
    packer.filter(alpha, stride, kind);
    packer.find_copies();
    GrowingBuffer packed;
    if (!packer.write(kind, packed)) return false;
    if (smallest.size() == 0 || packed.size() < smallest.size()) smallest.swap(packed);
  }
  return out.append(smallest.data(), smallest.size());
}

}  // namespace photo_core
