#include <catch2/catch_test_macros.hpp>

#include <random>
#include <string>
#include <vector>

#include "metadata/jpeg_segments.hpp"
#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"

using namespace photo_core;
using namespace photo_core::samples;

namespace {

Bytes with_segments(std::initializer_list<Bytes> segments) {
  return joined({jpeg_start, joined(segments), jpeg_tables(), jpeg_frame(), jpeg_scan({1, 2, 3}), jpeg_end});
}

const Bytes rotated = Tiff().number16(Tiff::image, 0x0112, 6).build();

}  // namespace

TEST_CASE("JPEG: Exif, XMP and profile are found behind padding and garbage", "[metadata]") {
  const Bytes source = with_segments({jfif(),
                                      {0xff, 0xff, 0xff},
                                      jpeg_exif(rotated),
                                      {1, 2, 3, 0xff, 0x00, 9},
                                      jpeg_xmp("<xmp/>"),
                                      jpeg_icc(1, 1, empty_profile())});
  const MetadataBlocks blocks = find_jpeg_metadata(source);
  CHECK(read_orientation(blocks.exif) == 6);
  CHECK(as_text(blocks.xmp) == "<xmp/>");
  CHECK(blocks.icc_profile.size() == 132);
  CHECK(blocks.has_private);
  CHECK(blocks.image_end == source.size());
  const Bytes plain = with_segments({jfif(), jpeg_icc(1, 1, empty_profile())});
  CHECK_FALSE(find_jpeg_metadata(plain).has_private);
  CHECK(find_jpeg_metadata(joined({plain, bytes_of("PK")})).image_end == plain.size());
  CHECK(find_jpeg_metadata(joined({plain, bytes_of("PK")})).has_private);
}

TEST_CASE("JPEG: the next marker is found wherever it lies, and data never taken for one", "[metadata]") {
  // The definition, byte by byte.
  const auto expected = [](ByteView bytes, std::size_t at) {
    for (; at < bytes.size(); ++at) {
      if (bytes[at] != 0xff) continue;
      std::size_t code_at = at;
      while (code_at < bytes.size() && bytes[code_at] == 0xff) ++code_at;
      if (code_at == bytes.size() || (bytes[code_at] != 0 && (bytes[code_at] & 0xf8) != 0xd0)) return at;
      at = code_at;
    }
    return bytes.size();
  };
  // One marker at every offset around the blocks that are read at a time, behind each kind of data.
  for (const Bytes& data : {Bytes{7}, Bytes{0xff, 0x00}, Bytes{0xff, 0xd3}, Bytes{0xff, 0xff, 0x00}, Bytes{0x00}}) {
    for (std::size_t place = 0; place < 200; ++place) {
      Bytes bytes;
      while (bytes.size() < place) append(bytes, data);
      append(bytes, Bytes{0xff, 0xc4, 0xff});
      bytes.resize(bytes.size() + place % 70, 1);
      CHECK(find_jpeg_marker(bytes, 0) == expected(bytes, 0));
      CHECK(find_jpeg_marker(ByteView(bytes).first(place), 0) == expected(ByteView(bytes).first(place), 0));
    }
  }
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    constexpr std::uint8_t few[] = {0xff, 0x00, 0xd0, 0xd7, 0xd8, 0xc4, 0x01, 5};
    Bytes bytes(random() % 400);
    const unsigned rare = 1 + random() % 40;
    for (auto& byte : bytes) byte = random() % rare == 0 ? few[random() % 8] : few[random() % 2];
    std::size_t wanted = 0, found = 0;
    do {
      wanted = expected(bytes, wanted);
      REQUIRE((found = find_jpeg_marker(bytes, found)) == wanted);
      ++wanted, ++found;
    } while (wanted < bytes.size());
  }
}

