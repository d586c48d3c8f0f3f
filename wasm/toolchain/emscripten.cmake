# The toolchain file of the wasm preset: Emscripten's own, wherever the emcc on the PATH lives.
find_program(PHOTO_EM_CONFIG em-config REQUIRED)
execute_process(COMMAND ${PHOTO_EM_CONFIG} EMSCRIPTEN_ROOT
  OUTPUT_VARIABLE PHOTO_EMSCRIPTEN_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
include(${PHOTO_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake)
