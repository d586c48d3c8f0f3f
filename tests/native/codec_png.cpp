#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "codec/png_filter.hpp"
#include "codec_png_files.hpp"

using namespace photo_core;
using namespace photo_core::test;

TEST_CASE("PNG gray of every depth") {
  CHECK(plane(decode(open_png, PngParts{.width = 8, .depth = 1, .raw = {0, 0xa5}}.file()), 0) ==
        Samples{255, 0, 255, 0, 0, 255, 0, 255});
  CHECK(plane(decode(open_png, PngParts{.width = 4, .depth = 2, .raw = {0, 0x1b}}.file()), 0) ==
        Samples{0, 85, 170, 255});
  CHECK(plane(decode(open_png, PngParts{.width = 3, .depth = 4, .raw = {0, 0x0f, 0x70}}.file()), 0) ==
        Samples{0, 255, 119});
  CHECK(plane(decode(open_png, PngParts{.width = 3, .raw = {0, 1, 2, 254}}.file()), 0) == Samples{1, 2, 254});
  // 16 bits are rounded, not cut: 0x0080 is 0.498 of a step, 0x0081 is 0.502.
  const auto deep =
      decode(open_png, PngParts{.width = 4, .depth = 16, .raw = {0, 0, 0x80, 0, 0x81, 0xff, 0xff, 0x80, 0x80}}.file());
  CHECK(plane(deep, 0) == Samples{0, 1, 255, 128});
  CHECK(deep->info.bits_per_sample == 16);
  CHECK(deep->info.is_gray);
  CHECK_FALSE(deep->info.has_alpha);
}

TEST_CASE("PNG colour, alpha and transparent colours") {
  const auto rgb = decode(open_png, PngParts{.width = 2, .color_type = 2, .raw = {0, 1, 2, 3, 4, 5, 6}}.file());
  CHECK(rgb->frame.layout.model == ColorModel::rgb);
  CHECK(plane(rgb, 0) == Samples{1, 4});
  CHECK(plane(rgb, 2) == Samples{3, 6});
  const auto rgba = decode(open_png, PngParts{.width = 2, .color_type = 6, .raw = {0, 1, 2, 3, 4, 5, 6, 7, 8}}.file());
  CHECK(plane(rgba, 1) == Samples{2, 6});
  CHECK(plane(rgba, 3) == Samples{4, 8});
  const auto gray_alpha = decode(open_png, PngParts{.width = 2, .color_type = 4, .raw = {0, 1, 2, 3, 4}}.file());
  CHECK(gray_alpha->frame.layout.model == ColorModel::gray);
  CHECK(plane(gray_alpha, 0) == Samples{1, 3});
  CHECK(plane(gray_alpha, 1) == Samples{2, 4});
  const auto keyed = decode(
      open_png,
      PngParts{.width = 2, .color_type = 2, .before = {{"tRNS", {0, 4, 0, 5, 0, 6}}}, .raw = {0, 1, 2, 3, 4, 5, 6}}
          .file());
  CHECK(keyed->info.has_alpha);
  CHECK(plane(keyed, 3) == Samples{255, 0});
  // Of two the first counts, as in a file that was scrubbed of the second.
  const auto twice =
      decode(open_png, PngParts{.width = 2,
                                .color_type = 3,
                                .before = {{"PLTE", {1, 2, 3, 4, 5, 6}}, {"tRNS", {7}}, {"tRNS", {0, 0}}},
                                .raw = {0, 0, 1}}
                           .file());
  CHECK(plane(twice, 3) == Samples{7, 255});
  // The key is compared at the file's own depth, before scaling.
  const auto deep = decode(
      open_png,
      PngParts{.width = 2, .depth = 16, .before = {{"tRNS", {0x12, 0x34}}}, .raw = {0, 0x12, 0x34, 0x12, 0x35}}.file());
  CHECK(plane(deep, 1) == Samples{0, 255});
  // Of three samples each counts, to its last bit.
  const auto deep_colours = decode(open_png, PngParts{.width = 4,
                                                      .depth = 16,
                                                      .color_type = 2,
                                                      .before = {{"tRNS", {1, 2, 3, 4, 5, 6}}},
                                                      .raw = {0, 1, 2, 3, 4, 5, 6,                 // itself
                                                              1, 3, 3, 4, 5, 6, 1, 2, 3, 5, 5, 6,  // and its neighbours
                                                              1, 2, 3, 4, 5, 7}}
                                                 .file());
  CHECK(plane(deep_colours, 3) == Samples{0, 255, 255, 255});
}

