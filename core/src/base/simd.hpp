// 128-bit SIMD by the SSE2 intrinsics: native on x86, and mapped one to one to SIMD128 by Emscripten (-msimd128
// -msse2). Elsewhere PHOTO_CORE_SIMD is 0 and the scalar twins run, which give the same results.
#pragma once

#if defined(__SSE2__) && !defined(PHOTO_CORE_SCALAR)
#include <emmintrin.h>
#define PHOTO_CORE_SIMD 1
#else
#define PHOTO_CORE_SIMD 0
#endif