TEST_CASE("JPEG: a profile in pieces", "[metadata]") {
  const Bytes profile = empty_profile(300);
  const auto part = [&](std::size_t from, std::size_t to) {
    return Bytes(profile.begin() + static_cast<std::ptrdiff_t>(from),
                 profile.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const auto found = [&](std::initializer_list<Bytes> segments) {
    const Bytes source = with_segments(segments);
    const MetadataBlocks blocks = find_jpeg_metadata(source);
    return Bytes(blocks.icc_profile.begin(), blocks.icc_profile.end());
  };
  CHECK(found({jpeg_icc(1, 2, part(0, 100)), jpeg_icc(2, 2, part(100, 300))}) == profile);
  CHECK(found({jpeg_icc(2, 2, part(100, 300)), jpeg_icc(1, 2, part(0, 100))}) == profile);  // any order
  CHECK(found({jpeg_icc(1, 2, part(0, 100))}).empty());                                     // one is missing
  CHECK(found({jpeg_icc(1, 2, part(0, 100)), jpeg_icc(1, 2, part(100, 300))}).empty());     // twice the same
  CHECK(found({jpeg_icc(1, 2, part(0, 100)), jpeg_icc(2, 3, part(100, 300))}).empty());     // counts differ
  // The whole of it again, as some programs write it, or another one: the first counts.
  const Bytes first = jpeg_icc(1, 2, part(0, 100)), second = jpeg_icc(2, 2, part(100, 300));
  CHECK(found({first, second, first, second}) == profile);
  CHECK(found({first, first, second, second}) == profile);
  CHECK(found({first, second, first}) == profile);
  CHECK(found({jpeg_icc(1, 1, profile), jpeg_icc(1, 1, profile)}) == profile);
  CHECK(found({jpeg_icc(1, 1, profile), jpeg_icc(1, 1, empty_profile(200))}) == profile);
  CHECK(found({jpeg_icc(1, 1, {}), jpeg_icc(1, 1, profile)}) == profile);
  CHECK(found({jpeg_icc(0, 0, profile)}) == profile);    // alone and whole: its numbers do not matter
  CHECK(found({jpeg_icc(1, 1, part(0, 200))}).empty());  // shorter than it says
  CHECK(found({jpeg_icc(1, 1, joined({profile, {1, 2, 3}}))}) == profile);  // what is behind it is no part of it
}

TEST_CASE("JPEG: an extended XMP packet is read behind the main one, and leaves with it", "[metadata]") {
  const std::string digest(32, 'A'), other(32, 'B');
  const std::string extension =
      "<x exif:DateTimeOriginal=\"2021-02-03T04:05:06\" exif:FNumber=\"28/10\" tiff:Make=\"Second\"/>";
  const auto length = static_cast<std::uint32_t>(extension.size());
  const Bytes main = jpeg_xmp("<x xmpNote:HasExtendedXMP=\"" + digest + "\" tiff:Make=\"First\"/>");
  const auto piece = [](const std::string& name, std::uint32_t full, std::uint32_t offset, std::string_view text) {
    Bytes head = bytes_of(std::string_view("http://ns.adobe.com/xmp/extension/\0", 35));
    append(head, bytes_of(name));
    append_be32(head, full);
    append_be32(head, offset);
    return jpeg_segment(0xe1, joined({head, bytes_of(text)}));
  };
  const auto capture_of = [](std::initializer_list<Bytes> segments) {
    const Bytes source = with_segments(segments);
    const MetadataBlocks blocks = find_jpeg_metadata(source);
    CHECK(blocks.has_private);
    CHECK(blocks.xmp_extension.size() <= 256u << 10);
    const Result<Bytes> scrubbed = scrub_jpeg(source, {});
    REQUIRE(scrubbed.ok());
    CHECK(*scrubbed == with_segments({}));
    return read_capture(blocks, true);
  };
  const std::string_view text = extension;
  for (const auto& pieces : {std::vector<Bytes>{main, piece(digest, length, 0, text.substr(0, 30)),
                                                piece(digest, length, 30, text.substr(30))},
                             std::vector<Bytes>{piece(digest, length, 30, text.substr(30)), main,
                                                piece(digest, length, 0, text.substr(0, 30))}}) {
    const CaptureData capture = capture_of({pieces[0], pieces[1], pieces[2]});
    CHECK(capture.time == "2021-02-03T04:05:06");
    CHECK(capture.f_number == 2.8);
    CHECK(capture.make == "First");
  }
  // Somebody else's, or nobody's.
  CHECK(capture_of({main, piece(other, length, 0, text)}).time.empty());
  CHECK(capture_of({jpeg_xmp("<x/>"), piece(digest, length, 0, text)}).time.empty());
  CHECK(capture_of({piece(digest, length, 0, text)}).time.empty());
  // Lengths and offsets that lie: outside of what is stated, or of what is ever kept, or cut within their numbers.
  CHECK(capture_of({main, piece(digest, 40, 0, text)}).time == "");
  CHECK(capture_of({main, piece(digest, length, 0xffffffff, text)}).time.empty());
  CHECK(capture_of({main, piece(digest, 0xffffffff, 0xfffffff0, text)}).time.empty());
  CHECK(capture_of({main, piece(digest, 0xffffffff, (256u << 10) - 20, text)}).time.empty());
  CHECK(capture_of({main, piece(digest, 0, 0, text)}).time.empty());
  CHECK(capture_of({main, piece(digest, 0xffffffff, 1000, text), piece(digest, 5, 0, "xxxxx")}).time ==
        "2021-02-03T04:05:06");
  CHECK(capture_of(
            {main, jpeg_segment(0xe1, joined({bytes_of(std::string_view("http://ns.adobe.com/xmp/extension/\0", 35)),
                                              bytes_of(digest),
                                              {0, 0}}))})
            .time.empty());
}

TEST_CASE("JPEG: gain maps are recognised", "[metadata]") {
  const Bytes plain = with_segments({});
  CHECK_FALSE(find_jpeg_metadata(plain).has_gain_map);
  CHECK(find_jpeg_metadata(with_segments({jpeg_xmp("<rdf:Description hdrgm:Version=\"1.0\"/>")})).has_gain_map);
  CHECK(find_jpeg_metadata(
            with_segments({jpeg_segment(0xe2, bytes_of(std::string_view("urn:iso:std:iso:ts:21496:-1\0\0\0", 30)))}))
            .has_gain_map);

  // Apple's form: an index, and the map's own XMP in the second picture.
  const Bytes map = with_segments({jpeg_xmp("apdi:AuxiliaryImageType=\"urn:com:apple:photo:2020:aux:hdrgainmap\"")});
  const std::size_t index_begin = 2 + 4 + 4;  // SOI, marker and length, "MPF\0"
  Bytes source;
  for (std::uint32_t offset = 0, round = 0; round < 2; ++round) {  // the offset depends on the size, not on itself
    Tiff index(true);
    const Bytes entries = joined({Bytes(8, 0), index.u32(0), Bytes(4, 0), Bytes(8, 0), index.u32(offset), Bytes(4, 0)});
    index.add(Tiff::image, 0xb002, 7, static_cast<std::uint32_t>(entries.size()), entries);
    const Bytes first =
        with_segments({jpeg_segment(0xe2, joined({bytes_of(std::string_view("MPF\0", 4)), index.build()}))});
    offset = static_cast<std::uint32_t>(first.size() + 5 - index_begin);
    source = joined({first, Bytes(5, 0), map});
  }
  const MetadataBlocks blocks = find_jpeg_metadata(source);
  CHECK(blocks.has_gain_map);
  CHECK(blocks.has_private);
  const Result<Bytes> scrubbed = scrub_jpeg(source, {});
  REQUIRE(scrubbed.ok());
  CHECK_FALSE(contains(*scrubbed, "hdrgainmap"));
  CHECK(*scrubbed == plain);
}

TEST_CASE("JPEG: a scrub keeps the picture and drops the rest", "[metadata]") {
  const Bytes secret = bytes_of("SECRET");
  const Bytes adobe = jpeg_segment(0xee, joined({bytes_of("Adobe"), {0, 100, 0, 0, 0, 0, 2}, secret}));
  const Bytes thumbnail_jfif =
      jpeg_segment(0xe0, joined({{'J', 'F', 'I', 'F', 0, 1, 2, 1, 0, 72, 0, 72, 1, 2}, secret}));
  const Bytes data = {0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56, 0xff, 0xff, 0x00, 0x78};
  const Bytes source = joined({jpeg_start,
                               thumbnail_jfif,
                               jpeg_exif(rotated),
                               adobe,
                               jpeg_segment(0xed, secret),
                               jpeg_segment(0xfe, secret),
                               jpeg_icc(1, 1, empty_profile()),
                               secret,
                               {0xff, 0xff},
                               jpeg_tables(),
                               jpeg_segment(0xdd, {0, 4}),
                               jpeg_frame(),
                               jpeg_scan(data),
                               jpeg_segment(0xdc, {0, 16}),
                               jpeg_segment(0xe5, secret),
                               jpeg_scan(data),
                               jpeg_end,
                               secret});

  const Bytes clean_jfif = jpeg_segment(0xe0, {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
  const Bytes clean_adobe = jpeg_segment(0xee, joined({bytes_of("Adobe"), {0, 100, 0, 0, 0, 0, 2}}));
  const Bytes picture = joined({jpeg_tables(), jpeg_segment(0xdd, {0, 4}), jpeg_frame(), jpeg_scan(data),
                                jpeg_segment(0xdc, {0, 16}), jpeg_scan(data), jpeg_end});
  const Result<Bytes> bare = scrub_jpeg(source, {});
  REQUIRE(bare.ok());
  CHECK(*bare == joined({jpeg_start, clean_jfif, clean_adobe, picture}));
  CHECK_FALSE(find_jpeg_metadata(*bare).has_private);

  const Bytes exif = write_orientation_exif(6);
  const Result<Bytes> kept = scrub_jpeg(source, {exif, true});
  REQUIRE(kept.ok());
  CHECK(*kept ==
        joined({jpeg_start, clean_jfif, jpeg_exif(exif), jpeg_icc(1, 1, empty_profile()), clean_adobe, picture}));
}

TEST_CASE("JPEG: a large profile is kept in as many pieces as it needs", "[metadata]") {
  const Bytes profile = empty_profile(150'000);
  Bytes source = jpeg_start;
  for (std::size_t i = 0; i < 5; ++i) {
    const ByteView part = slice(profile, i * 30'000, 30'000);
    append(source, jpeg_icc(static_cast<std::uint8_t>(i + 1), 5, Bytes(part.begin(), part.end())));
  }
  append(source, joined({jpeg_tables(), jpeg_frame(), jpeg_scan({1}), jpeg_end}));
  const Result<Bytes> kept = scrub_jpeg(source, {{}, true});
  REQUIRE(kept.ok());
  const MetadataBlocks blocks = find_jpeg_metadata(*kept);
  CHECK(Bytes(blocks.icc_profile.begin(), blocks.icc_profile.end()) == profile);
  CHECK(kept->size() < source.size());
}

TEST_CASE("JPEG: what is no picture is refused", "[metadata]") {
  const auto code = [](const Bytes& source) {
    const Result<Bytes> result = scrub_jpeg(source, {});
    return result.ok() ? std::optional<ErrorCode>() : result.error().code;
  };
  CHECK(code({}) == ErrorCode::corrupt_image);
  CHECK(code(joined({jpeg_start, jpeg_tables(), jpeg_end})) == ErrorCode::corrupt_image);
  CHECK(code(joined({jpeg_start, jpeg_scan({1}), jpeg_frame(), jpeg_end})) == ErrorCode::corrupt_image);
  CHECK(code(joined({jpeg_start, jpeg_frame(), jpeg_frame(), jpeg_scan({1}), jpeg_end})) == ErrorCode::corrupt_image);
  CHECK_FALSE(code(joined({jpeg_start, jpeg_frame(), jpeg_scan({1}), jpeg_end})));
}
