# libjpeg-turbo, built from its file list: 2.1.5 refuses to be a part of another CMake project.
#
# Its own SIMD code is left out (jsimd_none.c): what photos need is done by our kernels, the same
# natively and in WebAssembly, which core/src/codec puts into the library's method tables. The rest is
# its plain C everywhere, so that both builds give the same pixels. Its error manager (jerror.c), which
# prints and exits, and its look at the environment are left out too.
#
# The 12-bit, TurboJPEG and file-based parts are left out; arithmetic coding can be read, not written.

set(jpeg_dir ${libjpeg_turbo_SOURCE_DIR})
set(jpeg_config_dir ${CMAKE_CURRENT_BINARY_DIR}/libjpeg_turbo)

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
set(WITH_SIMD OFF)
foreach(header jconfig.h jconfigint.h jversion.h)
  configure_file(${jpeg_dir}/${header}.in ${jpeg_config_dir}/${header})
endforeach()

add_library(jpeg STATIC)
foreach(file
    jaricom jcapimin jcapistd jccoefct jcdctmgr jchuff jcinit jcmainct jcmarker jcmaster jcomapi jcparam
    jcphuff jdapimin jdapistd jdarith jdatadst jdcoefct jddctmgr jdhuff jdinput jdmainct jdmarker jdmaster
    jdphuff jdpostct jdsample jfdctint jidctint jidctred jutils jmemmgr jmemnobs jsimd_none)
  target_sources(jpeg PRIVATE ${jpeg_dir}/${file}.c)
endforeach()
# What stands in for the modules that are not in that list.
target_sources(jpeg PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/libjpeg_turbo_left_out.c)
# What a progressive scan is prepared with, in place of what jsimd_none.c says of it.
target_sources(jpeg PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/libjpeg_turbo_progression.c)
set(jpeg_replaced)
foreach(pass first refine)
  foreach(function jsimd_can_encode_mcu_AC_${pass}_prepare jsimd_encode_mcu_AC_${pass}_prepare)
    list(APPEND jpeg_replaced ${function}=photo_none_${function})
  endforeach()
endforeach()
set_source_files_properties(${jpeg_dir}/jsimd_none.c PROPERTIES COMPILE_DEFINITIONS "${jpeg_replaced}")
target_include_directories(jpeg SYSTEM PUBLIC ${jpeg_config_dir} ${jpeg_dir})
photo_third_party_target(jpeg)
photo_hot_files(${jpeg_dir}/jdhuff.c ${CMAKE_CURRENT_SOURCE_DIR}/libjpeg_turbo_progression.c)
# Its decoder has nothing to vectorise but the making of tables, once a scan: 5 KB for nothing.
if(EMSCRIPTEN)
  set_property(SOURCE ${jpeg_dir}/jdhuff.c APPEND PROPERTY COMPILE_OPTIONS
    -fno-vectorize -fno-slp-vectorize -fno-unroll-loops)
endif()

# A component's transform is of its picture's N/8, N up to 8, doubled at most from below 8: these are never chosen.
set_source_files_properties(${jpeg_dir}/jddctmgr.c PROPERTIES COMPILE_DEFINITIONS
  "jpeg_idct_9x9=photo_jpeg_no_idct;jpeg_idct_11x11=photo_jpeg_no_idct;jpeg_idct_13x13=photo_jpeg_no_idct;jpeg_idct_15x15=photo_jpeg_no_idct;jpeg_idct_16x16=photo_jpeg_no_idct;jpeg_idct_ifast=photo_jpeg_no_idct;jpeg_idct_float=photo_jpeg_no_idct")

# Without the environment, and without two tables of 64 KiB for what one instruction counts.
target_compile_definitions(jpeg PRIVATE NO_GETENV=1 NO_PUTENV=1 USE_CLZ_INTRINSIC=1)

# WebAssembly has 64-bit integers although size_t has 32 bits. The Huffman coders have a 64-bit
# buffer for exactly this case, x86-64 with 32-bit pointers; it is worth 9 percent of a decode.
if(EMSCRIPTEN)
  set_source_files_properties(${jpeg_dir}/jdhuff.c ${jpeg_dir}/jdphuff.c ${jpeg_dir}/jchuff.c
    PROPERTIES COMPILE_DEFINITIONS "__x86_64__=1;__ILP32__=1")
endif()

# The Huffman encoder reads no file, and its unrolled macros keep the check for undefined behaviour busy for a minute of
# compilation; that of addresses stays.
if(PHOTO_SANITIZE MATCHES "undefined")
  set_property(SOURCE ${jpeg_dir}/jchuff.c APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=undefined)
endif()
