// What libwebp's encoder and decoder name but this project never comes to: lossless pictures and alpha planes written,
// RGB taken in or given out by the library, its own row output. The files that name these functions are compiled with
// the names below in their place (libwebp.cmake), and everything behind them falls away when linking: half of the
// library.
#include "src/dec/webpi_dec.h"
#include "src/dsp/lossless.h"
#include "src/dsp/yuv.h"
#include "src/enc/vp8i_enc.h"
#include "src/enc/vp8li_enc.h"
#include "src/webp/encode.h"

// In webp_enc.c: reached with `lossless`, or with `use_argb`, which webp_encoder.cpp never sets. Failing is safe.
int photo_webp_encode_lossless(const WebPConfig* const config, const WebPPicture* const picture) {
  (void)config;
  return WebPEncodingSetError(picture, VP8_ENC_ERROR_INVALID_CONFIGURATION);
}
int photo_webp_to_argb(WebPPicture* picture) { return WebPEncodingSetError(picture, VP8_ENC_ERROR_NULL_PARAMETER); }
int photo_webp_from_argb_sharp(WebPPicture* picture) { return photo_webp_to_argb(picture); }
int photo_webp_from_argb(WebPPicture* picture, WebPEncCSP colorspace, float dithering) {
  (void)colorspace;
  (void)dithering;
  return photo_webp_to_argb(picture);
}
// Alpha never comes to libwebp: webp_alpha.cpp packs it, webp_encoder.cpp puts it into the file.
void photo_webp_no_alpha(VP8Encoder* const encoder) {
  encoder->has_alpha_ = 0;
  encoder->alpha_data_ = NULL;
  encoder->alpha_data_size_ = 0;
}
int photo_webp_alpha_is_done(VP8Encoder* const encoder) {
  (void)encoder;
  return 1;
}

// In alpha_dec.c: the alpha plane is read where it is decoded, its io has no output.
void photo_webp_no_output(WebPDecParams* const params, VP8Io* const io) {
  (void)params;
  (void)io;
}

// In vp8l_dec.c: webp_decoder.cpp reads the rows in the decoder's cache; its output is told to be BGRA and dropped.
void photo_webp_drop_rows(const uint32_t* const argb, int pixels, WEBP_CSP_MODE colorspace, uint8_t* const out) {
  (void)argb;
  (void)pixels;
  (void)colorspace;
  (void)out;
}
void photo_webp_no_yuv(void) {}
