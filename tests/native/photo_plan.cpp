#include <catch2/catch_test_macros.hpp>

#include <photo_core/limits.gen.hpp>
#include <photo_core/sha256.hpp>

#include "photo/plan.hpp"

using namespace photo_core;

namespace {

// A photo with its chroma halved both ways.
ImageInfo photo_of(std::uint32_t width, std::uint32_t height) {
  ImageInfo info;
  info.width_px = width;
  info.height_px = height;
  info.is_ycc = true;
  info.h_subsampling = info.v_subsampling = 2;
  return info;
}

}  // namespace

TEST_CASE("a picture fits inside its edge, keeps its shape and is never enlarged") {
  CHECK(fit_inside({4032, 3024}, 2000) == Size{2000, 1500});
  CHECK(fit_inside({3024, 4032}, 2000) == Size{1500, 2000});
  CHECK(fit_inside({800, 600}, 2000) == Size{800, 600});
  CHECK(fit_inside({100000, 3}, 2000) == Size{2000, 1});
  CHECK(fit_inside({1, 5000}, 2000) == Size{1, 2000});
  CHECK(fit_inside({2001, 2001}, 2000) == Size{2000, 2000});
}

TEST_CASE("cover fills its box from the middle") {
  PrepareOptions options;
  options.fit = FitChoice::cover;
  options.cover_width_px = 1000;
  options.cover_height_px = 1000;
  const Geometry geometry = plan_geometry({4000, 3000}, options);
  CHECK(geometry.target == Size{1000, 1000});
  CHECK(geometry.extent_x == 3000);
  CHECK(geometry.extent_y == 3000);
  CHECK(geometry.begin_x == 500);
  CHECK(geometry.begin_y == 0);
  const Geometry small = plan_geometry({400, 300}, options);  // not enlarged: the box shrinks and keeps its shape
  CHECK(small.target == Size{300, 300});
  const Geometry turned = as_stored(geometry, 6);
  CHECK(turned.begin_y == 500);
  CHECK(turned.extent_x == 3000);
}

TEST_CASE("the DCT scale leaves something to filter") {
  const ImageInfo info;
  CHECK(choose_scale(4032, 3024, {2000, 1500}, false, info) == 8);
  CHECK(choose_scale(3840, 2160, {2048, 1152}, false, info) == 8);
  CHECK(choose_scale(6000, 4000, {2048, 1365}, false, info) == 6);
  CHECK(choose_scale(8064, 6048, {2000, 1500}, false, info) == 4);
  CHECK(choose_scale(2000, 1500, {2000, 1500}, false, info) == 8);
  CHECK(choose_scale(16000, 12000, {400, 300}, false, info) == 1);
  // The longer side may be cut more: the one that shrinks least decides.
  CHECK(choose_scale(6000, 1000, {1000, 400}, false, info) == 7);
  for (const double extent : {2049.0, 3000.0, 4096.0, 5000.0, 8192.0, 20000.0}) {
    const std::uint32_t eighths = choose_scale(extent, extent, {1024, 1024}, false, info);
    CHECK((eighths == 8 || extent * eighths / 8 >= 2 * 1024));
    CHECK((eighths == 1 || extent * (eighths - 1) / 8 < 2 * 1024));
  }
}

TEST_CASE("chroma that is coarse in one direction is decoded at a scale that leaves something of it to filter") {
  const auto scale = [](std::uint32_t across, std::uint32_t down, bool in_rgb) {
    ImageInfo info;
    info.h_subsampling = across;
    info.v_subsampling = down;
    return choose_scale(4000, 3000, {320, 240}, in_rgb, info);
  };
  CHECK(scale(1, 1, false) == 2);
  CHECK(scale(2, 2, false) == 2);
  CHECK(scale(2, 1, false) == 2);
  CHECK(scale(3, 1, false) == 4);
  CHECK(scale(4, 1, false) == 4);
  CHECK(scale(4, 4, false) == 4);
  CHECK(scale(2, 2, true) == 2);
  CHECK(scale(4, 4, true) == 2);
  CHECK(scale(2, 1, true) == 4);
  CHECK(scale(1, 2, true) == 4);
  CHECK(scale(3, 1, true) == 6);
  CHECK(scale(4, 1, true) == 8);
}

TEST_CASE("a photo resized in rgb is decoded at a scale that leaves its chroma whole") {
  ImageInfo info;
  CHECK(choose_scale(6000, 4000, {2048, 1365}, true, info) == 8);
  CHECK(choose_scale(8192, 6144, {2048, 1536}, true, info) == 4);
  CHECK(choose_scale(8191, 6143, {2048, 1536}, true, info) == 8);
  CHECK(choose_scale(4000, 3000, {320, 240}, true, info) == 2);
  info.is_ycc = true;
  PrepareOptions options;
  CHECK_FALSE(resizes_rgb(info, options, true));
  options.format = OutputFormat::png;
  CHECK(resizes_rgb(info, options, true));
  CHECK_FALSE(resizes_rgb(info, options, false));
  options.light = LightChoice::linear;
  CHECK(resizes_rgb(info, options, false));
  info.is_ycc = false;
  CHECK_FALSE(resizes_rgb(info, options, true));
}

TEST_CASE("a plan over its budget names the pixels that would fit") {
  ImageInfo info = photo_of(12000, 10000);
  info.decode_bytes = std::uint64_t{12000} * 10000 * 6;  // progressive, 4:4:4
  PrepareOptions options;
  const Geometry geometry = plan_geometry({info.width_px, info.height_px}, options);
  const MemoryPlan plan = plan_memory(info, 1000, geometry, 1, options);
  const Status status = check_budget(plan, info, options);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::too_many_pixels);
  CHECK(status.error().actual == 120e6);
  CHECK(status.error().limit < 120e6);
  CHECK(status.error().limit > 50e6);
}

TEST_CASE("the plan counts a frame that is held, whole chroma and packed alpha") {
  ImageInfo info = photo_of(4000, 3000);
  PrepareOptions options;
  options.max_edge_px = 4000;
  options.thumbnails.clear();
  const auto bytes_a_pixel = [&] {
    const Geometry geometry = plan_geometry({info.width_px, info.height_px}, options);
    return static_cast<double>(plan_memory(info, 0, geometry, 1, options).total()) / 12e6;
  };
  const double usual = bytes_a_pixel();
  CHECK(usual < 4.5);
  options.max_bytes = 2'000'000;  // the frame is held, so that it can be encoded again
  CHECK(bytes_a_pixel() >= usual + 1.5);
  options.quality = 95;
  CHECK(bytes_a_pixel() >= 3 + 7.5);  // the frame, and 2.5 bytes a sample for the encoder
  info.is_gray = true;
  CHECK(bytes_a_pixel() < 3 + 7.5);
  info.is_gray = info.is_ycc = false;
  info.has_alpha = true;  // the frame; libwebp's picture of 2.5 bytes, and 8 of copies to find in alpha
  CHECK(bytes_a_pixel() >= 4 + 2.5 + 8);
}

TEST_CASE("SHA-256 of the standard's examples") {
  const auto hash = [](std::string_view text) {
    return sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  CHECK(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hash(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
