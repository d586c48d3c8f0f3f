#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "codec_pictures.hpp"

using namespace photo_core;
using test::decode;

namespace {

// A smooth picture with some detail, in any model.
Frame make_picture(PlaneLayout layout) {
  Frame frame;
  frame.allocate(layout);
  for (int plane = 0; plane < layout.plane_count(); ++plane) {
    for (std::uint32_t y = 0; y < layout.plane_height(plane); ++y) {
      for (std::uint32_t x = 0; x < layout.plane_width(plane); ++x) {
        const double wave = std::sin(0.07 * x + plane) * std::cos(0.05 * y - plane);
        frame.row(plane, y)[x] = static_cast<std::uint8_t>(128 + (layout.is_chroma(plane) ? 50 : 90) * wave);
      }
    }
  }
  return frame;
}

double mean_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return sum / static_cast<double>(a.size());
}

Bytes encode_webp(const Frame& frame, double quality = 90) {
  EncodeRequest request;
  request.quality = quality;
  auto file = test::encode(*make_webp_encoder(request), frame);
  REQUIRE(file.ok());
  return *std::move(file);
}

std::string code_of(ByteView file, bool allow_truncated = false) {
  DecodeRequest request;
  request.allow_truncated = allow_truncated;
  const auto decoded = decode(open_webp, file, request);
  return decoded ? "ok" : std::string(code_name(decoded.error().code));
}

void append_chunk(Bytes& out, std::string_view type, ByteView data) {
  out.insert(out.end(), type.begin(), type.end());
  append_le32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (data.size() % 2 != 0) out.push_back(0);
}

Bytes riff(ByteView chunks) {
  Bytes out = {'R', 'I', 'F', 'F'};
  append_le32(out, static_cast<std::uint32_t>(chunks.size() + 4));
  append(out, ByteView(reinterpret_cast<const std::uint8_t*>("WEBP"), 4));
  append(out, chunks);
  return out;
}

void append_le24(Bytes& out, std::uint32_t value) {
  append_le16(out, value & 0xffff);
  out.push_back(static_cast<std::uint8_t>(value >> 16));
}

Bytes extended_header(std::uint8_t flags, std::uint32_t width, std::uint32_t height) {
  Bytes out = {flags, 0, 0, 0};
  append_le24(out, width - 1);
  append_le24(out, height - 1);
  return out;
}

// One pixel of one colour, lossless: VP8L with five prefix codes of one symbol each.
class Vp8lWriter {
 public:
  Vp8lWriter(std::uint32_t width, std::uint32_t height, std::uint8_t a, std::uint8_t r, std::uint8_t g,
             std::uint8_t b) {
    put(0x2f, 8);
    put(width - 1, 14);
    put(height - 1, 14);
    put(a != 255 ? 1 : 0, 1);
    put(0, 3);  // version
    put(0, 1);  // no transform
    put(0, 1);  // no colour cache
    put(0, 1);  // one set of codes
    for (const std::uint8_t symbol : {g, r, b, a, std::uint8_t{0}}) {
      put(1, 1);  // a simple code
      put(0, 1);  // of one symbol
      put(1, 1);  // of 8 bits
      put(symbol, 8);
    }
    while (used_ != 0) put(0, 1);
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  void put(std::uint32_t value, int bits) {
    for (int i = 0; i < bits; ++i) {
      if (used_ == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (value >> i & 1) << used_);
      used_ = (used_ + 1) % 8;
    }
  }
  Bytes bytes_;
  int used_ = 0;
};

}  // namespace

