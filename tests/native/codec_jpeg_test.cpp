// The JPEG decoder and encoder: the corpus' verdicts, the library's own samples, round trips, broken and odd files.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "checkout.hpp"
#include "codec/decoder.hpp"
#include "codec/encoder.hpp"
#include "codec/jpeg_library.hpp"
#include "codec_jpeg_files.hpp"

namespace {

using namespace photo_core;

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return Bytes(content.begin(), content.end());
}

struct CorpusFile {
  std::string path, verdict, reason;
  std::uint32_t width = 0, height = 0;
};

// The JPEGs of the manifest that PHOTO_CORPUS points to, by what their first bytes are.
std::vector<CorpusFile> corpus_jpegs() {
  std::vector<CorpusFile> files;
  const char* root = std::getenv("PHOTO_CORPUS");
  if (root == nullptr) return files;
  std::ifstream manifest(std::string(root) + "/manifest.tsv");
  std::string line;
  std::getline(manifest, line);
  while (std::getline(manifest, line)) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
    if (cells.size() < 32 || cells[7] != "jpeg") continue;
    CorpusFile file{std::string(root) + "/" + cells[3], cells[30], cells[31]};
    file.width = static_cast<std::uint32_t>(std::atoi(cells[9].c_str()));
    file.height = static_cast<std::uint32_t>(std::atoi(cells[10].c_str()));
    files.push_back(file);
  }
  return files;
}

// Gives the frame in bands of `step` rows of the coarsest plane each.
Result<Bytes> encode(const Frame& frame, const EncodeRequest& request, std::uint32_t step) {
  auto encoder = make_jpeg_encoder(request);
  const PlaneLayout layout = encoder->wanted(frame.layout);
  REQUIRE(layout.plane_width(layout.plane_count() - 1) == frame.layout.plane_width(layout.plane_count() - 1));
  if (Status status = encoder->begin(layout); !status.ok()) return std::move(status).error();
  for (std::uint32_t y = 0; y < layout.height_px; y += step * layout.v_subsampling) {
    Band band;
    for (int plane = 0; plane < layout.plane_count(); ++plane) {
      const std::uint32_t coarse = layout.is_chroma(plane) ? layout.v_subsampling : 1;
      const std::uint32_t first = y / coarse;
      const std::uint32_t count = std::min(step * layout.v_subsampling / coarse, layout.plane_height(plane) - first);
      band.planes[static_cast<std::size_t>(plane)] = {frame.row(plane, first), layout.plane_width(plane), first, count};
    }
    if (Status status = encoder->rows(band); !status.ok()) return std::move(status).error();
  }
  return encoder->finish();
}

// The same file by the library alone: its own transform, quantisation and Huffman coder.
Bytes encode_by_library(const Frame& frame, int quality) {
  return write_by_library(frame, [quality](jpeg_compress_struct& state) {
    jpeg_set_quality(&state, quality, TRUE);
    state.optimize_coding = TRUE;
  });
}

