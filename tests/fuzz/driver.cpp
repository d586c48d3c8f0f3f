// The one driver of all fuzz targets. Built with PHOTO_FUZZ it is libFuzzer's entry point; without,
// a program that replays files and folders, so that a crash once found is a test for ever.
#include "fuzz.hpp"

#ifdef PHOTO_FUZZ

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) { return photo_fuzz(bytes, size); }

#else

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // An exact copy on the heap: a read past the end is then seen by the sanitizer.
  const std::vector<std::uint8_t> bytes(content.begin(), content.end());
  photo_fuzz(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int count = 1;
  photo_fuzz(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      ++count;
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      replay(entry.path());
      ++count;
    }
  }
  std::printf("%d inputs replayed\n", count);
  return 0;
}

#endif