TEST_CASE("WebP from full-range Y'CbCr comes back as the same colours") {
  for (const auto& [width, height] : {std::pair{64u, 48u}, {61u, 47u}, {1u, 1u}, {2u, 17u}, {33u, 1u}}) {
    const Frame frame = make_picture({ColorModel::ycc, false, width, height, 2, 2});
    const auto decoded = decode(open_webp, encode_webp(frame, 100));
    REQUIRE(decoded.ok());
    REQUIRE(decoded->frame.layout.model == ColorModel::rgb);
    double sum = 0;
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        const double luma = 0.299 * decoded->frame.row(0, y)[x] + 0.587 * decoded->frame.row(1, y)[x] +
                            0.114 * decoded->frame.row(2, y)[x];
        sum += luma - frame.row(0, y)[x];
      }
    }
    INFO(width << " x " << height);
    CHECK(std::abs(sum / (width * height)) < 2.5);
  }
  // White and black stay white and black: the ranges meet at both ends.
  for (const std::uint8_t level : {0, 255}) {
    Frame frame;
    frame.allocate({ColorModel::ycc, false, 32, 32, 2, 2});
    for (int plane = 0; plane < 3; ++plane)
      std::fill(frame.planes[plane].begin(), frame.planes[plane].end(), plane == 0 ? level : 128);
    const auto decoded = decode(open_webp, encode_webp(frame));
    for (int plane = 0; plane < 3; ++plane) CHECK(std::abs(decoded->frame.planes[plane][300] - level) <= 1);
  }
}

TEST_CASE("WebP gray has no colour") {
  const Frame frame = make_picture({ColorModel::gray, false, 40, 30});
  CHECK(make_webp_encoder({})->wanted(frame.layout).model == ColorModel::gray);
  const auto decoded = decode(open_webp, encode_webp(frame));
  REQUIRE(decoded.ok());
  CHECK(mean_difference(decoded->frame.planes[0], frame.planes[0]) < 3);
  CHECK(mean_difference(decoded->frame.planes[0], decoded->frame.planes[2]) < 1);
}

TEST_CASE("WebP alpha is kept exactly, and what lies under it does not tint the edge") {
  for (const auto& [width, height] : {std::pair{50u, 40u}, {51u, 41u}, {1u, 1u}, {3u, 2u}}) {
    Frame frame = make_picture({ColorModel::rgb, true, width, height});
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) frame.row(3, y)[x] = static_cast<std::uint8_t>(x * 5 + y);
    }
    CHECK(make_webp_encoder({})->wanted(frame.layout).has_alpha);
    const auto decoded = decode(open_webp, encode_webp(frame));
    REQUIRE(decoded.ok());
    REQUIRE(decoded->info.has_alpha);
    CHECK(decoded->frame.planes[3] == frame.planes[3]);
  }
  // Red, half of it invisible green: the visible half stays red.
  Frame frame;
  frame.allocate({ColorModel::rgb, true, 33, 32});
  for (std::uint32_t y = 0; y < 32; ++y) {
    for (std::uint32_t x = 0; x < 33; ++x) {
      const bool is_visible = x < 17;
      frame.row(0, y)[x] = is_visible ? 255 : 0;
      frame.row(1, y)[x] = is_visible ? 0 : 255;
      frame.row(2, y)[x] = 0;
      frame.row(3, y)[x] = is_visible ? 255 : 0;
    }
  }
  const auto decoded = decode(open_webp, encode_webp(frame, 100));
  REQUIRE(decoded.ok());
  CHECK(decoded->frame.row(0, 10)[16] > 200);
  CHECK(decoded->frame.row(1, 10)[16] < 60);
}

TEST_CASE("WebP gray with alpha") {
  const Frame frame = make_picture({ColorModel::gray, true, 20, 21});
  const auto decoded = decode(open_webp, encode_webp(frame));
  REQUIRE(decoded.ok());
  CHECK(decoded->frame.planes[3] == frame.planes[1]);
}

