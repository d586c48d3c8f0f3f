// Every file of the corpus, where there is one (PHOTO_CORPUS names its folder): what is found is what the manifest
// says, and a scrub leaves nothing to find.
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "colour_samples.hpp"
#include "metadata/metadata.hpp"

using namespace photo_core;

namespace {

struct ManifestLine {
  std::string path, verdict, icc;
  int orientation = 1;
  bool gain_map = false;
};

std::string corpus_folder() {
  const char* folder = std::getenv("PHOTO_CORPUS");
  return folder ? folder : "";
}

std::vector<ManifestLine> read_manifest(const std::string& folder) {
  std::ifstream file(folder + "/manifest.tsv");
  std::vector<ManifestLine> lines;
  std::vector<std::string> names;
  for (std::string text; std::getline(file, text);) {
    std::vector<std::string> fields;
    std::stringstream row(text);
    for (std::string field; std::getline(row, field, '\t');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    ManifestLine line;
    for (std::size_t i = 0; i < fields.size() && i < names.size(); ++i) {
      if (names[i] == "path") line.path = fields[i];
      if (names[i] == "verdict") line.verdict = fields[i];
      if (names[i] == "icc") line.icc = fields[i];
      if (names[i] == "orientation" && !fields[i].empty()) line.orientation = std::atoi(fields[i].c_str());
      if (names[i] == "gainmap") line.gain_map = !fields[i].empty() && fields[i] != "0";
    }
    lines.push_back(line);
  }
  return lines;
}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(file)), {});
}

enum class Container { none, jpeg, png, webp };
Container container_of(ByteView bytes) {
  if (has_at(bytes, 0, "\xff\xd8\xff")) return Container::jpeg;
  if (has_at(bytes, 0, "\x89PNG\r\n\x1a\n")) return Container::png;
  return has_at(bytes, 0, "RIFF") && has_at(bytes, 8, "WEBP") ? Container::webp : Container::none;
}

MetadataBlocks find_metadata(ByteView bytes) {
  switch (container_of(bytes)) {
    case Container::jpeg: return find_jpeg_metadata(bytes);
    case Container::png: return find_png_metadata(bytes);
    case Container::webp: return find_webp_metadata(bytes);
    default: return {};
  }
}

Result<Bytes> scrub(ByteView bytes, const ScrubKeep& keep) {
  switch (container_of(bytes)) {
    case Container::png: return scrub_png(bytes, keep);
    case Container::webp: return scrub_webp(bytes, keep);
    default: return scrub_jpeg(bytes, keep);
  }
}

}  // namespace

TEST_CASE("corpus: orientation as in the manifest, and nothing private after a scrub", "[metadata][corpus]") {
  const std::string folder = corpus_folder();
  if (folder.empty()) SKIP("PHOTO_CORPUS is not set");
  std::size_t scrubbed_files = 0;
  for (const ManifestLine& line : read_manifest(folder)) {
    const Bytes bytes = read_file(folder + "/" + line.path);
    if (container_of(bytes) == Container::none) continue;
    INFO(line.path);
    const MetadataBlocks blocks = find_metadata(bytes);
    const int expected = line.orientation >= 1 && line.orientation <= 8 ? line.orientation : 1;
    if (line.verdict == "accept") CHECK(read_orientation(blocks.exif) == expected);
    const CaptureData capture = read_capture(blocks, true);
    CHECK(capture.latitude.has_value() == capture.longitude.has_value());

    const Result<Bytes> bare = scrub(bytes, {});
    if (!bare.ok()) continue;
    ++scrubbed_files;
    const MetadataBlocks left = find_metadata(*bare);
    CHECK_FALSE(left.has_private);
    CHECK(left.exif.empty());
    CHECK(left.xmp.empty());
    CHECK(left.icc_profile.empty());
    CHECK(left.image_end == bare->size());
    if (line.verdict == "accept") CHECK(bare->size() <= bytes.size());
    // A scrub of what is clean changes nothing.
    const Result<Bytes> again = scrub(*bare, {});
    REQUIRE(again.ok());
    CHECK((*again == *bare));

    CaptureData without_position = capture;
    without_position.latitude.reset();
    const Bytes exif = write_capture_exif(without_position, {});
    const Result<Bytes> kept = scrub(bytes, {exif, true});
    REQUIRE(kept.ok());
    const MetadataBlocks kept_blocks = find_metadata(*kept);
    CHECK_FALSE(read_capture(kept_blocks, true).latitude);
    CHECK(kept_blocks.icc_profile.size() == blocks.icc_profile.size());
  }
  CHECK(scrubbed_files > 0);
}

TEST_CASE("corpus: colour within the bar of lcms2 on every profile", "[colour][corpus]") {
  const std::string folder = corpus_folder();
  if (folder.empty()) SKIP("PHOTO_CORPUS is not set");
  std::set<Bytes> seen;
  for (const ManifestLine& line : read_manifest(folder)) {
    const Bytes bytes = read_file(folder + "/" + line.path);
    const MetadataBlocks blocks = find_metadata(bytes);
    const Bytes profile(blocks.icc_profile.begin(), blocks.icc_profile.end());
    const ProfileInfo info = inspect_profile(profile);
    if (info.kind == ProfileKind::none || info.kind == ProfileKind::broken || !seen.insert(profile).second) continue;
    INFO(line.path << ": " << info.description);
    const bool is_cmyk = info.kind == ProfileKind::cmyk;
    const bool is_table = is_cmyk || info.kind == ProfileKind::lut;
    const samples::Difference difference =
        samples::compare(profile, info.kind == ProfileKind::gray ? ColorModel::gray : ColorModel::rgb, is_cmyk,
                         is_table ? samples::Reference::exact : samples::Reference::usual);
    CHECK(difference.mean <= 0.5);
    if (!is_table) CHECK(difference.largest <= 2);
  }
}
