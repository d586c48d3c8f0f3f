/* The doors of libjpeg-turbo's modules that the core never opens, so that these are not linked: colour
 * quantisation and conversion, downsampling, merged upsampling, the fast and floating-point
 * transforms, and inverse ones of sizes that do not occur. Pictures go in and come out in the file's own colour space,
 * planes as planes, and transforms are the accurate integer ones. What asks for more gets the library's own error for a
 * feature that was left out. */
#define JPEG_INTERNALS
/* In the order that they need each other. */
#include "jinclude.h"

#include "jpeglib.h"

#include "jdct.h"

GLOBAL(void) jinit_1pass_quantizer(j_decompress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }
GLOBAL(void) jinit_2pass_quantizer(j_decompress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }
GLOBAL(void) jinit_merged_upsampler(j_decompress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }
GLOBAL(void) jinit_color_converter(j_compress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }
GLOBAL(void) jinit_downsampler(j_compress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }
GLOBAL(void) jinit_c_prep_controller(j_compress_ptr cinfo, boolean need_full_buffer) {
  ERREXIT(cinfo, JERR_NOT_COMPILED);
}

/* Never chosen: dct_method is JDCT_ISLOW; and of the inverse ones the sizes in libjpeg_turbo.cmake. */
GLOBAL(void) jpeg_fdct_ifast(DCTELEM* data) {}
GLOBAL(void) jpeg_fdct_float(FAST_FLOAT* data) {}
GLOBAL(void)
photo_jpeg_no_idct(j_decompress_ptr cinfo, jpeg_component_info* compptr, JCOEFPTR coef_block, JSAMPARRAY output_buf,
                   JDIMENSION output_col) {
  ERREXIT(cinfo, JERR_NOT_COMPILED);
}

METHODDEF(void) start_pass(j_decompress_ptr cinfo) {}

/* Components side by side, in the colour space they are stored in. */
METHODDEF(void)
interleave(j_decompress_ptr cinfo, JSAMPIMAGE input_buf, JDIMENSION input_row, JSAMPARRAY output_buf, int num_rows) {
  int count = cinfo->num_components;
  int row, ci;
  JDIMENSION x;

  for (row = 0; row < num_rows; row++) {
    for (ci = 0; ci < count; ci++) {
      JSAMPROW in = input_buf[ci][input_row + row];
      JSAMPROW out = output_buf[row] + ci;
      for (x = 0; x < cinfo->output_width; x++, out += count) *out = in[x];
    }
  }
}

GLOBAL(void)
jinit_color_deconverter(j_decompress_ptr cinfo) {
  if (cinfo->out_color_space != cinfo->jpeg_color_space) ERREXIT(cinfo, JERR_CONVERSION_NOTIMPL);
  cinfo->cconvert = (struct jpeg_color_deconverter*)(*cinfo->mem->alloc_small)((j_common_ptr)cinfo, JPOOL_IMAGE,
                                                                               sizeof(struct jpeg_color_deconverter));
  cinfo->cconvert->start_pass = start_pass;
  cinfo->cconvert->color_convert = interleave;
  cinfo->out_color_components = cinfo->num_components;
  cinfo->output_components = cinfo->num_components;
}
