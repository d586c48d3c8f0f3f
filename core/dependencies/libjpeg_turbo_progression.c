/* What a progressive scan's coefficients are before they are coded, 16 at a time, through libjpeg-turbo's own door for
 * such code (jsimd.h): magnitudes in zigzag order, and as bits which of them are not zero. The same as its C code gives
 * (encode_mcu_AC_first_prepare and encode_mcu_AC_refine_prepare in jcphuff.c), and a quarter of the time that coding a
 * progressive file takes. Elsewhere than on x86 and WebAssembly that C code runs. */
#define JPEG_INTERNALS
/* In the order that they need each other. */
#include "jinclude.h"

#include "jpeglib.h"

#include "jsimd.h"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
typedef v128_t Vector;
#define load(p) wasm_v128_load(p)
#define store(p, v) wasm_v128_store(p, v)
#define negative(v) wasm_i16x8_shr(v, 15)
#define subtract(a, b) wasm_i16x8_sub(a, b)
#define exclusive_or(a, b) wasm_v128_xor(a, b)
#define shift_right(v, bits) wasm_u16x8_shr(v, bits)
#define equal(v, value) wasm_i16x8_eq(v, wasm_i16x8_splat(value))
#define bits_of(a, b) (unsigned)wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(a, b))
#elif defined(__SSE2__)
#include <emmintrin.h>
typedef __m128i Vector;
#define load(p) _mm_loadu_si128((const __m128i*)(p))
#define store(p, v) _mm_storeu_si128((__m128i*)(p), v)
#define negative(v) _mm_srai_epi16(v, 15)
#define subtract(a, b) _mm_sub_epi16(a, b)
#define exclusive_or(a, b) _mm_xor_si128(a, b)
#define shift_right(v, bits) _mm_srl_epi16(v, _mm_cvtsi32_si128(bits))
#define equal(v, value) _mm_cmpeq_epi16(v, _mm_set1_epi16(value))
#define bits_of(a, b) (unsigned)_mm_movemask_epi8(_mm_packs_epi16(a, b))
#else
#define PHOTO_NO_VECTORS 1
#endif

#ifdef PHOTO_NO_VECTORS

GLOBAL(int) jsimd_can_encode_mcu_AC_first_prepare(void) { return 0; }
GLOBAL(int) jsimd_can_encode_mcu_AC_refine_prepare(void) { return 0; }
GLOBAL(void)
jsimd_encode_mcu_AC_first_prepare(const JCOEF* block, const int* order, int count, int Al, UJCOEF* values,
                                  size_t* zerobits) {}
GLOBAL(int)
jsimd_encode_mcu_AC_refine_prepare(const JCOEF* block, const int* order, int count, int Al, UJCOEF* absvalues,
                                   size_t* bits) {
  return 0;
}

#else

typedef struct {
  unsigned long long not_zero, positive, one; /* bit k: the k-th coefficient of the scan, after the point transform */
} Masks;

/* Magnitudes, shifted by Al, of 64 coefficients from order[0] on (zero from `count` on); with `complements` also what
 * is coded for their sign: the magnitude, of negative ones its complement. */
LOCAL(Masks)
prepare(const JCOEF* block, const int* order, int count, int Al, UJCOEF* magnitudes, UJCOEF* complements) {
  JCOEF ordered[DCTSIZE2];
  Masks masks = {0, 0, 0};
  int k;

  for (k = 0; k < count; k++) ordered[k] = block[order[k]];
  for (; k < DCTSIZE2; k++) ordered[k] = 0;
  for (k = 0; k < DCTSIZE2; k += 16) {
    Vector a = load(ordered + k), b = load(ordered + k + 8);
    Vector sign_a = negative(a), sign_b = negative(b);
    unsigned zero, below;

    a = shift_right(subtract(exclusive_or(a, sign_a), sign_a), Al);
    b = shift_right(subtract(exclusive_or(b, sign_b), sign_b), Al);
    store(magnitudes + k, a);
    store(magnitudes + k + 8, b);
    if (complements) {
      store(complements + k, exclusive_or(a, sign_a));
      store(complements + k + 8, exclusive_or(b, sign_b));
    }
    zero = bits_of(equal(a, 0), equal(b, 0));
    below = bits_of(sign_a, sign_b);
    masks.not_zero |= (unsigned long long)(~zero & 0xffff) << k;
    masks.positive |= (unsigned long long)(~zero & ~below & 0xffff) << k;
    masks.one |= (unsigned long long)bits_of(equal(a, 1), equal(b, 1)) << k;
  }
  return masks;
}

GLOBAL(int) jsimd_can_encode_mcu_AC_first_prepare(void) { return 1; }
GLOBAL(int) jsimd_can_encode_mcu_AC_refine_prepare(void) { return 1; }

GLOBAL(void)
jsimd_encode_mcu_AC_first_prepare(const JCOEF* block, const int* order, int count, int Al, UJCOEF* values,
                                  size_t* zerobits) {
  const Masks masks = prepare(block, order, count, Al, values, values + DCTSIZE2);

  zerobits[0] = (size_t)masks.not_zero;
  if (sizeof(size_t) == 4) zerobits[1] = (size_t)(masks.not_zero >> 32);
}

/* Gives the place of the last coefficient that becomes one with this scan, 0 without any. */
GLOBAL(int)
jsimd_encode_mcu_AC_refine_prepare(const JCOEF* block, const int* order, int count, int Al, UJCOEF* absvalues,
                                   size_t* bits) {
  const Masks masks = prepare(block, order, count, Al, absvalues, NULL);

  bits[0] = (size_t)masks.not_zero;
  if (sizeof(size_t) == 4) {
    bits[1] = (size_t)(masks.not_zero >> 32);
    bits[2] = (size_t)masks.positive;
    bits[3] = (size_t)(masks.positive >> 32);
  } else {
    bits[1] = (size_t)masks.positive;
  }
  return masks.one ? 63 - __builtin_clzll(masks.one) : 0;
}

#endif
