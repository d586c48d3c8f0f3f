// Bytes that are no part of the picture, hidden where a decoder passes them over: none of them leaves in a file that is
// passed on, and the pixels stay.
#include <catch2/catch_test_macros.hpp>

#include <string_view>
#include <vector>

#include <webp/encode.h>

#include <photo_core/prepare.hpp>

#include "codec_jpeg_files.hpp"
#include "metadata/metadata.hpp"
#include "metadata_samples.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::samples;

namespace {

constexpr std::string_view secret = "SECRET: 52.5 N, 13.4 E. SECRET: 52.5 N, 13.4 E. SECRET: 52.5 N, 13.4 E.";

enum class Outcome { passed, encoded, refused };

struct Prepared {
  Outcome outcome;
  Bytes bytes;
};

Prepared prepared(const Bytes& source, OriginalChoice choice) {
  PrepareOptions options;
  options.keep_original = choice;
  options.color = ColorChoice::keep;
  const auto result = prepare_photo(source, options);
  if (!result) return {Outcome::refused, {}};
  return {result->passed_through ? Outcome::passed : Outcome::encoded, result->photo.bytes};
}

// Passed on as the clean file would be; `but_padding`: without what the encoder padded its data with.
void check_passes(const Bytes& clean, const Bytes& source, bool but_padding = false) {
  for (const OriginalChoice choice : {OriginalChoice::automatic, OriginalChoice::always}) {
    const Prepared got = prepared(source, choice), expected = prepared(clean, choice);
    REQUIRE(expected.outcome == Outcome::passed);
    REQUIRE(got.outcome == Outcome::passed);
    if (but_padding) {
      CHECK_FALSE(contains(got.bytes, secret.substr(0, 3)));
      CHECK(got.bytes.size() <= expected.bytes.size());
      CHECK((testing::decode(got.bytes).planes == testing::decode(clean).planes));
    } else {
      CHECK((got.bytes == expected.bytes));
    }
  }
}

// What cannot be cut out: encoded again, or refused where the file itself is wanted.
void check_kept_back(const Bytes& source) {
  const Prepared got = prepared(source, OriginalChoice::automatic);
  CHECK(got.outcome == Outcome::encoded);
  CHECK_FALSE(contains(got.bytes, secret));
  CHECK(prepared(source, OriginalChoice::always).outcome == Outcome::refused);
}

Bytes with_secret(Bytes file, std::size_t at) {
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), secret.begin(), secret.end());
  return file;
}

// Offsets of the markers that end a segment of entropy-coded data, restart markers or others.
std::vector<std::size_t> segment_ends(const Bytes& jpeg) {
  std::vector<std::size_t> ends;
  std::size_t at = 2;
  bool in_data = false;
  while (at + 1 < jpeg.size()) {
    const std::uint8_t code = jpeg[at + 1];
    if (in_data && (jpeg[at] != 0xff || code == 0)) {
      ++at;
      continue;
    }
    if (in_data) ends.push_back(at);
    const bool is_restart = code >= 0xd0 && code <= 0xd7;
    in_data = code == 0xda || is_restart;
    at += 2 + (is_restart || code == 0xd9 ? 0u : read_be16(jpeg.data() + at + 2));
  }
  return ends;
}

Bytes png_with(const Bytes& before, const Bytes& rows) {
  return joined({png_start, png_chunk("IHDR", {0, 0, 0, 4, 0, 0, 0, 2, 8, 2, 0, 0, 0}), before,
                 png_chunk("IDAT", zlib_stored(rows)), png_end()});
}

std::size_t payload_at(const Bytes& webp, std::string_view type) { return as_text(webp).find(type) + 8; }

Bytes payload_of(const Bytes& webp, std::string_view type) {
  const std::size_t at = payload_at(webp, type);
  const ByteView data = slice(webp, at, read_le32(webp.data() + at - 4));
  return Bytes(data.begin(), data.end());
}

// The file with other data in one of its chunks.
Bytes with_payload(const Bytes& webp, std::string_view type, const Bytes& data) {
  const std::size_t at = payload_at(webp, type);
  const std::size_t size = read_le32(webp.data() + at - 4);
  Bytes out(webp.begin(), webp.begin() + static_cast<std::ptrdiff_t>(at - 8));
  append(out, riff_chunk(type, data));
  append(out, ByteView(webp).subspan(at + size + size % 2));
  Bytes riff_size;
  append_le32(riff_size, static_cast<std::uint32_t>(out.size() - 8));
  std::copy(riff_size.begin(), riff_size.end(), out.begin() + 4);
  return out;
}

