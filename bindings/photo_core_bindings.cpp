// The Embind surface: bytes in, plain objects out. Nothing is thrown across the edge; every call answers
// {ok: true, …} or {ok: false, code, detail, limit?, actual?}. The shape is declared in wasm/src/raw.ts.
#include <emscripten.h>
#include <emscripten/bind.h>
#include <emscripten/heap.h>
#include <emscripten/val.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <photo_core/payload.hpp>
#include <photo_core/prepare.hpp>
#include <photo_core/probe.hpp>
#include <photo_core/sha256.hpp>

// Of small_embind.js.
extern "C" {
void photo_core_expose(int (*advance)(double, double));
void photo_core_turn();
}

namespace {

using emscripten::val;
using namespace photo_core;

// When the running call of `advance` has to look up, and for how long it works between two such looks.
double turn_end = 0;
double turn_ms = 0;

std::string text(std::string_view view) { return std::string(view); }

// The bytes where they are, valid until they are freed or the memory grows.
val view_of(const std::vector<std::uint8_t>& bytes) {
  return val(emscripten::typed_memory_view(bytes.size(), bytes.data()));
}

val error_value(const Error& error) {
  val out = val::object();
  out.set("ok", false);
  out.set("code", text(code_name(error.code)));
  out.set("detail", error.detail);
  if (error.has_limit()) out.set("limit", error.limit);
  if (error.has_actual()) out.set("actual", error.actual);
  return out;
}

val warnings_value(const std::vector<WarningCode>& warnings) {
  val out = val::array();
  for (const WarningCode warning : warnings) out.call<void>("push", text(code_name(warning)));
  return out;
}

void set_value(val& out, const char* name, const std::string& value) {
  if (!value.empty()) out.set(name, value);
}
template <typename Number>
void set_value(val& out, const char* name, const std::optional<Number>& value) {
  if (value) out.set(name, static_cast<double>(*value));
}

void get_value(const val& in, const char* name, std::string& value) {
  if (const val given = in[name]; given.isString()) value = given.as<std::string>();
}
template <typename Number>
void get_value(const val& in, const char* name, std::optional<Number>& value) {
  if (const val given = in[name]; given.isNumber()) value = static_cast<Number>(given.as<double>());
}

// Each member with its name in JavaScript, to be written or to be read.
template <typename Capture, typename Visit>
void visit_capture(Capture& capture, Visit visit) {
  visit("time", capture.time);
  visit("make", capture.make);
  visit("model", capture.model);
  visit("lens", capture.lens);
  visit("exposureSeconds", capture.exposure_seconds);
  visit("fNumber", capture.f_number);
  visit("iso", capture.iso);
  visit("focalLengthMm", capture.focal_length_mm);
  visit("focalLength35Mm", capture.focal_length_35mm);
  visit("latitude", capture.latitude);
  visit("longitude", capture.longitude);
  visit("altitudeM", capture.altitude_m);
}

val capture_value(const CaptureData& capture) {
  val out = val::object();
  visit_capture(capture, [&](const char* name, const auto& value) { set_value(out, name, value); });
  return out;
}

CaptureData capture_of(const val& in) {
  CaptureData capture;
  visit_capture(capture, [&](const char* name, auto& value) { get_value(in, name, value); });
  return capture;
}

val probe_value(const PhotoProbe& probe) {
  val out = val::object();
  out.set("ok", true);
  out.set("format", probe.format);
  out.set("mimeType", probe.mime_type);
  out.set("width", probe.width_px);
  out.set("height", probe.height_px);
  out.set("orientation", probe.orientation);
  out.set("bits", probe.bits_per_sample);
  out.set("hasAlpha", probe.has_alpha);
  out.set("frames", probe.frames);
  out.set("progressive", probe.progressive);
  out.set("profile", probe.profile);
  out.set("gainMap", probe.gain_map);
  out.set("capture", capture_value(probe.capture));
  out.set("warnings", warnings_value(probe.warnings));
  out.set("heapBytes", static_cast<double>(probe.heap_bytes));
  return out;
}

// What `keep` makes of the bytes is what leaves: they are copied once, to where they will stay.
val image_value(const EncodedImage& image, const val& keep) {
  val out = val::object();
  out.set("blob", keep(view_of(image.bytes), std::string(image.mime_type)));
  out.set("mimeType", image.mime_type);
  out.set("width", image.width_px);
  out.set("height", image.height_px);
  return out;
}

std::string hexadecimal(std::uint64_t value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = digits[value & 15];
  return out;
}

val prepared_value(const PreparedPhoto& prepared, const val& keep) {
  val out = val::object();
  out.set("ok", true);
  out.set("photo", image_value(prepared.photo, keep));
  val thumbnails = val::array();
  for (const EncodedImage& thumbnail : prepared.thumbnails) thumbnails.call<void>("push", image_value(thumbnail, keep));
  out.set("thumbnails", thumbnails);
  out.set("dhash", hexadecimal(prepared.dhash));
  out.set("thumbhash", val::global("Uint8Array").new_(view_of(prepared.thumbhash)));
  out.set("passedThrough", prepared.passed_through);
  out.set("source", probe_value(prepared.source));
  out.set("capture", capture_value(prepared.source.capture));
  out.set("warnings", warnings_value(prepared.warnings));
  val timings = val::object();
  for (const auto& [step, milliseconds] : prepared.timings) timings.set(step, milliseconds);
  out.set("timings", timings);
  return out;
}

OutputFormat format_of(const std::string& name) {
  if (name == "jpeg") return OutputFormat::jpeg;
  if (name == "webp") return OutputFormat::webp;
  if (name == "png") return OutputFormat::png;
  return OutputFormat::automatic;
}

// The shim has checked every value; here they are only carried over.
PrepareOptions options_of(const val& in) {
  const auto string_of = [&](const char* name) { return in[name].as<std::string>(); };
  const auto number_of = [&](const char* name) { return in[name].as<double>(); };
  PrepareOptions out;
  out.max_edge_px = static_cast<std::uint32_t>(number_of("maxEdge"));
  out.format = format_of(string_of("format"));
  out.quality = static_cast<int>(number_of("quality"));
  out.max_bytes = static_cast<std::uint64_t>(number_of("maxBytes"));
  out.color = string_of("color") == "keep" ? ColorChoice::keep : ColorChoice::srgb;
  out.light = string_of("light") == "linear" ? LightChoice::linear : LightChoice::encoded;
  out.fit = string_of("fit") == "cover" ? FitChoice::cover : FitChoice::inside;
  const val cover_width = in["coverWidth"], cover_height = in["coverHeight"];
  if (cover_width.isNumber()) out.cover_width_px = static_cast<std::uint32_t>(cover_width.as<double>());
  if (cover_height.isNumber()) out.cover_height_px = static_cast<std::uint32_t>(cover_height.as<double>());
  out.progressive = in["progressive"].as<bool>();
  out.gps = in["gps"].as<bool>();
  out.thumbnails.clear();
  const val thumbnails = in["thumbnails"];
  const auto count = thumbnails["length"].as<std::uint32_t>();
  for (std::uint32_t i = 0; i < count; ++i) {
    const val thumbnail = thumbnails[i];
    out.thumbnails.push_back({static_cast<std::uint32_t>(thumbnail["maxEdge"].as<double>()),
                              format_of(thumbnail["format"].as<std::string>()),
                              static_cast<int>(thumbnail["quality"].as<double>())});
  }
  out.background = static_cast<std::uint32_t>(number_of("background"));
  out.keep_metadata = string_of("keepMetadata") == "capture" ? MetadataChoice::capture : MetadataChoice::none;
  const std::string original = string_of("keepOriginal");
  out.keep_original = original == "never"    ? OriginalChoice::never
                      : original == "always" ? OriginalChoice::always
                                             : OriginalChoice::automatic;
  out.allow_truncated = in["allowTruncated"].as<bool>();
  out.max_source_bytes = static_cast<std::uint64_t>(number_of("maxSourceBytes"));
  out.max_pixels = static_cast<std::uint64_t>(number_of("maxPixels"));
  out.max_heap_bytes = static_cast<std::uint64_t>(number_of("maxHeapBytes"));
  out.claimed_type = string_of("claimedType");
  out.strict_type = in["strictType"].as<bool>();
  if (const val capture = in["capture"]; !capture.isUndefined()) out.capture = capture_of(capture);
  out.clock_ms = [] { return emscripten_get_now(); };
  out.on_turn = [] {
    if (emscripten_get_now() < turn_end) return;
    photo_core_turn();
    turn_end = emscripten_get_now() + turn_ms;
  };
  return out;
}

void connect_progress(PrepareOptions& options, const val& callback) {
  if (callback.isNull() || callback.isUndefined()) return;
  // A call across the edge, and the message that follows it, cost a tenth of a millisecond: a step's first word and its
  // last, and between them one a frame at most, since nobody shows more.
  constexpr double frame_ms = 16;
  options.on_progress = [callback, last_step = std::string(), last_percent = std::uint64_t{0}, last_ms = 0.0](
                            std::string_view step, std::uint64_t done, std::uint64_t total) mutable {
    const std::uint64_t percent = total > 0 ? done * 100 / total : 100;
    const bool new_step = step != last_step;
    if (!new_step && percent == last_percent) return;
    const double now_ms = emscripten_get_now();
    if (!new_step && done != total && now_ms - last_ms < frame_ms) return;
    last_step = step;
    last_percent = percent;
    last_ms = now_ms;
    callback(text(step), static_cast<double>(done), static_cast<double>(total));
  };
}

// A source is a plain block of the core's memory, known outside by its address: free functions over numbers cost the
// glue a fraction of what a bound class does. Whoever asked for it fills it and frees it.
double create_source(double byte_length) {
  void* const bytes = std::malloc(std::max<std::size_t>(1, static_cast<std::size_t>(byte_length)));
  return static_cast<double>(reinterpret_cast<std::uintptr_t>(bytes));  // 0 when there is no memory for so many bytes
}
std::uint8_t* bytes_at(double address) { return reinterpret_cast<std::uint8_t*>(static_cast<std::uintptr_t>(address)); }
void free_source(double address) { std::free(bytes_at(address)); }

std::span<const std::uint8_t> source_span(double address, double byte_length) {
  return {bytes_at(address), static_cast<std::size_t>(byte_length)};
}

// The block to fill; the view is valid until the next call into the module.
val source_view(double address, double byte_length) {
  return val(emscripten::typed_memory_view(static_cast<std::size_t>(byte_length), bytes_at(address)));
}

val probe(double address, double byte_length, const val& options) {
  const PrepareOptions from = options_of(options);
  ProbeOptions checked;
  checked.gps = from.gps;
  checked.claimed_type = from.claimed_type;
  checked.max_source_bytes = from.max_source_bytes;
  checked.max_pixels = from.max_pixels;
  checked.max_heap_bytes = from.max_heap_bytes;
  checked.strict_type = from.strict_type;
  const auto result = probe_photo(source_span(address, byte_length), checked);
  return result ? probe_value(*result) : error_value(result.error());
}

// A preparation is known outside by its address too. Whoever began it advances it to its end and takes what came of
// it, which frees it.
double address_of(Preparation* preparation) {
  return static_cast<double>(reinterpret_cast<std::uintptr_t>(preparation));
}

double begin(double address, double byte_length, const val& options, const val& on_progress) {
  PrepareOptions checked = options_of(options);
  connect_progress(checked, on_progress);
  return address_of(new Preparation(source_span(address, byte_length), checked));
}

// For pixels that a browser decoded: the source holds width * height * 4 bytes.
double begin_pixels(double width_px, double height_px, double address, const val& options) {
  return address_of(new Preparation(source_span(address, width_px * height_px * 4),
                                    static_cast<std::uint32_t>(width_px), static_cast<std::uint32_t>(height_px),
                                    options_of(options)));
}

// Goes on for about so many milliseconds; 1 while there is more to do. Not bound by Embind but given to the engine as
// the function it is (small_embind.js): only such a one can be suspended.
int advance(double preparation_address, double milliseconds) {
  auto* const preparation = reinterpret_cast<Preparation*>(bytes_at(preparation_address));
  turn_ms = milliseconds;
  turn_end = emscripten_get_now() + milliseconds;
  do {
    if (!preparation->step()) return 0;
  } while (emscripten_get_now() < turn_end);
  return 1;
}

// What came of it; the preparation is gone. `keep` is called with each picture's bytes and type, the photo's first.
val take(double preparation_address, const val& keep) {
  auto* const preparation = reinterpret_cast<Preparation*>(bytes_at(preparation_address));
  const auto result = preparation->take();
  delete preparation;
  return result ? prepared_value(*result, keep) : error_value(result.error());
}

std::string sha256_of(double address, double byte_length) { return sha256_hex(source_span(address, byte_length)); }

std::string check_payload_text(const std::string& table, const std::string& json) {
  const auto known = payload_table(table);
  return known ? check_payload(*known, json) : std::string();
}

double heap_bytes() { return static_cast<double>(emscripten_get_heap_size()); }

}  // namespace

EMSCRIPTEN_BINDINGS(photo_core) {
  emscripten::function("createSource", &create_source);
  emscripten::function("sourceView", &source_view);
  emscripten::function("freeSource", &free_source);
  emscripten::function("probe", &probe);
  emscripten::function("begin", &begin);
  emscripten::function("beginPixels", &begin_pixels);
  photo_core_expose(&advance);
  emscripten::function("take", &take);
  emscripten::function("sha256", &sha256_of);
  emscripten::function("checkPayload", &check_payload_text);
  emscripten::function("heapBytes", &heap_bytes);
}
