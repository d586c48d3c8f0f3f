#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include <photo_core/prepare.hpp>

#include "colour_samples.hpp"
#include "metadata/metadata.hpp"
#include "metadata/zlib_stream.hpp"
#include "pictures.hpp"

using namespace photo_core;
using namespace photo_core::testing;
using photo_core::samples::LcmsProfile;
using photo_core::samples::saved;

namespace {

constexpr std::uint8_t stored = 60;
constexpr int shown = 133;  // 60 of 255 in linear light, under sRGB's curve

Bytes linear_profile(bool is_gray) {
  cmsToneCurve* const line = cmsBuildGamma(nullptr, 1);
  const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
  const cmsCIExyY d65 = {0.3127, 0.3290, 1};
  const Bytes profile = is_gray ? saved(LcmsProfile(cmsCreateGrayProfile(cmsD50_xyY(), line)))
                                : samples::rgb_profile(d65, primaries, line, 2.1);
  cmsFreeToneCurve(line);
  return profile;
}

Frame flat(ColorModel model, bool alpha) {
  Frame frame;
  frame.allocate({model, alpha, 96, 64});
  for (auto& plane : frame.planes) std::fill(plane.begin(), plane.end(), stored);
  if (alpha) {
    auto& samples = frame.planes[frame.layout.plane_count() - 1];
    std::fill(samples.begin(), samples.end(), 255);
    samples[0] = 254;
  }
  return frame;
}

MetadataBlocks metadata_of(ByteView file) {
  return file[0] == 0xff           ? find_jpeg_metadata(file)
         : has_at(file, 0, "RIFF") ? find_webp_metadata(file)
                                   : find_png_metadata(file);
}

// The bytes of the profile in the file, whatever they are.
Bytes profile_in(ByteView file) {
  const std::string_view text = as_text(file);
  if (const std::size_t at = text.find("ICC_PROFILE"); file[0] == 0xff) {
    return at == std::string_view::npos ? Bytes{} : Bytes(file.begin() + static_cast<std::ptrdiff_t>(at), file.end());
  }
  if (const std::size_t at = text.find("iCCP"); at != std::string_view::npos) {
    return inflate_bounded(file.subspan(text.find('\0', at) + 2, read_be32(file.data() + at - 4) - 5), 1 << 20).value();
  }
  const std::size_t at = text.find("ICCP");
  return at == std::string_view::npos ? Bytes{} : Bytes(file.begin() + static_cast<std::ptrdiff_t>(at), file.end());
}

// What the file shows: by its profile where it has one, and then only where its samples are of the profile's kind.
int shown_by(ByteView file, OutputFormat format) {
  const Frame frame = decode_rgb(file);
  REQUIRE(frame.layout.width_px > 0);
  const int sample = frame.row(1, frame.layout.height_px / 2)[frame.layout.width_px / 2];
  const MetadataBlocks blocks = metadata_of(file);
  if (blocks.icc_profile.empty()) return sample;
  const bool is_gray = decode(file).layout.model == ColorModel::gray;
  const bool gray_profile = inspect_profile(blocks.icc_profile).kind == ProfileKind::gray;
  if (gray_profile ? !is_gray : is_gray && format == OutputFormat::png) return -1;
  CHECK(near({sample, sample, sample}, {stored, stored, stored}, 2));
  return shown;
}

}  // namespace

TEST_CASE("a profile of another kind than the picture is passed over") {
  const Bytes gray = linear_profile(true);
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::png, OutputFormat::webp}) {
    for (const bool anew : {false, true}) {
      CAPTURE(format, anew);
      const Bytes source = encode(corners(96, 64), format, 95, {}, gray);
      PrepareOptions options;
      options.format = OutputFormat::png;
      options.keep_original = anew ? OriginalChoice::never : OriginalChoice::automatic;
      if (!anew) options.format = OutputFormat::automatic;
      const auto photo = prepare_photo(source, options);
      REQUIRE(photo.ok());
      CHECK(photo->passed_through == !anew);
      CHECK(photo->warnings.empty());
      CHECK(near(at(decode_rgb(photo->photo.bytes), 10, 10), {230, 20, 20}));
      CHECK(near(at(decode_rgb(photo->thumbnails[0].bytes), 10, 10), {230, 20, 20}));
    }
  }
}