// The file with the secret at the end of one chunk's data.
Bytes with_secret_in(const Bytes& webp, std::string_view type) {
  return with_payload(webp, type, joined({payload_of(webp, type), bytes_of(secret)}));
}

// A WebP whose coefficients lie in two partitions (RFC 6386, 9.5).
Bytes webp_of_two_partitions(const Frame& rgb) {
  Bytes pixels;
  for (std::size_t i = 0; i < rgb.planes[0].size(); ++i) {
    for (int plane = 0; plane < 3; ++plane) pixels.push_back(rgb.planes[plane][i]);
  }
  WebPConfig config;
  WebPPicture picture;
  WebPMemoryWriter writer;
  REQUIRE((WebPConfigInit(&config) && WebPPictureInit(&picture)));
  WebPMemoryWriterInit(&writer);
  config.partitions = 1;  // as a power of two; not with the memory that it usually takes
  config.low_memory = 1;
  picture.width = static_cast<int>(rgb.layout.width_px);
  picture.height = static_cast<int>(rgb.layout.height_px);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  REQUIRE(WebPPictureImportRGB(&picture, pixels.data(), 3 * picture.width));
  REQUIRE(WebPEncode(&config, &picture));
  const Bytes out(writer.mem, writer.mem + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return out;
}

std::uint32_t read_le24(const Bytes& bytes, std::size_t at) {
  return std::uint32_t{bytes[at + 2]} << 16 | read_le16(bytes.data() + at);
}

// The file with the secret at the end of a partition before the last, `at` in the VP8 data, whose size the three bytes
// at `size_at` hold, from bit `shift` on.
Bytes with_secret_between(const Bytes& webp, std::size_t at, std::size_t size_at, int shift) {
  Bytes data = with_secret(payload_of(webp, "VP8 "), at);
  const std::uint32_t size = read_le24(data, size_at) + (static_cast<std::uint32_t>(secret.size()) << shift);
  for (unsigned i = 0; i < 3; ++i) data[size_at + i] = static_cast<std::uint8_t>(size >> (8 * i));
  return with_payload(webp, "VP8 ", data);
}

}  // namespace

TEST_CASE("nothing hides in a JPEG's scans") {
  const std::vector<jpeg_scan_info> apart = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  for (const char* kind : {"sequential", "progressive", "component by component"}) {
    for (const unsigned restart_interval : {0u, 7u}) {
      const Frame picture = make_picture(layout_of(ColorModel::ycc, 97, 61, 2));
      const Bytes clean = write_by_library(picture, [&](jpeg_compress_struct& state) {
        state.restart_interval = restart_interval;
        if (kind[0] == 'p') jpeg_simple_progression(&state);
        if (kind[0] != 'c') return;
        state.scan_info = apart.data();
        state.num_scans = static_cast<int>(apart.size());
      });
      const std::vector<std::size_t> ends = segment_ends(clean);
      REQUIRE_FALSE(ends.empty());
      for (const std::size_t end : {ends.front(), ends[ends.size() / 2], ends.back()}) {
        INFO(kind << ", restart interval " << restart_interval << ", at " << end << " of " << clean.size());
        check_passes(clean, with_secret(clean, end));
      }
      Bytes everywhere = clean;  // in a few places
      for (std::size_t i = 0; i < std::min<std::size_t>(ends.size(), 10); ++i) {
        everywhere = with_secret(everywhere, ends[ends.size() - 1 - i]);
      }
      check_passes(clean, everywhere);
      Bytes stuffed = clean;  // data whose every byte is stuffed
      for (int i = 0; i < 9; ++i) stuffed.insert(stuffed.begin() + static_cast<std::ptrdiff_t>(ends.back()), {0xff, 0});
      check_passes(clean, stuffed);
      // Tables behind the last scan.
      Bytes behind = clean;
      const Bytes table = jpeg_segment(0xdb, joined({{0}, bytes_of(secret.substr(0, 64))}));
      behind.insert(behind.end() - 2, table.begin(), table.end());
      check_passes(clean, behind);
    }
  }
}