TEST_CASE("PNG palettes, with transparency and with an index too many") {
  PngParts parts{.width = 4,
                 .depth = 2,
                 .color_type = 3,
                 .before = {{"PLTE", {10, 20, 30, 40, 50, 60, 70, 80, 90}}, {"tRNS", {0, 128}}},
                 .raw = {0, 0x1b}};
  const auto decoded = decode(open_png, parts.file());
  CHECK(decoded->info.is_palette);
  CHECK(plane(decoded, 0) == Samples{10, 40, 70, 0});
  CHECK(plane(decoded, 3) == Samples{0, 128, 255, 255});
  parts.before.pop_back();
  CHECK_FALSE(decode(open_png, parts.file())->info.has_alpha);
  parts.before = {{"PLTE", {1, 2}}};
  CHECK(code_of(parts.file()) == "corrupt_image");
  parts.before.clear();
  CHECK(code_of(parts.file()) == "corrupt_image");
}

TEST_CASE("PNG filters are undone, for every pixel size") {
  // One picture per colour type, each row with another filter, against a plain reading of the specification.
  for (const std::uint8_t color_type : {0, 2, 4, 6}) {
    for (const std::uint8_t depth : {8, 16}) {
      const std::size_t channels = color_type == 0 ? 1 : color_type == 2 ? 3 : color_type == 4 ? 2 : 4;
      const std::size_t step = channels * depth / 8;
      const std::uint32_t width = 37, height = 15;
      const std::size_t row_bytes = width * step;
      std::vector<Samples> rows(height, Samples(row_bytes));
      std::uint32_t random = 1;
      for (auto& row : rows) {
        for (auto& sample : row) sample = static_cast<std::uint8_t>((random = random * 1664525 + 1013904223) >> 24);
      }
      PngParts parts{.width = width, .height = height, .depth = depth, .color_type = color_type};
      Samples above(row_bytes + png_row_slack);
      for (std::uint32_t y = 0; y < height; ++y) {
        Samples filtered(row_bytes);
        Samples row = rows[y];
        row.resize(row_bytes + png_row_slack);
        png_filter(PngFilter(y % 5), row.data(), above.data(), row_bytes, step, filtered.data());
        parts.raw.push_back(static_cast<std::uint8_t>(y % 5));
        parts.raw.insert(parts.raw.end(), filtered.begin(), filtered.end());
        above = row;
      }
      const auto decoded = decode(open_png, parts.file());
      REQUIRE(decoded.ok());
      bool is_equal = true;
      for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x) {
          for (std::size_t c = 0; c < channels; ++c) {
            const std::uint8_t* const p = &rows[y][x * step + c * depth / 8];
            const int expected = depth == 8 ? p[0] : ((p[0] << 8 | p[1]) * 255 + 32895) >> 16;
            is_equal = is_equal && decoded->frame.row(static_cast<int>(c), y)[x] == expected;
          }
        }
      }
      CHECK(is_equal);
    }
  }
  CHECK(code_of(PngParts{.raw = {5, 1}}.file()) == "corrupt_image");
}

TEST_CASE("PNG interlaced gives the same picture") {
  // 9 x 9 gray, sample 9 y + x, written pass by pass (8.2).
  constexpr int passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  PngParts parts{.width = 9, .height = 9, .interlace = 1};
  Samples expected;
  for (int i = 0; i < 81; ++i) expected.push_back(static_cast<std::uint8_t>(i));
  for (const auto& [x0, y0, dx, dy] : passes) {
    for (int y = y0; y < 9; y += dy) {
      parts.raw.push_back(0);
      for (int x = x0; x < 9; x += dx) parts.raw.push_back(static_cast<std::uint8_t>(9 * y + x));
    }
  }
  const auto decoded = decode(open_png, parts.file());
  CHECK(decoded->info.needs_full_frame);
  CHECK(plane(decoded, 0) == expected);
  // Cut behind the first passes, every pixel still has the nearest one that is there.
  Bytes file = parts.file();
  file.resize(file.size() - 60);
  CHECK(code_of(file) == "truncated_image");
  DecodeRequest lenient;
  lenient.allow_truncated = true;
  const auto cut = decode(open_png, file, lenient);
  REQUIRE(cut.ok());
  CHECK(cut->was_cut);
  CHECK(plane(cut, 0)[0] == 0);
}

