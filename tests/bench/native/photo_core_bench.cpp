// The bench's task natively: prepares (or only probes) each file named, some runs, and prints a line of JSON a file.
//   photo_core_bench prepare|photo|probe RUNS FILE...      photo: without a thumbnail
// Under callgrind `measured_call` is where counting starts and ends.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <photo_core/prepare.hpp>
#include <photo_core/probe.hpp>

namespace {

using namespace photo_core;
using Bytes = std::vector<std::uint8_t>;

double clock_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// tests/bench/kit/task.mjs, in the core's words.
PrepareOptions task(bool with_thumbnail) {
  PrepareOptions options;
  options.max_edge_px = 2048;
  options.format = OutputFormat::jpeg;
  options.quality = 82;
  options.thumbnails.clear();
  if (with_thumbnail) options.thumbnails.push_back({320, OutputFormat::jpeg, 75});
  options.keep_original = OriginalChoice::never;
  options.clock_ms = clock_ms;
  return options;
}

Bytes read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

using Steps = std::vector<std::pair<std::string, double>>;

}  // namespace

// One run; false when the file was refused.
extern "C" __attribute__((noinline, visibility("default"))) bool measured_call(std::span<const std::uint8_t> source,
                                                                               std::string_view what, Steps& steps) {
  if (what == "probe") return probe_photo(source, {}).ok();
  auto prepared = prepare_photo(source, task(what == "prepare"));
  if (!prepared) return false;
  steps = std::move(prepared->timings);
  return true;
}

int main(int count, char** arguments) {
  const std::string_view what = count > 3 ? arguments[1] : "";
  const int runs = count > 3 ? std::atoi(arguments[2]) : 0;
  if ((what != "prepare" && what != "photo" && what != "probe") || runs < 1) {
    std::fprintf(stderr, "photo_core_bench prepare|photo|probe RUNS FILE...\n");
    return 2;
  }
  for (int i = 3; i < count; ++i) {
    const Bytes source = read_file(arguments[i]);
    std::printf("{\"runs\":[");
    for (int run = 0; run < runs; ++run) {
      Steps steps;
      const std::clock_t cpu = std::clock();
      const double start = clock_ms();
      const bool ok = measured_call(source, what, steps);
      const double elapsed = clock_ms() - start;
      const double cpu_ms = 1000.0 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
      if (!ok) {
        std::fprintf(stderr, "%s was refused\n", arguments[i]);
        return 1;
      }
      std::printf("%s{\"ms\":%.4f,\"cpuMs\":%.3f,\"steps\":{", run == 0 ? "" : ",", elapsed, cpu_ms);
      for (const auto& [step, ms] : steps) std::printf("\"%s\":%.4f,", step.c_str(), ms);
      std::printf("\"total\":%.4f}}", elapsed);
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }
  return 0;
}
