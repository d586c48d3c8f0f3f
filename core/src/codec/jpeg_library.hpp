// libjpeg-turbo as the JPEG codec files see it: its own headers, an error manager that comes back as a value, and a
// source over bytes in memory. Nothing of this leaves the codec.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdio>

#define JPEG_INTERNALS
extern "C" {
#include <jpeglib.h>
}
#undef JPEG_INTERNALS
// The library defines these as macros; the standard library has functions of the same name.
#undef MAX
#undef MIN

#include <photo_core/result.hpp>

#include "base/bytes.hpp"

namespace photo_core {

// What the library reported. Its error exit jumps to `escape`; warnings are remembered, the gravest first.
struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  int error_code;        // J_MESSAGE_CODE of the error that ended the call, 0 while there is none
  int error_argument;    // its first integer argument
  int corrupt_warning;   // first warning that means damaged entropy-coded data, 0 when there is none
  bool premature_end;    // a segment of entropy-coded data ended before its last block
  bool extraneous_data;  // bytes before a marker were skipped
  bool too_many_scans;
};

void init_jpeg_errors(JpegErrors& errors);

// Calls `action` with the library's error exit caught: false when it was taken. `action` must not own anything that
// needs a destructor, since a jump skips it. Never inlined: what calls setjmp keeps its locals to itself.
template <typename Action>
[[gnu::noinline]] bool jpeg_guarded(JpegErrors& errors, Action& action) {
  if (setjmp(errors.escape) != 0) return false;
  action();
  return true;
}

// A source over a whole file in memory. Past its end the library sees an EOI marker, and `hit_end` tells.
struct JpegSource {
  jpeg_source_mgr base;
  const JOCTET* begin;  // the file's first byte
  bool hit_end;
};

void init_jpeg_source(JpegSource& source, ByteView bytes);

inline constexpr const char* jpeg_ends_early = "JPEG data ends before the picture does";

// The error value for what ended a call, with the library's own words in `detail`.
Error jpeg_error(const jpeg_decompress_struct& state, const JpegErrors& errors, bool hit_end);
Error jpeg_error(const jpeg_compress_struct& state, const JpegErrors& errors);
// The library's sentence of a warning or error code.
std::string jpeg_message(int code, int argument);

}  // namespace photo_core
