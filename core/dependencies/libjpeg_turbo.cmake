# libjpeg-turbo, built from its file list: 2.1.5 refuses to be a part of another CMake project.
#
# Its SIMD code hangs on one dispatch file (the jsimd_* functions). Three choices, in this order:
#   PHOTO_JPEG_SIMD_SOURCES  given or found (core/src/codec/jpeg_simd/*.c, WebAssembly only): our kernels
#   x86-64 with nasm         the library's own assembly
#   otherwise                jsimd_none.c, plain C
#
# The 12-bit, TurboJPEG and file-based parts are left out; arithmetic coding can be read, not written.

set(jpeg_dir ${libjpeg_turbo_SOURCE_DIR})
set(jpeg_config_dir ${CMAKE_CURRENT_BINARY_DIR}/libjpeg_turbo)

if(EMSCRIPTEN AND NOT DEFINED PHOTO_JPEG_SIMD_SOURCES)
  file(GLOB PHOTO_JPEG_SIMD_SOURCES CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/core/src/codec/jpeg_simd/*.c ${PROJECT_SOURCE_DIR}/core/src/codec/jpeg_simd/*.cpp)
endif()
set(jpeg_assembly OFF)
if(NOT PHOTO_JPEG_SIMD_SOURCES AND NOT EMSCRIPTEN AND UNIX AND NOT APPLE
    AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  include(CheckLanguage)
  check_language(ASM_NASM)
  if(CMAKE_ASM_NASM_COMPILER)
    enable_language(ASM_NASM)
    set(jpeg_assembly ON)
  endif()
endif()

# What configure would find out. SIZEOF_SIZE_T is the target's, never the host's.
set(JPEG_LIB_VERSION 62)
set(VERSION 2.1.5)
set(LIBJPEG_TURBO_VERSION_NUMBER 2001005)
set(BUILD 0)
set(COPYRIGHT_YEAR 1991-2023)
set(C_ARITH_CODING_SUPPORTED OFF)
set(D_ARITH_CODING_SUPPORTED ON)
set(MEM_SRCDST_SUPPORTED ON)
set(BITS_IN_JSAMPLE 8)
set(INLINE "inline __attribute__((always_inline))")
set(THREAD_LOCAL "__thread")
set(SIZE_T ${CMAKE_SIZEOF_VOID_P})
set(HAVE_BUILTIN_CTZL ON)
if(jpeg_assembly OR PHOTO_JPEG_SIMD_SOURCES)
  set(WITH_SIMD ON)
else()
  set(WITH_SIMD OFF)
endif()
foreach(header jconfig.h jconfigint.h jversion.h)
  configure_file(${jpeg_dir}/${header}.in ${jpeg_config_dir}/${header})
endforeach()

add_library(jpeg STATIC)
foreach(file
    jaricom jcapimin jcapistd jccoefct jccolor jcdctmgr jchuff jcicc jcinit jcmainct jcmarker jcmaster
    jcomapi jcparam jcphuff jcprepct jcsample jctrans jdapimin jdapistd jdarith jdatadst jdatasrc jdcoefct
    jdcolor jddctmgr jdhuff jdicc jdinput jdmainct jdmarker jdmaster jdmerge jdphuff jdpostct jdsample
    jdtrans jerror jfdctflt jfdctfst jfdctint jidctflt jidctfst jidctint jidctred jquant1 jquant2 jutils
    jmemmgr jmemnobs)
  target_sources(jpeg PRIVATE ${jpeg_dir}/${file}.c)
endforeach()
target_include_directories(jpeg SYSTEM PUBLIC ${jpeg_config_dir} ${jpeg_dir})
photo_third_party_target(jpeg)
photo_hot_files(
  ${jpeg_dir}/jdhuff.c ${jpeg_dir}/jdphuff.c ${jpeg_dir}/jchuff.c ${jpeg_dir}/jcdctmgr.c ${jpeg_dir}/jfdctint.c
  ${jpeg_dir}/jidctint.c ${jpeg_dir}/jidctred.c ${jpeg_dir}/jdcoefct.c ${jpeg_dir}/jccoefct.c)

if(PHOTO_JPEG_SIMD_SOURCES)
  target_sources(jpeg PRIVATE ${PHOTO_JPEG_SIMD_SOURCES})
  target_include_directories(jpeg PRIVATE ${PROJECT_SOURCE_DIR}/core/src)
elseif(jpeg_assembly)
  foreach(file
      jsimdcpu jfdctflt-sse jccolor-sse2 jcgray-sse2 jchuff-sse2 jcphuff-sse2 jcsample-sse2 jdcolor-sse2
      jdmerge-sse2 jdsample-sse2 jfdctfst-sse2 jfdctint-sse2 jidctflt-sse2 jidctfst-sse2 jidctint-sse2
      jidctred-sse2 jquantf-sse2 jquanti-sse2 jccolor-avx2 jcgray-avx2 jcsample-avx2 jdcolor-avx2
      jdmerge-avx2 jdsample-avx2 jfdctint-avx2 jidctint-avx2 jquanti-avx2)
    list(APPEND jpeg_assembly_sources ${jpeg_dir}/simd/x86_64/${file}.asm)
  endforeach()
  add_library(jpeg_assembly OBJECT ${jpeg_assembly_sources})
  target_include_directories(jpeg_assembly PRIVATE ${jpeg_dir}/simd/nasm ${jpeg_dir}/simd/x86_64)
  target_compile_definitions(jpeg_assembly PRIVATE ELF __x86_64__ PIC)
  target_sources(jpeg PRIVATE ${jpeg_dir}/simd/x86_64/jsimd.c $<TARGET_OBJECTS:jpeg_assembly>)
else()
  target_sources(jpeg PRIVATE ${jpeg_dir}/jsimd_none.c)
endif()

# WebAssembly has 64-bit integers although size_t has 32 bits. The Huffman coders have a 64-bit
# buffer for exactly this case, x86-64 with 32-bit pointers; it is worth 9 percent of a decode.
if(EMSCRIPTEN)
  set_source_files_properties(${jpeg_dir}/jdhuff.c ${jpeg_dir}/jdphuff.c ${jpeg_dir}/jchuff.c
    PROPERTIES COMPILE_DEFINITIONS "__x86_64__=1;__ILP32__=1")
endif()