double mean_square_error(const Frame& a, const Frame& b, int plane) {
  const auto& x = a.planes[static_cast<std::size_t>(plane)];
  const auto& y = b.planes[static_cast<std::size_t>(plane)];
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("every JPEG of the corpus gets its verdict", "[jpeg][corpus]") {
  const auto files = corpus_jpegs();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  for (const CorpusFile& file : files) {
    const Bytes bytes = read_file(file.path);
    const Decoded decoded = decode(bytes);
    INFO(file.path << ": " << file.reason << "; got " << (decoded.ok ? "accept" : code_name(decoded.code)) << ", "
                   << decoded.detail);
    if (file.verdict == "accept") {
      CHECK(decoded.ok);
      CHECK(decoded.info.width_px == file.width);
      CHECK(decoded.info.height_px == file.height);
    }
    if (file.verdict == "reject") CHECK(!decoded.ok);
    if (decoded.ok) {
      CHECK(!decoded.gaps);
      CHECK(decoded.consumed > 0);
      CHECK(decoded.consumed <= bytes.size());
    } else {
      CHECK(decoded.code != ErrorCode::internal);
      CHECK(decoded.code != ErrorCode::out_of_memory);
    }
    const Decoded lenient = decode(bytes, {.scale_eighths = 2, .allow_truncated = true});
    if (decoded.ok) CHECK(lenient.ok);
    if (lenient.ok) CHECK(!lenient.gaps);
  }
}

TEST_CASE("planes of the corpus are the library's, to the bit, at every scale", "[jpeg][corpus]") {
  const auto files = corpus_jpegs();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  int compared = 0;
  for (const CorpusFile& file : files) {
    if (file.verdict == "reject") continue;
    const Bytes bytes = read_file(file.path);
    const bool large = bytes.size() > 700'000;
    for (const unsigned scale : {8u, 5u, 4u, 2u, 1u, 3u, 6u, 7u}) {
      if (large && scale != 8 && scale != 5 && scale != 4) continue;
      const Decoded decoded = decode(bytes, {.scale_eighths = scale});
      if (!decoded.ok || decoded.info.is_cmyk) break;
      const PlaneLayout& layout = decoded.frame.layout;
      Frame expected;
      INFO(file.path << " at " << scale << "/8");
      if (!decode_by_library(bytes, scale, layout, expected)) break;
      ++compared;
      for (int plane = 0; plane < layout.plane_count(); ++plane) {
        const auto index = static_cast<std::size_t>(plane);
        CHECK((expected.planes[index] == decoded.frame.planes[index]));
      }
    }
  }
  CHECK(compared > 300);
}

TEST_CASE("what is encoded comes back", "[jpeg]") {
  struct Case {
    ColorModel model;
    std::uint32_t width, height, subsampling, step;
    double quality;
    bool progressive;
  };
  for (const Case& c :
       {Case{ColorModel::ycc, 200, 133, 2, 3, 82, false}, Case{ColorModel::ycc, 17, 33, 2, 50, 89, true},
        Case{ColorModel::ycc, 97, 64, 1, 7, 90, false}, Case{ColorModel::ycc, 64, 48, 1, 1, 95, true},
        Case{ColorModel::gray, 131, 70, 1, 5, 82, false}, Case{ColorModel::ycc, 1, 1, 2, 1, 82, false},
        Case{ColorModel::ycc, 1, 300, 2, 8, 75, false}, Case{ColorModel::gray, 300, 1, 1, 1, 100, false},
        Case{ColorModel::ycc, 16, 16, 2, 8, 1, false}, Case{ColorModel::ycc, 300, 200, 1, 9, 100, false}}) {
    INFO(c.width << " x " << c.height << " quality " << c.quality << (c.progressive ? " progressive" : ""));
    const Frame picture = make_picture(layout_of(c.model, c.width, c.height, c.subsampling));
    const auto file = encode(picture, {.quality = c.quality, .progressive = c.progressive}, c.step);
    REQUIRE(file.ok());
    const Decoded decoded = decode(*file);
    INFO(decoded.detail);
    REQUIRE(decoded.ok);
    CHECK(!decoded.gaps);
    CHECK(decoded.info.is_progressive == c.progressive);
    CHECK(decoded.consumed == file->size());
    REQUIRE(decoded.frame.layout.model == c.model);
    REQUIRE(decoded.frame.layout.plane_width(0) == c.width);
    for (int plane = 0; plane < picture.layout.plane_count(); ++plane) {
      if (c.quality > 70 && c.width > 16) CHECK(mean_square_error(picture, decoded.frame, plane) < 16);
    }
  }
}

TEST_CASE("the encoder writes the library's file, to the byte", "[jpeg]") {
  for (const double quality : {1.0, 30.0, 60.0, 82.0, 89.0, 90.0, 95.0, 100.0}) {
    for (const std::uint32_t width : {1u, 8u, 17u, 120u, 333u}) {
      for (const ColorModel model : {ColorModel::ycc, ColorModel::gray}) {
        const std::uint32_t subsampling = model == ColorModel::ycc && quality < 90 ? 2 : 1;
        const Frame picture = make_picture(layout_of(model, width, 70 + width / 3, subsampling));
        const auto file = encode(picture, {.quality = quality}, 4);
        REQUIRE(file.ok());
        INFO("quality " << quality << ", " << width << " wide");
        CHECK((*file == encode_by_library(picture, static_cast<int>(quality))));
      }
    }
  }
}

TEST_CASE("the encoder does not care how rows are cut into bands", "[jpeg]") {
  const Frame picture = make_picture(layout_of(ColorModel::ycc, 75, 91, 2));
  const auto whole = encode(picture, {.quality = 80}, 1000);
  REQUIRE(whole.ok());
  for (const std::uint32_t step : {1u, 2u, 5u, 8u, 13u}) {
    const auto cut = encode(picture, {.quality = 80}, step);
    REQUIRE(cut.ok());
    CHECK(*cut == *whole);
  }
}

TEST_CASE("profile and Exif data are written in their segments", "[jpeg]") {
  const Frame picture = make_picture(layout_of(ColorModel::gray, 40, 40, 1));
  Bytes profile(150'000);
  for (std::size_t i = 0; i < profile.size(); ++i) profile[i] = static_cast<std::uint8_t>(i * 7);
  const Bytes exif = {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0};
  const auto file = encode(picture, {.icc_profile = profile, .exif = [&](const PlaneLayout&) { return exif; }}, 8);
  REQUIRE(file.ok());
  REQUIRE(decode(*file).ok);
  Bytes found;
  bool found_exif = false;
  unsigned pieces = 0;
  for (std::size_t at = 2; has_at(*file, at, "\xff");) {
    const std::uint8_t marker = (*file)[at + 1];
    if (marker == 0xda) break;
    const std::size_t length = read_be16(file->data() + at + 2);
    if (marker == 0xe2 && has_at(*file, at + 4, std::string_view("ICC_PROFILE\0", 12))) {
      CHECK((*file)[at + 16] == ++pieces);
      CHECK((*file)[at + 17] == 3);
      append(found, slice(*file, at + 18, length - 16));
    }
    if (marker == 0xe1) {
      found_exif = has_at(*file, at + 4, std::string_view("Exif\0\0II", 8)) && length == 2 + 6 + exif.size();
    }
    at += 2 + length;
  }
  CHECK((found == profile));
  CHECK(found_exif);
}

TEST_CASE("a JPEG cut anywhere is truncated, and decodes when that is allowed", "[jpeg]") {
  for (const bool progressive : {false, true}) {
    const Frame picture = make_picture(layout_of(ColorModel::ycc, 120, 90, 2));
    const auto file = encode(picture, {.quality = 85, .progressive = progressive}, 8);
    REQUIRE(file.ok());
    for (std::size_t size = 0; size < file->size(); size += 1 + size / 40) {
      const Bytes cut(file->begin(), file->begin() + static_cast<std::ptrdiff_t>(size));
      INFO("cut to " << size << " of " << file->size());
      const Decoded strict = decode(cut);
      CHECK(!strict.ok);
      CHECK(strict.code == ErrorCode::truncated_image);
      const Decoded lenient = decode(cut, {.allow_truncated = true});
      if (lenient.ok) CHECK(!lenient.gaps);
      if (size > file->size() * 3 / 4) CHECK(lenient.ok);
    }
  }
}

TEST_CASE("an arithmetic JPEG that is cut is never taken for a damaged one", "[jpeg]") {
  for (const char* name : {"arithmetic", "arithmetic_440"}) {
    const Bytes file = read_file(in_checkout(std::string("tests/fuzz/seeds/jpeg/") + name));
    REQUIRE(decode(file).ok);
    for (std::size_t size = 0; size < file.size(); ++size) {
      INFO(name << ", cut to " << size << " of " << file.size());
      REQUIRE(decode(slice(file, 0, size)).code == ErrorCode::truncated_image);
      const Decoded lenient = decode(slice(file, 0, size), {.allow_truncated = true});
      if (!lenient.ok) REQUIRE(lenient.code == ErrorCode::truncated_image);
    }
  }
}

TEST_CASE("random damage never does more than be refused or decoded", "[jpeg]") {
  std::mt19937 random(3);
  for (const bool progressive : {false, true}) {
    const Frame picture = make_picture(layout_of(ColorModel::ycc, 64, 80, 2));
    const auto file = encode(picture, {.quality = 85, .progressive = progressive}, 8);
    REQUIRE(file.ok());
    for (int round = 0; round < 600; ++round) {
      Bytes damaged = *file;
      for (unsigned i = 0; i < 1 + random() % 6; ++i)
        damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
      const Decoded decoded = decode(
          damaged, {.scale_eighths = static_cast<std::uint32_t>(1 + random() % 8), .allow_truncated = round % 2 == 0});
      if (decoded.ok) {
        CHECK(!decoded.gaps);
      } else {
        CHECK(decoded.code != ErrorCode::internal);
      }
    }
  }
}

TEST_CASE("a picture of a thousand scans is refused in time", "[jpeg]") {
  // 8000 x 8000 gray, progressive: a scan of the first coefficients, then refinements that say nothing, a few bytes
  // each.
  Bytes file = {0xff, 0xd8, 0xff, 0xdb, 0, 67, 0};
  file.insert(file.end(), 64, 1);
  append(file, Bytes{0xff, 0xc2, 0, 11, 8, 0x1f, 0x40, 0x1f, 0x40, 1, 1, 0x11, 0});
  // Tables of one code of one bit: DC size 0; AC a run of 2^14 blocks without anything.
  append(file, Bytes{0xff, 0xc4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00});
  append(file, Bytes{0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0});
  append(file, Bytes{0xff, 0xda, 0, 8, 1, 1, 0x00, 0, 0, 0x01});
  file.insert(file.end(), 1'000'000 / 8, 0);
  append(file, Bytes{0xff, 0xda, 0, 8, 1, 1, 0x00, 1, 63, 0x0d});
  file.insert(file.end(), 62 * 15 / 8 + 2, 0);
  for (int scan = 0; scan < 900; ++scan) {
    const int bit = 12 - scan % 13;
    append(file, Bytes{0xff, 0xda, 0, 8, 1, 1, 0x00, 1, 63, static_cast<std::uint8_t>((bit + 1) << 4 | bit)});
    file.insert(file.end(), 62 * 15 / 8 + 2, 0);
  }
  append(file, Bytes{0xff, 0xd9});
  const std::clock_t begin = std::clock();
  const Decoded decoded = decode(file);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  INFO(decoded.detail << ", " << seconds << " s");
  CHECK(decoded.code == ErrorCode::corrupt_image);
  CHECK(decoded.detail == "JPEG with more scans than a picture needs");
  CHECK(seconds < 10);  // generous: sanitizers and busy machines run this too
}

TEST_CASE("kinds of JPEG that are not decoded are named", "[jpeg]") {
  const Frame picture = make_picture(layout_of(ColorModel::gray, 16, 16, 1));
  auto file = encode(picture, {}, 8);
  REQUIRE(file.ok());
  std::size_t frame_header = 0;
  for (std::size_t i = 2; i + 1 < file->size() && frame_header == 0; i += 2 + read_be16(file->data() + i + 2)) {
    if ((*file)[i + 1] == 0xc0) frame_header = i;
  }
  REQUIRE(frame_header > 0);
  const auto refused = [&file](std::size_t at, std::uint8_t value) {
    Bytes changed = *file;
    changed[at] = value;
    return decode(changed);
  };
  const Decoded lossless = refused(frame_header + 1, 0xc3);
  CHECK(lossless.code == ErrorCode::unsupported_type);
  CHECK(lossless.detail == "lossless JPEG");
  CHECK(refused(frame_header + 1, 0xc5).detail == "hierarchical JPEG");
  const Decoded hierarchical = refused(frame_header + 1, 0xde);  // DHP, before frames of the usual kinds
  CHECK(hierarchical.code == ErrorCode::unsupported_type);
  CHECK(hierarchical.detail == "hierarchical JPEG");
  const Decoded near_lossless = refused(frame_header + 1, 0xf7);
  CHECK(near_lossless.code == ErrorCode::unsupported_type);
  CHECK(near_lossless.detail == "JPEG-LS");
  CHECK(refused(frame_header + 1, 0xf8).code == ErrorCode::corrupt_image);
  const Decoded deep = refused(frame_header + 4, 12);
  CHECK(deep.code == ErrorCode::unsupported_type);
  CHECK(deep.detail == "12-bit JPEG");
  const Decoded no_height = refused(frame_header + 6, 0);
  CHECK(no_height.code == ErrorCode::unsupported_type);
  CHECK(decode(ByteView{}).code == ErrorCode::truncated_image);
  CHECK(decode(Bytes{'n', 'o', 't', ' ', 'a'}).code == ErrorCode::corrupt_image);
}