TEST_CASE("WebP with profile and Exif is an extended file that decodes the same") {
  const Bytes profile(333, 5), exif = {'I', 'I', '*', 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (const bool has_alpha : {false, true}) {
    const Frame frame = make_picture(has_alpha ? PlaneLayout{ColorModel::rgb, true, 30, 20}
                                               : PlaneLayout{ColorModel::ycc, false, 30, 20, 2, 2});
    EncodeRequest request;
    request.quality = 90;
    const auto plain = test::encode(*make_webp_encoder(request), frame);
    request.icc_profile = profile;
    request.exif = [&](const PlaneLayout&) { return exif; };
    const auto file = test::encode(*make_webp_encoder(request), frame);
    REQUIRE(file.ok());
    const std::string_view text = as_text(*file);
    CHECK(text.substr(12, 4) == "VP8X");
    CHECK(static_cast<std::uint8_t>(text[20]) == (has_alpha ? 0x38 : 0x28));
    CHECK(text.find("ICCP") < text.find("VP8 "));
    CHECK(text.find("EXIF") > text.find("VP8 "));
    CHECK(read_le32(&(*file)[4]) == file->size() - 8);
    const auto decoded = decode(open_webp, *file);
    REQUIRE(decoded.ok());
    CHECK(decoded->consumed_bytes == file->size());
    CHECK(decoded->frame.planes == decode(open_webp, *plain)->frame.planes);
  }
}

TEST_CASE("WebP lossless, of many rows and with alpha") {
  Bytes chunks;
  append_chunk(chunks, "VP8L", Vp8lWriter(100, 70, 200, 10, 20, 30).bytes());
  const auto decoded = decode(open_webp, riff(chunks));
  REQUIRE(decoded.ok());
  CHECK(decoded->info.has_alpha);
  CHECK(decoded->frame.planes[0] == std::vector<std::uint8_t>(7000, 10));
  CHECK(decoded->frame.planes[1] == std::vector<std::uint8_t>(7000, 20));
  CHECK(decoded->frame.planes[2] == std::vector<std::uint8_t>(7000, 30));
  CHECK(decoded->frame.planes[3] == std::vector<std::uint8_t>(7000, 200));
  // Whether there is any is for the header to say; the bit in the picture is a hint.
  Bytes hinted = Vp8lWriter(100, 70, 200, 10, 20, 30).bytes();
  hinted[4] &= 0xef;
  for (const std::uint8_t flags : {0x00, 0x10}) {
    Bytes extended;
    append_chunk(extended, "VP8X", Bytes{flags, 0, 0, 0, 99, 0, 0, 69, 0, 0});
    append_chunk(extended, "VP8L", hinted);
    const auto picture = decode(open_webp, riff(extended));
    REQUIRE(picture.ok());
    CHECK(picture->info.has_alpha == (flags != 0));
    if (flags != 0) CHECK(picture->frame.planes[3] == std::vector<std::uint8_t>(7000, 200));
  }
  // The largest lossless picture opens and says what it would take: the caller refuses it.
  Bytes bomb;
  append_chunk(bomb, "VP8L", Vp8lWriter(16384, 16384, 255, 1, 2, 3).bytes());
  const Bytes file = riff(bomb);
  const auto opened = open_webp(file);
  REQUIRE(opened.ok());
  CHECK((*opened)->info().decode_bytes > std::uint64_t{4} * 16384 * 16384);
}

TEST_CASE("WebP animation: the first frame on its canvas") {
  Bytes frame;
  append_le24(frame, 2);  // x = 4
  append_le24(frame, 3);  // y = 6
  append_le24(frame, 8 - 1);
  append_le24(frame, 40 - 1);
  append_le24(frame, 100);
  frame.push_back(0);
  append_chunk(frame, "VP8L", Vp8lWriter(8, 40, 255, 50, 60, 70).bytes());
  Bytes chunks;
  append_chunk(chunks, "VP8X", extended_header(0x02, 20, 90));
  append_chunk(chunks, "ANIM", Bytes(6));
  append_chunk(chunks, "ANMF", frame);
  append_chunk(chunks, "ANMF", frame);
  const auto decoded = decode(open_webp, riff(chunks));
  REQUIRE(decoded.ok());
  CHECK(decoded->info.frames == 2);
  CHECK(decoded->info.has_alpha);
  bool is_right = true;
  for (std::uint32_t y = 0; y < 90; ++y) {
    for (std::uint32_t x = 0; x < 20; ++x) {
      const bool is_inside = x >= 4 && x < 12 && y >= 6 && y < 46;
      is_right = is_right && decoded->frame.row(0, y)[x] == (is_inside ? 50 : 0) &&
                 decoded->frame.row(3, y)[x] == (is_inside ? 255 : 0);
    }
  }
  CHECK(is_right);
  // A frame that leaves its canvas, and one that is not as large as it says.
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes broken = frame;
    broken[at] = value;
    Bytes out;
    append_chunk(out, "VP8X", extended_header(0x02, 20, 90));
    append_chunk(out, "ANMF", broken);
    return code_of(riff(out));
  };
  CHECK(with(0, 7) == "corrupt_image");
  CHECK(with(6, 8) == "corrupt_image");
  CHECK(with(0, 6) == "ok");
}

