#include "codec/jpeg_library.hpp"

#include <cstring>

#include <jerror.h>

namespace photo_core {
namespace {

// The library's message table, from its list of messages, of which nobody reads what traces it (JTRC_). Its own error
// manager (jerror.c), which prints and exits, is not linked.
#define JCOPYRIGHT_SHORT ""
#define JVERSION ""
constexpr const char* messages[] = {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a list's element, its comma and all
#define JMESSAGE(code, text) #code[1] == 'T' ? "" : text,
#include <jerror.h>
    nullptr};

JpegErrors& errors_of(j_common_ptr state) { return *reinterpret_cast<JpegErrors*>(state->err); }
JpegSource& source_of(j_decompress_ptr state) { return *reinterpret_cast<JpegSource*>(state->src); }

// Whether what is read is no longer the file's: nothing that it says is damage.
bool reads_beyond_end(j_common_ptr state) {
  return state->is_decompressor != 0 && source_of(reinterpret_cast<j_decompress_ptr>(state)).hit_end;
}

void error_exit(j_common_ptr state) {
  JpegErrors& errors = errors_of(state);
  errors.error_code = state->err->msg_code;
  errors.error_argument = state->err->msg_parm.i[0];
  std::longjmp(errors.escape, 1);
}

// Called for warnings (level -1) and trace messages. Most warnings are about things that browsers read over too.
void emit_message(j_common_ptr state, int level) {
  if (level >= 0) return;
  JpegErrors& errors = errors_of(state);
  ++state->err->num_warnings;
  switch (state->err->msg_code) {
    case JWRN_HIT_MARKER: errors.premature_end = true; break;
    case JWRN_EXTRANEOUS_DATA: errors.extraneous_data = true; break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_NOT_SEQUENTIAL:
      if (errors.corrupt_warning == 0 && !reads_beyond_end(state)) errors.corrupt_warning = state->err->msg_code;
      break;
    default: break;
  }
}

void output_message(j_common_ptr) {}
void format_message(j_common_ptr, char* buffer) { buffer[0] = '\0'; }

void reset_error_mgr(j_common_ptr state) {
  state->err->num_warnings = 0;
  state->err->msg_code = 0;
}

void init_source(j_decompress_ptr) {}
void term_source(j_decompress_ptr) {}

boolean fill_input_buffer(j_decompress_ptr state) {
  static constexpr JOCTET end_of_image[2] = {0xff, JPEG_EOI};
  JpegSource& source = source_of(state);
  source.hit_end = true;
  source.base.next_input_byte = end_of_image;
  source.base.bytes_in_buffer = sizeof end_of_image;
  return TRUE;
}

void skip_input_data(j_decompress_ptr state, long count) {
  if (count <= 0) return;
  JpegSource& source = source_of(state);
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes > source.base.bytes_in_buffer) {
    fill_input_buffer(state);
    return;
  }
  source.base.next_input_byte += bytes;
  source.base.bytes_in_buffer -= bytes;
}

// The kinds of JPEG that are named rather than called broken (ITU-T T.81, table B.1; T.87, C.1.1).
const char* process_name(int marker) {
  switch (marker) {
    case 0xc3: return "lossless JPEG";
    case 0xcb: return "lossless arithmetic JPEG";
    case 0xc5:
    case 0xc6:
    case 0xc7:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xde: return "hierarchical JPEG";
    case 0xf7: return "JPEG-LS";
    default: return "JPEG of a reserved process";
  }
}

}  // namespace

void init_jpeg_errors(JpegErrors& errors) {
  std::memset(&errors, 0, sizeof errors);
  errors.base.error_exit = error_exit;
  errors.base.emit_message = emit_message;
  errors.base.output_message = output_message;
  errors.base.format_message = format_message;
  errors.base.reset_error_mgr = reset_error_mgr;
  errors.base.jpeg_message_table = messages;
  errors.base.last_jpeg_message = JMSG_LASTMSGCODE - 1;
}

void init_jpeg_source(JpegSource& source, ByteView bytes) {
  source.base.next_input_byte = bytes.data();
  source.base.bytes_in_buffer = bytes.size();
  source.base.init_source = init_source;
  source.base.fill_input_buffer = fill_input_buffer;
  source.base.skip_input_data = skip_input_data;
  source.base.resync_to_restart = jpeg_resync_to_restart;
  source.base.term_source = term_source;
  source.begin = bytes.data();
  source.hit_end = false;
}

std::string jpeg_message(int code, int argument) {
  if (code <= 0 || code >= JMSG_LASTMSGCODE) return "unknown JPEG error";
  std::string text = messages[code];
  // The library's formats hold at most one number that says something without the rest.
  const std::size_t at = text.find('%');
  if (at != std::string::npos) {
    const bool hexadecimal = at >= 2 && text[at - 1] == 'x';
    text.resize(at);
    if (hexadecimal) {
      constexpr char digits[] = "0123456789abcdef";
      text += digits[argument >> 4 & 15];
      text += digits[argument & 15];
    } else {
      text += std::to_string(argument);
    }
  }
  return text;
}

Error jpeg_error(const jpeg_decompress_struct& state, const JpegErrors& errors, bool hit_end) {
  if (errors.too_many_scans) return fail(ErrorCode::corrupt_image, "JPEG with more scans than a picture needs");
  if (errors.error_code == 0 && hit_end) return fail(ErrorCode::truncated_image, jpeg_ends_early);
  const std::string text = jpeg_message(errors.error_code, errors.error_argument);
  switch (errors.error_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: return fail(ErrorCode::out_of_memory, text);
    case JERR_SOF_UNSUPPORTED: return fail(ErrorCode::unsupported_type, process_name(errors.error_argument));
    case JERR_UNKNOWN_MARKER:  // JPEG-LS and hierarchical files begin with one of their own (SOF55, DHP)
      if (errors.error_argument != 0xf7 && errors.error_argument != 0xde) return fail(ErrorCode::corrupt_image, text);
      return fail(ErrorCode::unsupported_type, process_name(errors.error_argument));
    case JERR_BAD_PRECISION:
      if (state.data_precision == 12) return fail(ErrorCode::unsupported_type, "12-bit JPEG");
      return fail(ErrorCode::corrupt_image, text);
    case JERR_EMPTY_IMAGE:
      if (state.image_height == 0 && state.image_width > 0 && !hit_end) {
        return fail(ErrorCode::unsupported_type, "JPEG without its height in the header (DNL)");
      }
      return fail(ErrorCode::corrupt_image, text);
    default: return fail(hit_end ? ErrorCode::truncated_image : ErrorCode::corrupt_image, text);
  }
}

Error jpeg_error(const jpeg_compress_struct&, const JpegErrors& errors) {
  const std::string text = jpeg_message(errors.error_code, errors.error_argument);
  const bool memory = errors.error_code == JERR_OUT_OF_MEMORY || errors.error_code == JERR_NO_BACKING_STORE;
  return fail(memory ? ErrorCode::out_of_memory : ErrorCode::internal, text);
}

}  // namespace photo_core
