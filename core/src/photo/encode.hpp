// From rows or frames to files.
#pragma once

#include <cstdint>
#include <memory>

#include <photo_core/prepare.hpp>
#include <photo_core/result.hpp>

#include "codec/encoder.hpp"
#include "image/planes.hpp"
#include "image/row_sink.hpp"

namespace photo_core {

// What an output file is to be; the format is decided (never automatic).
struct OutputSpec {
  OutputFormat format = OutputFormat::jpeg;
  EncodeRequest request;
  std::uint32_t background = 0xffffff;
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
Result<Bytes> encode_resized(const Frame& frame, std::uint32_t width_px, std::uint32_t height_px, const OutputSpec& spec,
                             bool drop_alpha);

struct FittedImage {
  Bytes bytes;
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
};

// Encodes until the file has at most `max_bytes`: first by quality, then by size too. `first` is what the first
// encode gave (it counts); at most three encodes in all, landing at 90 percent of the limit or more where the third can
// reach it. Errors: output_too_large.
Result<FittedImage> fit_into_bytes(const Frame& frame, const OutputSpec& spec, bool drop_alpha, std::uint64_t max_bytes,
                                   std::uint64_t first_bytes);

}  // namespace photo_core
