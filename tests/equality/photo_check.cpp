// Prepares files natively for tests/equality/pixels.test.mjs: `photo_check RECIPE FILE...` prints a line for each, the
// SHA-256 of the photo and of its thumbnail and the difference hash, or the code of the refusal.
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include <photo_core/prepare.hpp>
#include <photo_core/sha256.hpp>

namespace {

using namespace photo_core;

// The same options as in the test, by the same names.
std::optional<PrepareOptions> recipe(std::string_view name) {
  PrepareOptions options;
  options.keep_original = OriginalChoice::never;
  if (name == "usual") return options;
  options.max_edge_px = 700;
  if (name == "png_linear") {
    options.format = OutputFormat::png;
    options.light = LightChoice::linear;
    return options;
  }
  if (name == "webp_cover") {
    options.format = OutputFormat::webp;
    options.quality = 60;
    options.fit = FitChoice::cover;
    return options;
  }
  if (name == "small_progressive") {
    options.format = OutputFormat::jpeg;
    options.progressive = true;
    options.max_bytes = 30'000;
    return options;
  }
  return std::nullopt;
}

}  // namespace

int main(int count, char** arguments) {
  const auto options = recipe(count > 1 ? arguments[1] : "");
  if (!options) {
    std::cerr << "unknown recipe\n";
    return 2;
  }
  for (int i = 2; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    const auto made = prepare_photo({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, *options);
    if (!made.ok()) {
      std::cout << code_name(made.error().code) << '\n';
      continue;
    }
    const PreparedPhoto& photo = made.value();
    std::cout << sha256_hex(photo.photo.bytes) << ' ' << sha256_hex(photo.thumbnails.front().bytes) << ' ' << std::hex
              << std::setw(16) << std::setfill('0') << photo.dhash << std::dec << '\n';
  }
}
