// Every file of the corpus (PHOTO_CORPUS) through prepare_photo: the verdict of its manifest line, or, where that
// leaves it open, of tests/corpus/decisions.tsv; the same expectations as in Node and in Chromium.
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <photo_core/prepare.hpp>

#include "checkout.hpp"

using namespace photo_core;

namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  return fields;
}

}  // namespace

TEST_CASE("every file of the corpus gets its verdict", "[corpus]") {
  const char* corpus = std::getenv("PHOTO_CORPUS");
  if (corpus == nullptr) SKIP("PHOTO_CORPUS is not set");
  std::map<std::string, std::string> decisions;
  std::ifstream decided(in_checkout("tests/corpus/decisions.tsv"));
  for (std::string line; std::getline(decided, line);) {
    if (const auto fields = split(line); fields.size() >= 2) decisions[fields[0]] = fields[1];
  }
  const char* const dump = std::getenv("PHOTO_CORPUS_DUMP");  // where to write what came, for the table of decisions
  std::ofstream dumped;
  if (dump != nullptr) dumped.open(dump);

  std::ifstream manifest(std::string(corpus) + "/manifest.tsv");
  std::string line;
  std::getline(manifest, line);
  int files = 0;
  while (std::getline(manifest, line)) {
    const auto fields = split(line);
    if (fields.size() < 32) continue;
    const std::string& path = fields[3];
    std::ifstream file(std::string(corpus) + "/" + path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    PrepareOptions options;
    const auto result = prepare_photo({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, options);
    const std::string code = result ? "accept" : std::string(code_name(result.error().code));
    const std::string verdict = result ? "accept" : "reject";
    if (dumped) {
      dumped << path << '\t' << code << '\t' << fields[30] << '\t' << fields[31] << '\t'
             << (result ? "" : result.error().detail) << '\n';
    }
    INFO(path << ": " << code << " " << (result ? "" : result.error().detail) << "; manifest: " << fields[31]);
    CHECK(code != "internal");
    if (fields[30] != "unclear") {
      CHECK(verdict == fields[30]);
    } else if (dump == nullptr) {
      CHECK(code == decisions[path]);
    }
    ++files;
  }
  CHECK(files > 1000);
}
