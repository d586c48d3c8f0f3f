// zlib's inner loop of inflate, in place of its inffast.c: the one function of that file is zlib's own seam for other
// implementations (contrib/inflate86, ASMINF). This one has a bit buffer of 64 bits where `unsigned long` has 32, and
// copies matches by 8 or 16 bytes: a screenshot's data, mostly matches, inflates in a third of the time. The same
// bytes, the same errors; bytes behind what was produced, up to avail_out, may be overwritten.
#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" {
// In the order that they need each other.
#include "zutil.h"

#include "inftrees.h"

#include "inflate.h"

#include "inffast.h"
}

namespace {

using Bits = std::uint64_t;

constexpr std::ptrdiff_t most_match = 258;
constexpr std::ptrdiff_t wide = 16;  // bytes that a copy may write beyond its end

Bits load_8(const unsigned char* p) {
  Bits bits;
  std::memcpy(&bits, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bits = __builtin_bswap64(bits);
#endif
  return bits;
}

struct Input {
  const unsigned char* next;
  const unsigned char* end;
  Bits hold;
  unsigned count;  // bits of `hold`

  // At least 48 bits, what a length and its distance have at most, from six bytes of input or more.
  void fill() {
    if (end - next >= 8) {
      hold |= load_8(next) << count;
      next += (63 - count) >> 3;
      count |= 56;
    } else {
      for (; count <= 56 && next < end; count += 8) hold |= Bits{*next++} << count;
    }
  }
  unsigned peek(unsigned mask) const { return static_cast<unsigned>(hold) & mask; }
  unsigned take(unsigned bits) {
    const unsigned value = peek((1u << bits) - 1);
    drop(bits);
    return value;
  }
  void drop(unsigned bits) {
    hold >>= bits;
    count -= bits;
  }
  // Gives whole bytes back.
  void settle() {
    next -= count >> 3;
    count &= 7;
    hold &= (Bits{1} << count) - 1;
  }
};

// Copies `length` bytes from `distance` back, of which they may be a part themselves. Up to 16 bytes more are written.
unsigned char* copy_wide(unsigned char* out, std::size_t distance, std::ptrdiff_t length) {
  unsigned char* const end = out + length;
  const unsigned char* from = out - distance;
  if (distance >= 16) {
    do {
      std::memcpy(out, from, 16);
      out += 16;
      from += 16;
    } while (out < end);
  } else if (distance >= 8) {
    do {
      std::memcpy(out, from, 8);
      out += 8;
      from += 8;
    } while (out < end);
  } else {  // the last bytes again and again, as many whole repetitions as 8 bytes hold
    unsigned char pattern[8];
    // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a distance is 1 at least
    for (std::size_t i = 0; i < 8; ++i) pattern[i] = i < distance ? from[i] : pattern[i - distance];
    const std::size_t step = 8 - 8 % distance;
    do {
      std::memcpy(out, pattern, 8);
      out += step;
    } while (out < end);
  }
  return end;
}

unsigned char* copy_narrow(unsigned char* out, std::size_t distance, std::ptrdiff_t length) {
  for (; length > 0; --length, ++out) *out = *(out - distance);
  return out;
}

// Copies from the window what lies `back` bytes before the output's begin, `length` bytes at the most. Gives how many.
unsigned copy_from_window(const inflate_state& state, unsigned back, unsigned length, unsigned char* out) {
  const unsigned total = back < length ? back : length;
  unsigned at = state.wnext >= back ? state.wnext - back : state.wnext + state.wsize - back;
  const unsigned before_wrap = state.wsize - at < total ? state.wsize - at : total;
  std::memcpy(out, state.window + at, before_wrap);
  std::memcpy(out + before_wrap, state.window, total - before_wrap);
  return total;
}

}  // namespace

// On entry: mode LEN, avail_in >= 6, avail_out >= 258. `start` is avail_out as inflate() was called with. On return:
// mode LEN (less than one of the two was left; bytes that were read ahead are given back, so that avail_in may be 6 or
// more again), TYPE (the block has ended) or BAD.
extern "C" void ZLIB_INTERNAL inflate_fast(z_streamp stream, unsigned start) {
  inflate_state& state = *reinterpret_cast<inflate_state*>(stream->state);
  const code* const lengths = state.lencode;
  const code* const distances = state.distcode;
  const unsigned length_mask = (1u << state.lenbits) - 1, distance_mask = (1u << state.distbits) - 1;
  Input in{stream->next_in, stream->next_in + stream->avail_in, state.hold, state.bits};
  unsigned char* out = stream->next_out;
  unsigned char* const begin = out - (start - stream->avail_out);
  unsigned char* const end = out + stream->avail_out;

  const auto fail = [&](const char* message) {
    stream->msg = const_cast<char*>(message);
    state.mode = BAD;
  };
  while (in.end - in.next >= 6 && end - out >= most_match) {
    in.fill();
    code here = lengths[in.peek(length_mask)];
    if (here.op == 0) {  // a literal; there are bits for two more of at most 15
      in.drop(here.bits);
      *out++ = static_cast<unsigned char>(here.val);
      for (int more = 0; more < 2; ++more) {
        here = lengths[in.peek(length_mask)];
        if (here.op != 0) break;
        in.drop(here.bits);
        *out++ = static_cast<unsigned char>(here.val);
      }
      continue;
    }
    in.drop(here.bits);
    if ((here.op & 0xf0) == 0) {  // the code goes on in a second table
      here = lengths[here.val + in.peek((1u << here.op) - 1)];
      in.drop(here.bits);
      if (here.op == 0) {
        *out++ = static_cast<unsigned char>(here.val);
        continue;
      }
    }
    if ((here.op & 16) == 0) {
      if ((here.op & 32) != 0) state.mode = TYPE;
      else fail("invalid literal/length code");
      break;
    }
    unsigned length = here.val + in.take(here.op & 15);
    here = distances[in.peek(distance_mask)];
    in.drop(here.bits);
    if ((here.op & 0xf0) == 0) {
      here = distances[here.val + in.peek((1u << here.op) - 1)];
      in.drop(here.bits);
    }
    if ((here.op & 16) == 0) {
      fail("invalid distance code");
      break;
    }
    const unsigned distance = here.val + in.take(here.op & 15);
    if (const auto there = static_cast<std::size_t>(out - begin); distance > there) {
      const auto back = static_cast<unsigned>(distance - there);
      if (back > state.whave) {
        fail("invalid distance too far back");
        break;
      }
      const unsigned copied = copy_from_window(state, back, length, out);
      out += copied;
      length -= copied;
      if (length == 0) continue;
    }
    const bool is_roomy = end - out >= static_cast<std::ptrdiff_t>(length) + wide;
    out = is_roomy ? copy_wide(out, distance, length) : copy_narrow(out, distance, length);
  }
  in.settle();
  stream->next_in = const_cast<unsigned char*>(in.next);
  stream->avail_in = static_cast<uInt>(in.end - in.next);
  stream->next_out = out;
  stream->avail_out = static_cast<uInt>(end - out);
  state.hold = static_cast<unsigned long>(in.hold);
  state.bits = in.count;
}
