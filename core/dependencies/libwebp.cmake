# libwebp: decoder and encoder in one static library, single-threaded, without what we never use.
# Its SSE2 code is used on x86-64 and, through Emscripten's translation of those intrinsics, in
# WebAssembly; SSE4.1 natively only (chosen at run time); Neon on 64-bit ARM. The linker drops what
# nobody calls.

file(GLOB webp_files
  ${libwebp_SOURCE_DIR}/src/dec/*.c ${libwebp_SOURCE_DIR}/src/enc/*.c ${libwebp_SOURCE_DIR}/src/dsp/*.c
  ${libwebp_SOURCE_DIR}/src/utils/*.c ${libwebp_SOURCE_DIR}/sharpyuv/*.c)
list(FILTER webp_files EXCLUDE REGEX "_(mips32|mips_dsp_r2|msa)\\.c$")
# The compiler alone says whether libwebp asks for its Neon code (src/dsp/dsp.h).
if(EMSCRIPTEN OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(arm64|aarch64|ARM64)$")
  list(FILTER webp_files EXCLUDE REGEX "_neon\\.c$")
endif()

add_library(webp STATIC ${webp_files} ${CMAKE_CURRENT_SOURCE_DIR}/libwebp_left_out.c)
# The root too: webp_decoder.cpp drives the decoder by rows, through src/dec/*.h.
target_include_directories(webp SYSTEM PUBLIC ${libwebp_SOURCE_DIR}/src ${libwebp_SOURCE_DIR})
photo_third_party_target(webp)
target_compile_definitions(webp PRIVATE
  WEBP_REDUCE_SIZE=1 WEBP_REDUCE_CSP=1 WEBP_DISABLE_STATS=1 WEBP_NEAR_LOSSLESS=0)

# The ways into the parts left out, see libwebp_left_out.c.
set_source_files_properties(${libwebp_SOURCE_DIR}/src/enc/webp_enc.c PROPERTIES COMPILE_DEFINITIONS
  "VP8LEncodeImage=photo_webp_encode_lossless;WebPPictureYUVAToARGB=photo_webp_to_argb;WebPPictureSharpARGBToYUVA=photo_webp_from_argb_sharp;WebPPictureARGBToYUVADithered=photo_webp_from_argb;VP8EncInitAlpha=photo_webp_no_alpha;VP8EncStartAlpha=photo_webp_alpha_is_done;VP8EncFinishAlpha=photo_webp_alpha_is_done;VP8EncDeleteAlpha=photo_webp_alpha_is_done")
set_source_files_properties(${libwebp_SOURCE_DIR}/src/dec/alpha_dec.c PROPERTIES COMPILE_DEFINITIONS
  "WebPInitCustomIo=photo_webp_no_output")
set_source_files_properties(${libwebp_SOURCE_DIR}/src/dec/vp8l_dec.c PROPERTIES COMPILE_DEFINITIONS
  "VP8LConvertFromBGRA=photo_webp_drop_rows;WebPInitConvertARGBToYUV=photo_webp_no_yuv")
# The plain twins of SIMD functions are cold in WebAssembly.
if(EMSCRIPTEN)
  file(GLOB webp_dsp_files ${libwebp_SOURCE_DIR}/src/dsp/*_sse2.c)
else()
  file(GLOB webp_dsp_files ${libwebp_SOURCE_DIR}/src/dsp/*.c)
endif()
list(FILTER webp_dsp_files EXCLUDE REGEX "(yuv|upsampling|rescaler|ssim|cpu|filters|lossless|alpha)")
photo_hot_files(${webp_dsp_files}
  ${libwebp_SOURCE_DIR}/src/dec/vp8_dec.c ${libwebp_SOURCE_DIR}/src/dec/vp8l_dec.c
  ${libwebp_SOURCE_DIR}/src/enc/quant_enc.c ${libwebp_SOURCE_DIR}/src/enc/token_enc.c
  ${libwebp_SOURCE_DIR}/src/utils/bit_writer_utils.c)

file(GLOB webp_sse41_files ${libwebp_SOURCE_DIR}/src/dsp/*_sse41.c)
if(EMSCRIPTEN)
  target_compile_options(webp PRIVATE -msse2)
  target_compile_definitions(webp PRIVATE EMSCRIPTEN=1)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set_property(SOURCE ${webp_sse41_files} APPEND PROPERTY COMPILE_OPTIONS -msse4.1)
  target_compile_definitions(webp PRIVATE WEBP_HAVE_SSE2=1 WEBP_HAVE_SSE41=1)
endif()