TEST_CASE("a gray picture's profile is kept where the file can hold it, and converted elsewhere") {
  for (const bool gray_profile : {true, false}) {
    for (const bool alpha : {false, true}) {
      for (const OutputFormat from : {OutputFormat::jpeg, OutputFormat::png}) {
        if (alpha && from == OutputFormat::jpeg) continue;
        const Bytes source = encode(flat(ColorModel::gray, alpha), from, 95, {}, linear_profile(gray_profile));
        for (const OutputFormat to : {OutputFormat::jpeg, OutputFormat::png, OutputFormat::webp}) {
          for (const OriginalChoice original : {OriginalChoice::never, OriginalChoice::automatic}) {
            CAPTURE(gray_profile, alpha, from, to, original);
            PrepareOptions options;
            options.color = ColorChoice::keep;
            options.format = to;
            options.keep_original = original;
            options.thumbnails = {
                {40, OutputFormat::webp, 90}, {40, OutputFormat::png, 90}, {50, OutputFormat::jpeg, 90}};
            const auto photo = prepare_photo(source, options);
            REQUIRE(photo.ok());
            if (!photo->passed_through) CHECK(std::abs(shown_by(photo->photo.bytes, to) - shown) <= 2);
            const OutputFormat small[] = {OutputFormat::webp, OutputFormat::png, OutputFormat::jpeg};
            for (std::size_t i = 0; i < 3; ++i) {
              CAPTURE(i);
              CHECK(std::abs(shown_by(photo->thumbnails[i].bytes, small[i]) - shown) <= 2);
            }
            if (to == OutputFormat::jpeg && !alpha) CHECK_FALSE(metadata_of(photo->photo.bytes).icc_profile.empty());
          }
        }
      }
    }
  }
}