TEST_CASE("PNG image data may lie in many chunks, and metadata never fails a picture") {
  PngParts parts{.width = 3, .height = 2, .raw = {0, 1, 2, 3, 2, 1, 1, 1}};
  parts.idat_bytes = 1;
  parts.before = {{"iCCP", {1, 2, 3}}, {"zTXt", {0, 0, 9, 9}}, {"gAMA", {1}}, {"sRGB", {}}, {"tRNS", {1, 2, 3, 4, 5}}};
  parts.after = {{"tEXt", {}}, {"eXIf", {1}}};
  const Bytes file = parts.file();
  const auto decoded = decode(open_png, file);
  CHECK(plane(decoded, 0) == Samples{1, 2, 3, 2, 3, 4});
  CHECK(decoded->consumed_bytes == file.size());
  Bytes longer = file;
  longer.push_back('x');
  CHECK(decode(open_png, longer)->consumed_bytes == file.size());
  // The same chunk, critical: nobody knows what it would have changed.
  parts.before = {{"ICCP", {1, 2, 3}}};
  CHECK(code_of(parts.file()) == "corrupt_image");
}

TEST_CASE("PNG cut at any byte is truncated, or filled when that is allowed") {
  PngParts parts{.width = 20, .height = 40, .before = {{"gAMA", {0, 0, 0, 1}}}};
  for (int y = 0; y < 40; ++y) {
    parts.raw.push_back(0);
    for (int x = 0; x < 20; ++x) parts.raw.push_back(static_cast<std::uint8_t>(x * y * 7));
  }
  parts.idat_bytes = 50;
  const Bytes file = parts.file();
  std::size_t image_data = 0;
  while (!has_at(file, image_data + 4, "IDAT")) ++image_data;
  for (std::size_t size = 1; size < file.size(); ++size) {
    INFO(size);
    CHECK(code_of(slice(file, 0, size)) == "truncated_image");
    if (size >= image_data + 8) CHECK(code_of(slice(file, 0, size), true) == "ok");
  }
  DecodeRequest lenient;
  lenient.allow_truncated = true;
  const auto cut = decode(open_png, slice(file, 0, image_data + 8), lenient);
  CHECK(cut->was_cut);
  CHECK(plane(cut, 0).back() == 128);
}

TEST_CASE("PNG damage is corrupt, in the chunks that matter") {
  const PngParts parts{.width = 2, .before = {{"tEXt", {1, 2}}}, .raw = {0, 1, 2}};
  const Bytes file = parts.file();
  std::size_t text = 0, image_data = 0;
  while (!has_at(file, text + 4, "tEXt")) ++text;
  while (!has_at(file, image_data + 4, "IDAT")) ++image_data;
  const auto damaged = [&](std::size_t at, std::uint8_t flip) {
    Bytes copy = file;
    copy[at] = static_cast<std::uint8_t>(copy[at] ^ flip);
    return code_of(copy);
  };
  CHECK(damaged(0, 1) == "corrupt_image");                // signature
  CHECK(damaged(30, 1) == "corrupt_image");               // CRC of IHDR
  CHECK(damaged(19, 1) == "corrupt_image");               // width
  CHECK(damaged(text + 8, 1) == "ok");                    // a text
  CHECK(damaged(image_data + 10, 1) == "corrupt_image");  // image data
  CHECK(damaged(file.size() - 1, 1) == "corrupt_image");  // CRC of IEND
  CHECK(damaged(image_data, 0x80) == "corrupt_image");    // a length of 2^31
  Bytes ends_first = parts.file();
  ends_first.resize(image_data);
  append_chunk(ends_first, "IEND", {});
  CHECK(code_of(ends_first) == "corrupt_image");
}

TEST_CASE("Apple's PNG is named, not called damaged") {
  const Bytes file = PngParts{.raw = {0, 1}}.file();
  Bytes apple(file.begin(), file.begin() + 8);
  append_chunk(apple, "CgBI", Bytes{0x50, 0, 0x20, 2});
  apple.insert(apple.end(), file.begin() + 8, file.end());
  CHECK(code_of(apple) == "unsupported_type");
}

