# libwebp: decoder, encoder and demuxer in one static library, single-threaded.
# Its SSE2 and SSE4.1 code is used on x86-64 (chosen at run time) and, through Emscripten's
# translation of those intrinsics, in WebAssembly. The linker drops what nobody calls.

file(GLOB webp_files
  ${libwebp_SOURCE_DIR}/src/dec/*.c ${libwebp_SOURCE_DIR}/src/enc/*.c ${libwebp_SOURCE_DIR}/src/dsp/*.c
  ${libwebp_SOURCE_DIR}/src/utils/*.c ${libwebp_SOURCE_DIR}/sharpyuv/*.c ${libwebp_SOURCE_DIR}/src/demux/demux.c)
list(FILTER webp_files EXCLUDE REGEX "_(mips32|mips_dsp_r2|msa)\\.c$")

add_library(webp STATIC ${webp_files})
# The root too: webp_decoder.cpp drives the decoder by rows, through src/dec/*.h.
target_include_directories(webp SYSTEM PUBLIC ${libwebp_SOURCE_DIR}/src ${libwebp_SOURCE_DIR})
photo_third_party_target(webp)
file(GLOB webp_dsp_files ${libwebp_SOURCE_DIR}/src/dsp/*.c)
list(FILTER webp_dsp_files EXCLUDE REGEX "(yuv|upsampling|rescaler|ssim|cost|cpu|alpha)")
photo_hot_files(${webp_dsp_files}
  ${libwebp_SOURCE_DIR}/src/dec/vp8_dec.c ${libwebp_SOURCE_DIR}/src/dec/vp8l_dec.c ${libwebp_SOURCE_DIR}/src/dec/tree_dec.c
  ${libwebp_SOURCE_DIR}/src/enc/quant_enc.c ${libwebp_SOURCE_DIR}/src/enc/token_enc.c
  ${libwebp_SOURCE_DIR}/src/enc/iterator_enc.c)

file(GLOB webp_sse41_files ${libwebp_SOURCE_DIR}/src/dsp/*_sse41.c)
if(EMSCRIPTEN)
  target_compile_options(webp PRIVATE -msse4.1)
  target_compile_definitions(webp PRIVATE EMSCRIPTEN=1)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set_source_files_properties(${webp_sse41_files} PROPERTIES COMPILE_OPTIONS -msse4.1)
  target_compile_definitions(webp PRIVATE WEBP_HAVE_SSE2=1 WEBP_HAVE_SSE41=1)
endif()