TEST_CASE("WebP is made no larger than one can be") {
  PrepareOptions options;
  options.max_edge_px = 16'384;
  options.thumbnails = {{16'384, OutputFormat::webp, 75}, {16'384, OutputFormat::jpeg, 75}};
  for (const bool alpha : {false, true}) {
    for (const FitChoice fit : {FitChoice::inside, FitChoice::cover}) {
      CAPTURE(alpha, fit);
      options.keep_original = OriginalChoice::never;
      options.fit = fit;
      options.cover_height_px = 4;
      const auto photo = prepare_photo(encode(corners(16'400, 4, alpha), OutputFormat::png), options);
      REQUIRE(photo.ok());
      CHECK(photo->photo.width_px == (alpha ? 16'383 : 16'384));  // WebP for the alpha
      CHECK(photo->thumbnails[0].width_px == 16'383);
      CHECK(photo->thumbnails[1].width_px == photo->photo.width_px);
    }
  }
}

TEST_CASE("of a profile that is kept only what concerns colours stays") {
  const Bytes plain = linear_profile(false);
  const LcmsProfile display(cmsOpenProfileFromMem(plain.data(), static_cast<cmsUInt32Number>(plain.size())));
  constexpr std::string_view secret("mmod\0\0\0\0SERIAL01", 16);
  for (const cmsUInt32Number tag : {0x6d6d6f64u, 0x74617267u, 0x6d657461u}) {  // mmod, targ, meta
    REQUIRE(cmsWriteRawTag(display.get(), static_cast<cmsTagSignature>(tag), secret.data(), secret.size()));
  }
  Bytes named = saved(display);
  constexpr std::string_view broken_tag = "cprt";  // one that points out of the profile holds the others not back
  const auto broken = std::search(named.begin() + 132, named.end(), broken_tag.begin(), broken_tag.end());
  REQUIRE(broken != named.end());
  *(broken + 4) = 0x7f;
  for (const OutputFormat format : {OutputFormat::jpeg, OutputFormat::png, OutputFormat::webp}) {
    const Bytes source = encode(corners(96, 64), format, 95, {}, named);
    REQUIRE(as_text(profile_in(source)).find("SERIAL01") != std::string_view::npos);
    for (const bool anew : {false, true}) {
      CAPTURE(format, anew);
      PrepareOptions options;
      options.format = format;
      options.color = ColorChoice::keep;
      options.keep_original = anew ? OriginalChoice::never : OriginalChoice::always;
      const auto made = prepare_photo(source, options);
      REQUIRE(made.ok());
      CHECK(made->passed_through != anew);
      CHECK(as_text(profile_in(made->photo.bytes)).find("SERIAL01") == std::string_view::npos);

      const MetadataBlocks blocks = metadata_of(made->photo.bytes);
      const ByteView kept = blocks.icc_profile;
      CHECK(LcmsProfile(cmsOpenProfileFromMem(kept.data(), static_cast<cmsUInt32Number>(kept.size()))));
      CHECK(inspect_profile(kept).description == inspect_profile(named).description);
      std::array<Bytes, 3> planes;
      for (int c = 0; c < 3; ++c) {
        for (int i = 0; i < 256; ++i) planes[c].push_back(static_cast<std::uint8_t>(i * (2 * c + 1)));
      }
      std::array<Bytes, 3> expected = planes;
      const auto shown_in = [](ByteView profile, std::array<Bytes, 3>& samples) {
        std::uint8_t* const rows[] = {samples[0].data(), samples[1].data(), samples[2].data()};
        make_icc_transform(profile, ColorModel::rgb, false)->row(rows, rows, 256);
      };
      shown_in(named, expected);
      shown_in(kept, planes);
      CHECK(planes == expected);
    }
  }
}

// Half of the light of white, whatever the curve of the source: sRGB says it by 188, a linear file by 128.
TEST_CASE("Linear light is that of the source's own curve") {
  for (const ColorModel model : {ColorModel::gray, ColorModel::rgb}) {
    Frame points;
    points.allocate({model, false, 128, 128});
    for (auto& plane : points.planes) {
      for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = (i + i / 128) % 2 == 0 ? 255 : 0;
    }
    const Bytes source = encode(points, OutputFormat::png, 95, {}, linear_profile(model == ColorModel::gray));
    for (const ColorChoice color : {ColorChoice::srgb, ColorChoice::keep}) {
      PrepareOptions options;
      options.max_edge_px = 32;
      options.format = OutputFormat::png;
      options.light = LightChoice::linear;
      options.color = color;
      options.thumbnails.resize(1);
      options.thumbnails[0].max_edge_px = 16;
      options.thumbnails[0].format = OutputFormat::png;
      const auto photo = prepare_photo(source, options);
      REQUIRE(photo.ok());
      CAPTURE(static_cast<int>(model), static_cast<int>(color));
      const int wanted = color == ColorChoice::keep ? 128 : 188;
      CHECK(std::abs(decode_rgb(photo->photo.bytes).row(1, 16)[16] - wanted) <= 1);
      CHECK(std::abs(decode_rgb(photo->thumbnails[0].bytes).row(1, 8)[8] - wanted) <= 1);
    }
  }
}

TEST_CASE("a JPEG is averaged in linear light too when its DCT could have shrunk it") {
  Frame checks;
  checks.allocate({ColorModel::rgb, false, 512, 512});
  for (int plane = 0; plane < 3; ++plane) {
    for (std::uint32_t y = 0; y < 512; ++y) {
      for (std::uint32_t x = 0; x < 512; ++x) checks.row(plane, y)[x] = (x + y) % 2 == 0 ? 255 : 0;
    }
  }
  const Bytes source = encode(checks, OutputFormat::jpeg, 98);
  PrepareOptions options;
  options.max_edge_px = 64;
  options.format = OutputFormat::png;
  options.thumbnails = {{32, OutputFormat::png, 90}};
  for (const auto& [light, gray] : {std::pair{LightChoice::linear, 188}, {LightChoice::encoded, 128}}) {
    options.light = light;
    for (const OriginalChoice original : {OriginalChoice::never, OriginalChoice::automatic}) {
      options.keep_original = original;
      const auto photo = prepare_photo(source, options);
      REQUIRE(photo.ok());
      CHECK(near(at(decode_rgb(photo->photo.bytes), 30, 30), {gray, gray, gray}, 4));
      CHECK(near(at(decode_rgb(photo->thumbnails[0].bytes), 15, 15), {gray, gray, gray}, 4));
    }
  }
}