TEST_CASE("PNG headers that lie") {
  CHECK(code_of(PngParts{.width = 0, .raw = {0}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.height = 0, .raw = {0}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.depth = 3, .raw = {0, 1}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.depth = 4, .color_type = 2, .raw = {0, 1, 2}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.color_type = 1, .raw = {0, 1}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.interlace = 2, .raw = {0, 1}}.file()) == "corrupt_image");
  CHECK(code_of(PngParts{.width = 3, .raw = {0, 1}}.file()) == "corrupt_image");  // too little image data
  // A picture of 4 gigapixels opens (the caller compares its size with the limit) and says what it would take.
  const Bytes giant = PngParts{.width = 65'536, .height = 65'536, .depth = 1, .interlace = 1, .raw = {0}}.file();
  const auto decoder = open_png(giant);
  REQUIRE(decoder.ok());
  CHECK((*decoder)->info().decode_bytes > std::uint64_t{65'536} * 65'536);
}

TEST_CASE("PNG excess image data: a little passes, much fails") {
  PngParts parts{.width = 1, .raw = {0, 7}};
  parts.raw.resize(2 + 60'000);
  CHECK(code_of(parts.file()) == "ok");
  parts.raw.resize(2 + 70'000);
  CHECK(code_of(parts.file()) == "corrupt_image");
}

TEST_CASE("PNG encoder keeps every sample") {
  for (const bool has_alpha : {false, true}) {
    for (const ColorModel model : {ColorModel::gray, ColorModel::rgb}) {
      for (const bool palette : {false, true}) {
        Frame frame;
        frame.allocate({model, has_alpha, 61, 43});
        std::uint32_t random = 7;
        for (auto& samples : frame.planes) {
          for (auto& sample : samples)
            sample = static_cast<std::uint8_t>(((random = random * 1664525 + 1013904223) >> 24) | 1);
        }
        EncodeRequest request;
        request.palette = palette;
        const auto encoder = make_png_encoder(request);
        CHECK(encoder->wanted(frame.layout).model == model);
        const auto file = test::encode(*encoder, frame, 5);
        REQUIRE(file.ok());
        const auto decoded = decode(open_png, *file);
        REQUIRE(decoded.ok());
        CHECK_FALSE(decoded->info.is_palette);
        for (int i = 0; i < frame.layout.plane_count(); ++i) CHECK(plane(decoded, i) == frame.planes[i]);
      }
    }
  }
}

TEST_CASE("PNG encoder writes a palette for at most 256 colours, and only then") {
  for (const std::uint32_t colors : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 255u, 256u, 257u}) {
    Frame frame;
    frame.allocate({ColorModel::rgb, true, 100, 9});
    for (std::uint32_t i = 0; i < 900; ++i) {
      const std::uint32_t color = i % colors;
      frame.planes[0][i] = static_cast<std::uint8_t>(color);
      frame.planes[1][i] = static_cast<std::uint8_t>(color >> 8);
      frame.planes[2][i] = 77;
      frame.planes[3][i] = color % 5 == 3 ? 100 : 255;
    }
    EncodeRequest request;
    request.palette = true;
    const auto encoder = make_png_encoder(request);
    const auto file = test::encode(*encoder, frame, 4);
    REQUIRE(file.ok());
    const auto decoded = decode(open_png, *file);
    REQUIRE(decoded.ok());
    INFO(colors);
    CHECK(decoded->info.is_palette == (colors <= 256));
    for (int i = 0; i < 3; ++i) CHECK(plane(decoded, i) == frame.planes[i]);
    if (decoded->info.has_alpha) CHECK(plane(decoded, 3) == frame.planes[3]);
    else CHECK(colors <= 3);
  }
}

TEST_CASE("PNG encoder writes profile and Exif before the image data") {
  const Bytes profile(500, 3), exif = {'I', 'I', '*', 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EncodeRequest request;
  request.icc_profile = profile;
  request.exif = [&](const PlaneLayout&) { return exif; };
  Frame frame;
  frame.allocate({ColorModel::rgb, false, 3, 3});
  const auto file = test::encode(*make_png_encoder(request), frame);
  REQUIRE(file.ok());
  const std::string_view text = as_text(*file);
  CHECK(text.find("iCCP") < text.find("eXIf"));
  CHECK(text.find("eXIf") < text.find("IDAT"));
  CHECK(decode(open_png, *file).ok());
}

TEST_CASE("PNG verdicts of the corpus", "[corpus]") {
  const auto files = test::corpus_files();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  for (const auto& file : files) {
    if (file.format != "png") continue;
    INFO(file.path << " (" << file.reason << ")");
    const Bytes bytes = test::read_file(file.path);
    const auto opened = open_png(bytes);
    // What is larger than any limit is refused by the caller, from the header.
    if (opened && std::uint64_t{(*opened)->info().width_px} * (*opened)->info().height_px > 120'000'000) {
      CHECK(file.verdict == "reject");
      continue;
    }
    const std::string code = code_of(bytes);
    if (has_at(bytes, 12, "CgBI")) {  // Apple's own kind
      CHECK(file.verdict == "reject");
      CHECK(code == "unsupported_type");
      continue;
    }
    if (file.verdict == "accept") CHECK(code == "ok");
    if (file.verdict == "reject") CHECK((code == "corrupt_image" || code == "truncated_image"));
    if (file.path.find("/truncated/") != std::string::npos) CHECK(code == "truncated_image");
    CHECK(code != "internal");
    CHECK(code != "out_of_memory");
    // Leniently it may pass or not, but never worse.
    const std::string lenient = code_of(bytes, true);
    CHECK((lenient == "ok" || lenient == "corrupt_image" || lenient == "truncated_image"));
  }
}
