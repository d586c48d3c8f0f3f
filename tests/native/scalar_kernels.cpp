// The kernels as they are where there is no SSE2 and no WebAssembly SIMD, in a namespace of their own, for
// scalar_twins.cpp: compiled on every machine, so that they stay what they should be.
#define PHOTO_CORE_SCALAR 1
#define photo_core photo_core_scalar

#include "codec/png_filter.cpp"
#include "codec/webp_upsample.cpp"
#include "image/convert_stage.cpp"
#include "image/resample_kernels.cpp"
