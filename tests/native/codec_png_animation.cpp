#include <catch2/catch_test_macros.hpp>

#include <photo_core/prepare.hpp>

#include "codec_png_files.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::test;

namespace {

struct Rectangle {
  std::uint32_t width, height, x, y;
};

// fcTL (PNG specification, third edition, 11.3.6.2).
Bytes control(const Rectangle& frame) {
  Bytes data(4, 0);
  for (const std::uint32_t value : {frame.width, frame.height, frame.x, frame.y}) append_be32(data, value);
  data.resize(26);
  return data;
}

// fdAT (11.3.6.3).
Bytes frame(std::uint8_t sequence, ByteView part) {
  Bytes data = {0, 0, 0, sequence};
  append(data, part);
  return data;
}

// A picture of `size` whose animation begins with a frame beside it, of samples as in `sample`.
PngParts with_frame(PngParts picture, const Rectangle& place, std::uint32_t pixel_bytes, ByteView frame_rows) {
  const auto nothing = [](std::uint32_t, std::uint32_t, std::uint32_t) { return 7; };
  picture.raw = raw_rows(picture.width, picture.height, pixel_bytes, picture.interlace == 1, nothing);
  picture.before.push_back({"acTL", {0, 0, 0, 2, 0, 0, 0, 0}});
  picture.after = {{"fcTL", control(place)}, {"fdAT", frame(1, deflated(frame_rows))}};
  return picture;
}

}  // namespace

TEST_CASE("PNG animation: the first picture, and how many there are") {
  PngParts parts{.width = 1, .before = {{"acTL", {0, 0, 0, 7, 0, 0, 0, 0}}}, .raw = {0, 9}};
  const auto decoded = decode(open_png, parts.file());
  CHECK(decoded->info.frames == 7);
  CHECK(plane(decoded, 0) == Samples{9});
  // Of which a photo says so, and which does not pass as it is.
  const auto photo = prepare_photo(parts.file(), {});
  REQUIRE(photo.ok());
  CHECK(photo->warnings == std::vector{WarningCode::animation_dropped});
  CHECK_FALSE(photo->passed_through);
  // Nothing is dropped of an animation of one picture.
  parts.before = {{"acTL", {0, 0, 0, 1, 0, 0, 0, 0}}};
  const auto one = prepare_photo(parts.file(), {});
  REQUIRE(one.ok());
  CHECK(one->source.frames == 1);
  CHECK(one->warnings.empty());
  parts.before.clear();
  const auto still = prepare_photo(parts.file(), {});
  REQUIRE(still.ok());
  CHECK(still->warnings.empty());
  CHECK(still->passed_through);
}

TEST_CASE("PNG animation whose first frame is not the picture for programs that know none") {
  const Bytes five = deflated(Bytes{0, 5, 6});
  PngParts parts{.width = 2, .before = {{"acTL", {0, 0, 0, 2, 0, 0, 0, 0}}}, .raw = {0, 9, 9}};
  parts.after = {{"fcTL", control({2, 1, 0, 0})},
                 {"fdAT", frame(1, slice(five, 0, 3))},
                 {"fdAT", frame(2, slice(five, 3))},
                 {"fcTL", control({2, 1, 0, 0})},
                 {"fdAT", frame(4, deflated(Bytes{0, 7, 8}))}};
  CHECK(plane(decode(open_png, parts.file()), 0) == Samples{5, 6});
  const Bytes file = parts.file();
  CHECK(code_of(slice(file, 0, file.size() - 120)) == "truncated_image");
  // A frame that is not in the picture, or not of a size that it can have, is none.
  for (const Rectangle& bad : {Rectangle{1, 1, 2, 0},
                               {2, 1, 1, 0},
                               {2, 2, 0, 0},
                               {2, 1, 0, 1},
                               {0, 1, 0, 0},
                               {2, 0, 0, 0},
                               {2, 1, 0xffffffff, 0},
                               {0xffffffff, 1, 0, 0}}) {
    CAPTURE(bad.width, bad.height, bad.x, bad.y);
    parts.after[0].second = control(bad);
    const auto decoded = decode(open_png, parts.file());
    CHECK(plane(decoded, 0) == Samples{9, 9});
    CHECK_FALSE(decoded->info.has_alpha);
  }
  // The picture in IDAT is a frame, or there is no animation.
  parts.after[0].second = control({2, 1, 0, 0});
  parts.before.push_back({"fcTL", control({2, 1, 0, 0})});
  CHECK(plane(decode(open_png, parts.file()), 0) == Samples{9, 9});
  parts.before = {};
  CHECK(plane(decode(open_png, parts.file()), 0) == Samples{9, 9});
}

