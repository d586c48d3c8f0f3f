// PNG: whole decode, strictly and leniently, under a limit of pixels as the pipeline has one.
#include "codec/decoder.hpp"
#include "fuzz.hpp"
#include "fuzz_decoder.hpp"

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  photo_core::fuzz_decoder(photo_core::open_png, {bytes, size});
  return 0;
}
