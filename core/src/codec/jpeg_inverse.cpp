#include "codec/jpeg_inverse.hpp"

#include <algorithm>

extern "C" {
#include <jdct.h>
}

#include "codec/jpeg_idct.hpp"
#include "codec/jpeg_vectors.hpp"

namespace photo_core {
namespace {

// The kernel that does with least for these coefficients.
IdctKernel choose_kernel(const IdctKernels& kernels, const std::int16_t* coefficients) {
  using namespace vectors;
  I16x8 row[8];
  for (int i = 0; i < 8; ++i) row[i] = load<I16x8>(coefficients + i * 8);
  const I16x8 right{0, 0, 0, 0, -1, -1, -1, -1};
  const I16x8 all_but_first{0, -1, -1, -1, -1, -1, -1, -1};
  const I16x8 below = row[1] | row[2] | row[3];
  const I16x8 high = row[4] | row[5] | row[6] | row[7] | ((row[0] | below) & right);
  if (any(as<I32x4>(high))) return kernels.full;
  return any(as<I32x4>(below | (row[0] & all_but_first))) ? kernels.low : kernels.flat;
}

template <int Size>
void inverse_block(j_decompress_ptr state, jpeg_component_info* component, JCOEFPTR coefficients, JSAMPARRAY rows,
                   JDIMENSION column) {
  std::uint8_t* out = rows[0] + column;
  const std::size_t stride = Size > 1 ? static_cast<std::size_t>(rows[1] - rows[0]) : 0;
  const IdctKernel kernel = choose_kernel(idct_kernels(Size), coefficients);
  if (!kernel(coefficients, component->quant_table->quantval, out, stride)) {
    inverse_by_library(*state, *component, coefficients, out, stride);
  }
}

constexpr inverse_DCT_method_ptr methods[8] = {inverse_block<1>, inverse_block<2>, inverse_block<3>, inverse_block<4>,
                                               inverse_block<5>, inverse_block<6>, inverse_block<7>, inverse_block<8>};

}  // namespace

bool kernels_fit(const jpeg_component_info& component) {
  if (component.quant_table == nullptr) return false;
  const UINT16* steps = component.quant_table->quantval;
  return std::all_of(steps, steps + DCTSIZE2, [](UINT16 step) { return step <= idct_largest_step; });
}

void inverse_by_library(jpeg_decompress_struct& state, const jpeg_component_info& component, std::int16_t* coefficients,
                        std::uint8_t* out, std::size_t stride) {
  JSAMPROW rows[DCTSIZE];
  for (std::size_t i = 0; i < DCTSIZE; ++i) rows[i] = out + i * stride;
  constexpr inverse_DCT_method_ptr functions[8] = {jpeg_idct_1x1, jpeg_idct_2x2, jpeg_idct_3x3, jpeg_idct_4x4,
                                                   jpeg_idct_5x5, jpeg_idct_6x6, jpeg_idct_7x7, jpeg_idct_islow};
  functions[component.DCT_scaled_size - 1](&state, const_cast<jpeg_component_info*>(&component), coefficients, rows, 0);
}

void install_kernels(jpeg_decompress_struct& state) {
  for (int i = 0; i < state.num_components; ++i) {
    const jpeg_component_info& component = state.comp_info[i];
    if (kernels_fit(component)) state.idct->inverse_DCT[i] = methods[component.DCT_scaled_size - 1];
  }
}

}  // namespace photo_core