TEST_CASE("PNG animation whose first frame fills a part of the picture: nothing is around it") {
  constexpr std::uint32_t width = 40, height = 300;  // of rows, more than a band has
  struct Kind {
    std::uint8_t depth, color_type;
    std::uint32_t pixel_bytes;
    std::vector<std::pair<std::string, Bytes>> before;
  };
  const Kind kinds[] = {{8, 0, 1, {}},
                        {16, 0, 2, {}},
                        {8, 0, 1, {{"tRNS", {0, 9}}}},
                        {8, 2, 3, {}},
                        {16, 2, 6, {}},
                        {8, 3, 1, {{"PLTE", Bytes(768, 50)}}},
                        {8, 3, 1, {{"PLTE", Bytes(768, 50)}, {"tRNS", Bytes(128, 60)}}},
                        {8, 4, 2, {}},
                        {16, 6, 8, {}}};
  const Rectangle places[] = {{17, 250, 13, 31}, {40, 10, 0, 0}, {40, 1, 0, 299}, {1, 300, 39, 0}, {39, 299, 1, 1}};
  const auto sample = [](std::uint32_t x, std::uint32_t y, std::uint32_t byte) {
    return static_cast<int>(x * 3 + y * 5 + byte * 70);
  };
  for (const Kind& kind : kinds) {
    for (const Rectangle& place : places) {
      for (const std::uint8_t interlace : {0, 1}) {
        CAPTURE(kind.color_type, kind.depth, place.width, place.x, interlace);
        PngParts alone{.width = place.width,
                       .height = place.height,
                       .depth = kind.depth,
                       .color_type = kind.color_type,
                       .interlace = interlace,
                       .before = kind.before};
        alone.raw = raw_rows(place.width, place.height, kind.pixel_bytes, interlace == 1, sample);
        const auto expected = decode(open_png, alone.file());
        REQUIRE(expected.ok());
        PngParts picture = alone;
        picture.width = width;
        picture.height = height;
        const Bytes file = with_frame(picture, place, kind.pixel_bytes, alone.raw).file();
        for (const bool allow_truncated : {false, true}) {
          DecodeRequest request;
          request.allow_truncated = allow_truncated;
          const auto decoded = decode(open_png, file, request);
          REQUIRE(decoded.ok());
          CHECK(decoded->info.has_alpha);
          REQUIRE(decoded->frame.layout.has_alpha);
          CHECK(decoded->frame.layout.width_px == width);
          CHECK(decoded->frame.layout.height_px == height);
          const PlaneLayout& layout = decoded->frame.layout;
          int wrong = 0;
          for (int index = 0; index < layout.plane_count(); ++index) {
            for (std::uint32_t y = 0; y < height; ++y) {
              for (std::uint32_t x = 0; x < width; ++x) {
                // Unsigned: what lies before the frame is far behind it.
                const bool inside = x - place.x < place.width && y - place.y < place.height;
                const bool is_own = index < expected->frame.layout.plane_count();
                const int value = !inside ? 0 : is_own ? expected->frame.row(index, y - place.y)[x - place.x] : 255;
                wrong += decoded->frame.row(index, y)[x] != value;
              }
            }
          }
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("PNG animation whose first frame fills a part: cut, its memory, and what it becomes") {
  const Rectangle place{30, 80, 5, 9};
  const auto noise = [state = 1u](std::uint32_t, std::uint32_t, std::uint32_t) mutable {
    return static_cast<int>((state = state * 1664525 + 1013904223) >> 24);
  };
  for (const std::uint8_t interlace : {0, 1}) {
    PngParts picture{.width = 40, .height = 100, .color_type = 2, .interlace = interlace};
    const PngParts parts = with_frame(picture, place, 3, raw_rows(30, 80, 3, interlace == 1, noise));
    const Bytes whole = parts.file();
    // What is not there stays empty, as what is around the frame.
    const Bytes file(whole.begin(), whole.end() - 3'000);
    CHECK(code_of(file) == "truncated_image");
    DecodeRequest lenient;
    lenient.allow_truncated = true;
    const auto cut = decode(open_png, file, lenient);
    REQUIRE(cut.ok());
    CHECK(cut->was_cut);
    CHECK(cut->frame.row(3, 9)[5] == 255);
    CHECK(cut->frame.row(3, 9)[4] == 0);
    CHECK(cut->frame.row(3, 99)[10] == 0);
    if (interlace == 0) CHECK(cut->frame.row(3, 88)[10] == 0);

    // One plane more than the picture in IDAT takes.
    picture.raw = parts.raw;
    const std::uint64_t held_rows = interlace == 1 ? 101 : 64;
    CHECK((*open_png(whole))->info().decode_bytes == (*open_png(picture.file()))->info().decode_bytes + 40 * held_rows);

    PrepareOptions options;
    const auto automatic = prepare_photo(whole, options);
    REQUIRE(automatic.ok());
    CHECK(automatic->photo.mime_type == "image/webp");
    options.format = OutputFormat::jpeg;
    options.background = 0xc86400;
    const auto jpeg = prepare_photo(whole, options);
    REQUIRE(jpeg.ok());
    const Frame shown = testing::decode_rgb(jpeg->photo.bytes);
    CHECK(testing::near(testing::at(shown, 37, 97), {200, 100, 0}));
  }
}