TEST_CASE("what hides in a JPEG that the library decodes keeps the file back") {
  const Bytes clean =
      write_by_library(make_picture(layout_of(ColorModel::ycc, 97, 61, 2)), [](jpeg_compress_struct& state) {
        state.comp_info[1].h_samp_factor = state.comp_info[1].v_samp_factor = 2;  // finer than the other
      });
  check_passes(clean, clean);
  check_kept_back(with_secret(clean, segment_ends(clean).back()));
}

TEST_CASE("nothing hides in a PNG's pixels and colour chunks") {
  const Bytes rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  const Bytes clean = png_with({}, rows);
  for (const std::string_view type : {"sRGB", "gAMA", "cHRM", "cICP", "iCCP", "sBIT", "prVt"}) {
    INFO(type);
    check_passes(clean, png_with(png_chunk(type, bytes_of(secret)), rows));
  }
  const Bytes gamma = png_chunk("gAMA", {0, 0, 0xb1, 0x8f});
  check_passes(png_with(gamma, rows), png_with(joined({gamma, gamma, png_chunk("gAMA", {'H', 'I', 'D', 'E'})}), rows));
  // Behind the last row, but inside of the compressed stream.
  check_kept_back(png_with({}, joined({rows, bytes_of(secret)})));
}

TEST_CASE("a kept PNG profile brings neither its name nor what follows it") {
  const Bytes rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  const Bytes profile = empty_profile();
  const Bytes name = {'n', 0, 0};
  const Bytes clean = png_with(png_chunk("iCCP", joined({name, zlib_stored(profile)})), rows);
  const Bytes longer = zlib_stored(joined({profile, bytes_of(secret)}));
  check_passes(clean, png_with(png_chunk("iCCP", joined({name, longer})), rows));
  check_passes(clean, png_with(png_chunk("iCCP", joined({name, zlib_stored(profile), bytes_of(secret)})), rows));
  check_passes(clean, png_with(png_chunk("iCCP", joined({bytes_of(secret), {0, 0}, zlib_stored(profile)})), rows));
}

TEST_CASE("a PNG whose pixels inflate without end is not followed there") {
  Bytes bomb(64u << 20, 0);
  const Bytes packed = deflated(bomb);
  const Bytes file = joined(
      {png_start, png_chunk("IHDR", {0, 0, 0, 4, 0, 0, 0, 2, 8, 2, 0, 0, 0}), png_chunk("IDAT", packed), png_end()});
  CHECK(scrub_png(file, {}).error().code == ErrorCode::corrupt_image);
  ZlibEndFinder pixels;
  CHECK_FALSE(pixels.take(packed, 26).has_value());
}

TEST_CASE("nothing hides in a WebP's picture and alpha") {
  const Bytes lossy = testing::encode(testing::corners(61, 47), OutputFormat::webp, 80);
  check_passes(lossy, with_secret_in(lossy, "VP8 "), true);
  const Bytes with_alpha = testing::encode(testing::corners(61, 47, true), OutputFormat::webp, 80);
  check_passes(with_alpha, with_secret_in(with_alpha, "ALPH"));
  check_passes(with_alpha, with_secret_in(with_alpha, "VP8 "), true);
  // Alpha as it is, without compression or a filter: a byte that says so, and a sample a pixel.
  Bytes stored(1 + 61 * 47, 200);
  stored[0] = 0;
  const Bytes with_stored_alpha = with_payload(with_alpha, "ALPH", stored);
  check_passes(with_stored_alpha, with_secret_in(with_stored_alpha, "ALPH"));

  // Behind the first partition, whose size the frame's tag holds above five bits (RFC 6386, 9.1).
  const std::size_t first = 10 + (read_le24(payload_of(lossy, "VP8 "), 0) >> 5);
  check_kept_back(with_secret_between(lossy, first, 0, 5));
  // Behind the first of several with coefficients; the sizes of all but the last stand before them (9.5).
  const Bytes apart = webp_of_two_partitions(testing::corners(61, 47));
  const Bytes coded = payload_of(apart, "VP8 ");
  const std::size_t sizes = 10 + (read_le24(coded, 0) >> 5);
  check_passes(apart, with_secret_in(apart, "VP8 "), true);
  check_kept_back(with_secret_between(apart, sizes + 3 + read_le24(coded, sizes), sizes, 0));
}
