// From rows or frames to files.
#pragma once

#include <cstdint>
#include <memory>

#include <photo_core/prepare.hpp>
#include <photo_core/result.hpp>

#include "codec/encoder.hpp"
#include "image/planes.hpp"
#include "image/resize_stage.hpp"
#include "image/row_sink.hpp"

namespace photo_core {

// What an output file is to be; the format is decided (never automatic).
struct OutputSpec {
  OutputFormat format = OutputFormat::jpeg;
  EncodeRequest request;
  std::uint32_t background = 0xffffff;
  ResizeSpace space = ResizeSpace::encoded;  // of a frame that is encoded at another size
  const LightTables* light = nullptr;        // as in ResizeMap
};

std::unique_ptr<Encoder> make_encoder(const OutputSpec& spec);
const char* mime_type_of(OutputFormat format);

// Hands rows to an encoder.
class EncoderSink final : public RowSink {
 public:
  explicit EncoderSink(Encoder& encoder) : encoder_(encoder) {}
  Status push(const Band& band) override { return encoder_.rows(band); }

 private:
  Encoder& encoder_;
};

// Whether any sample of the frame's alpha plane is not opaque.
bool uses_alpha(const Frame& frame);

// Encodes a whole upright frame, converted to what the encoder wants; `drop_alpha` when it is known to be opaque.
Result<Bytes> encode_frame(const Frame& frame, const OutputSpec& spec, bool drop_alpha);

// The same at another size.
Result<Bytes> encode_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px,
                             const OutputSpec& spec, bool drop_alpha);

// About how many bytes that would give, with less work where the format has a quicker way (Encoder::estimate()).
Result<std::size_t> estimate_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px,
                                     const OutputSpec& spec, bool drop_alpha);

}  // namespace photo_core