TEST_CASE("WebP sizes that contradict each other") {
  const Bytes file = encode_webp(make_picture({ColorModel::ycc, false, 24, 24, 2, 2}));
  const auto with = [&](std::size_t at, int change) {
    Bytes copy = file;
    copy[at] = static_cast<std::uint8_t>(copy[at] + change);
    return code_of(copy);
  };
  CHECK(code_of(file) == "ok");
  CHECK(with(4, 2) == "truncated_image");  // the RIFF chunk longer than the file
  CHECK(with(4, -2) == "corrupt_image");   // the picture longer than the RIFF chunk
  CHECK(with(16, 4) == "corrupt_image");
  CHECK(with(8, 1) == "corrupt_image");   // WEBP
  CHECK(with(23, 1) == "corrupt_image");  // the key frame's code
  Bytes chunks;
  append_chunk(chunks, "VP8X", extended_header(0, 25, 24));
  append(chunks, slice(file, 12));
  CHECK(code_of(riff(chunks)) == "corrupt_image");  // a canvas that the picture does not fill
  Bytes trailing = file;
  trailing.resize(trailing.size() + 100, 'x');
  CHECK(decode(open_webp, trailing)->consumed_bytes == file.size());
}

TEST_CASE("WebP cut at any byte is truncated, or filled when that is allowed") {
  for (const bool is_lossy : {true, false}) {
    Bytes file;
    if (is_lossy) {
      file = encode_webp(make_picture({ColorModel::rgb, true, 70, 90}));
    } else {
      append_chunk(file, "VP8L", Vp8lWriter(30, 30, 9, 1, 2, 3).bytes());
      file = riff(file);
    }
    for (std::size_t size = 1; size < file.size(); ++size) {
      INFO(size);
      CHECK(code_of(slice(file, 0, size)) == "truncated_image");
      const std::string lenient = code_of(slice(file, 0, size), true);
      CHECK((lenient == "ok" || lenient == "truncated_image"));
    }
    if (is_lossy) CHECK(code_of(slice(file, 0, file.size() - 200), true) == "ok");
  }
}

TEST_CASE("WebP sides: 16383 pass, 16384 fail") {
  const auto encoder = make_webp_encoder({});
  CHECK(encoder->begin({ColorModel::gray, false, 16383, 1}).ok());
  const auto other = make_webp_encoder({});
  CHECK(other->begin({ColorModel::gray, false, 16384, 1}).error().code == ErrorCode::invalid_option);
}

TEST_CASE("WebP verdicts of the corpus", "[corpus]") {
  const auto files = test::corpus_files();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  for (const auto& file : files) {
    if (file.format != "webp") continue;
    INFO(file.path << " (" << file.reason << ")");
    const Bytes bytes = test::read_file(file.path);
    const auto opened = open_webp(bytes);
    // What is larger than any limit is refused by the caller, from the header.
    if (opened && std::uint64_t{(*opened)->info().width_px} * (*opened)->info().height_px > 120'000'000) {
      CHECK(file.verdict == "reject");
      continue;
    }
    const std::string code = code_of(bytes);
    if (file.verdict == "accept") CHECK(code == "ok");
    if (file.verdict == "reject") CHECK((code == "corrupt_image" || code == "truncated_image"));
    if (file.path.find("/truncated/") != std::string::npos) CHECK(code == "truncated_image");
    const std::string lenient = code_of(bytes, true);
    CHECK((lenient == "ok" || lenient == "corrupt_image" || lenient == "truncated_image"));
  }
}
