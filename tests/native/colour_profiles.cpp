// Our colour transforms against lcms2, on profiles of every kind.
#include <catch2/catch_test_macros.hpp>

#include "colour_samples.hpp"

using namespace photo_core;
using namespace photo_core::samples;

namespace {

constexpr cmsCIExyY d65 = {0.3127, 0.3290, 1};
constexpr cmsCIExyY d50 = {0.3457, 0.3585, 1};
constexpr cmsCIExyYTRIPLE srgb_primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
constexpr cmsCIExyYTRIPLE p3_primaries = {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
constexpr cmsCIExyYTRIPLE adobe_primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
constexpr cmsCIExyYTRIPLE prophoto_primaries = {{0.7347, 0.2653, 1}, {0.1596, 0.8404, 1}, {0.0366, 0.0001, 1}};

struct CurveFreer {
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
using Curve = std::unique_ptr<cmsToneCurve, CurveFreer>;

Curve power(double exponent) { return Curve(cmsBuildGamma(nullptr, exponent)); }
Curve srgb_curve() {
  const cmsFloat64Number parameters[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  return Curve(cmsBuildParametricToneCurve(nullptr, 4, parameters));
}
Curve sampled(const Curve& curve, cmsUInt32Number entries) {
  std::vector<cmsUInt16Number> table(entries);
  for (cmsUInt32Number i = 0; i < entries; ++i) {
    table[i] = static_cast<cmsUInt16Number>(
        std::lround(65535 * cmsEvalToneCurveFloat(curve.get(), float(i) / float(entries - 1))));
  }
  return Curve(cmsBuildTabulatedToneCurve16(nullptr, entries, table.data()));
}

void check_within_bar(const Difference& difference) {  // DESIGN, section 14
  CHECK(difference.mean <= 0.5);
  CHECK(difference.largest <= 2);
  CHECK(difference.largest_level <= 1);
}

// A printer: inks to Lab by a simple model with a black that is not quite black.
cmsInt32Number print(const cmsUInt16Number in[], cmsUInt16Number out[], void*) {
  const auto ink = [&](int i) { return in[i] / 65535.0; };
  const double light = (1 - 0.3 * ink(0)) * (1 - 0.4 * ink(1)) * (1 - 0.1 * ink(2)) * (1 - 0.85 * ink(3));
  const double paper = 1 - ink(3);
  const double a = paper * (60 * ink(1) - 40 * ink(0));
  const double b = paper * (80 * ink(2) - 40 * ink(0));
  out[0] = static_cast<cmsUInt16Number>(std::lround((8 + 87 * light) / 100 * 65535));
  out[1] = static_cast<cmsUInt16Number>(std::lround((a + 128) * 257));
  out[2] = static_cast<cmsUInt16Number>(std::lround((b + 128) * 257));
  return TRUE;
}
cmsInt32Number twist(const cmsUInt16Number in[], cmsUInt16Number out[], void*) {
  const auto part = [&](int i) { return in[i] / 65535.0; };
  const double light = 0.3 * part(0) + 0.6 * part(1) + 0.1 * part(2);
  out[0] = static_cast<cmsUInt16Number>(std::lround(std::cbrt(light) * 65535));
  out[1] = static_cast<cmsUInt16Number>(std::lround((128 + 40 * (part(0) - part(1))) * 257));
  out[2] = static_cast<cmsUInt16Number>(std::lround((128 + 40 * (part(1) - part(2))) * 257));
  return TRUE;
}

void write_table(cmsHPROFILE profile, cmsTagSignature tag, cmsUInt32Number inputs, cmsUInt32Number outputs,
                 cmsUInt32Number points, cmsSAMPLER16 sampler, const Curve& curve) {
  cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, inputs, outputs);
  std::vector<cmsToneCurve*> curves(inputs, curve.get());
  cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, inputs, curves.data()));
  cmsStage* grid = cmsStageAllocCLut16bit(nullptr, points, inputs, outputs, nullptr);
  cmsStageSampleCLut16bit(grid, sampler, nullptr, 0);
  cmsPipelineInsertStage(pipeline, cmsAT_END, grid);
  cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, outputs, nullptr));
  cmsWriteTag(profile, tag, pipeline);
  cmsPipelineFree(pipeline);
}

LcmsProfile table_profile(cmsColorSpaceSignature space, cmsProfileClassSignature device_class, double version) {
  LcmsProfile profile(cmsCreateProfilePlaceholder(nullptr));
  cmsSetProfileVersion(profile.get(), version);
  cmsSetDeviceClass(profile.get(), device_class);
  cmsSetColorSpace(profile.get(), space);
  cmsSetPCS(profile.get(), cmsSigLabData);
  return profile;
}

// A CMYK profile whose table has so many points along its axes, and that many entries, all the same.
Bytes profile_with_grid(const std::array<std::uint8_t, 4>& points, std::size_t entries) {
  Bytes table = {'m', 'A', 'B', ' ', 0, 0, 0, 0, 4, 3, 0, 0};
  // Where the B curves, a matrix, the M curves (none of either), the grid and the A curves are.
  for (const std::uint32_t offset : {32, 0, 0, 116, 68}) append_be32(table, offset);
  const Bytes identity = {'c', 'u', 'r', 'v', 0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < 7; ++i) append(table, identity);
  append(table, points);
  table.resize(table.size() + 12);
  append_be32(table, 1u << 24);  // a byte an entry
  table.resize(table.size() + entries, 128);

  Bytes out(128);
  const auto put = [&](std::size_t at, std::string_view text) { std::ranges::copy(text, out.begin() + at); };
  out[8] = 4;
  put(12, "prtrCMYKLab ");
  put(36, "acsp");
  append_be32(out, 1);
  for (const char c : {'A', '2', 'B', '1'}) out.push_back(static_cast<std::uint8_t>(c));
  append_be32(out, 144);
  append_be32(out, static_cast<std::uint32_t>(table.size()));
  append(out, table);
  return out;
}

}  // namespace

TEST_CASE("matrix profiles go to sRGB as lcms2 takes them", "[colour]") {
  for (const double version : {2.1, 4.3}) {
    INFO("version " << version);
    const Bytes p3 = rgb_profile(d65, p3_primaries, srgb_curve().get(), version);
    CHECK(inspect_profile(p3).kind == ProfileKind::matrix);
    check_within_bar(compare(p3, ColorModel::rgb, false));
    check_within_bar(
        compare(rgb_profile(d65, adobe_primaries, power(563.0 / 256).get(), version), ColorModel::rgb, false));
    check_within_bar(compare(rgb_profile(d50, prophoto_primaries, power(1.8).get(), version), ColorModel::rgb, false));
    check_within_bar(
        compare(rgb_profile(d65, p3_primaries, sampled(power(2.6), 1024).get(), version), ColorModel::rgb, false));
    check_within_bar(
        compare(rgb_profile(d65, p3_primaries, sampled(power(1.4), 33).get(), version), ColorModel::rgb, false));
    check_within_bar(compare(rgb_profile(d65, srgb_primaries, power(1).get(), version), ColorModel::rgb, false));
  }
}

TEST_CASE("every parametric curve is computed as lcms2 computes it", "[colour]") {
  const cmsFloat64Number parameters[5][7] = {{1.9, 0, 0, 0, 0, 0, 0},
                                             {2.2, 0.9, 0.1, 0, 0, 0, 0},
                                             {2.2, 0.8, 0.1, 0.1, 0, 0, 0},
                                             {2.4, 0.9, 0.1, 0.08, 0.05, 0, 0},
                                             {2.4, 0.85, 0.1, 0.08, 0.05, 0.02, 0.01}};
  for (int type = 1; type <= 5; ++type) {
    INFO("type " << type - 1);
    const Curve curve(cmsBuildParametricToneCurve(nullptr, type, parameters[type - 1]));
    check_within_bar(compare(rgb_profile(d65, p3_primaries, curve.get(), 4.3), ColorModel::rgb, false));
  }
}

TEST_CASE("sRGB is known by its values, not by its name", "[colour]") {
  for (const double version : {2.1, 4.3}) {
    const Bytes parametric = rgb_profile(d65, srgb_primaries, srgb_curve().get(), version);
    CHECK(inspect_profile(parametric).is_srgb);
    CHECK(inspect_profile(parametric).kind == ProfileKind::srgb);
    CHECK(make_icc_transform(parametric, ColorModel::rgb, false) == nullptr);
    CHECK(inspect_profile(rgb_profile(d65, srgb_primaries, sampled(srgb_curve(), 1024).get(), version)).is_srgb);
    CHECK_FALSE(inspect_profile(rgb_profile(d65, srgb_primaries, power(2.2).get(), version)).is_srgb);
    CHECK_FALSE(inspect_profile(rgb_profile(d65, p3_primaries, srgb_curve().get(), version)).is_srgb);
  }
}

TEST_CASE("grays stay without tint and white stays white", "[colour]") {
  for (const cmsCIExyYTRIPLE& primaries : {p3_primaries, adobe_primaries, prophoto_primaries}) {
    const cmsCIExyY white = &primaries == &prophoto_primaries ? d50 : d65;
    const auto transform =
        make_icc_transform(rgb_profile(white, primaries, power(1.8).get(), 4.3), ColorModel::rgb, false);
    REQUIRE(transform);
    std::array<std::uint8_t, 256> in, red, green, blue;
    for (std::size_t i = 0; i < 256; ++i) in[i] = static_cast<std::uint8_t>(i);
    const std::uint8_t* const from[] = {in.data(), in.data(), in.data()};
    std::uint8_t* const to[] = {red.data(), green.data(), blue.data()};
    transform->row(from, to, 256);
    CHECK(red == green);
    CHECK(green == blue);
    CHECK(green[255] == 255);
    CHECK(green[0] == 0);
  }
}

TEST_CASE("a row gives what its samples give one by one", "[colour]") {
  const auto transform =
      make_icc_transform(rgb_profile(d65, p3_primaries, power(2.2).get(), 4.3), ColorModel::rgb, false);
  REQUIRE(transform);
  std::mt19937 random(5);
  std::array<std::vector<std::uint8_t>, 3> in, out, single;
  for (std::size_t c = 0; c < 3; ++c) {
    for (int i = 0; i < 300; ++i) in[c].push_back(static_cast<std::uint8_t>(random()));
    single[c].resize(300);
  }
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::uint8_t* const from[] = {&in[0][i], &in[1][i], &in[2][i]};
    std::uint8_t* const to[] = {&single[0][i], &single[1][i], &single[2][i]};
    transform->row(from, to, 1);
  }
  for (const std::uint32_t width : {0u, 1u, 7u, 8u, 9u, 127u, 128u, 129u, 300u}) {
    for (auto& plane : out) plane.assign(301, 77);
    const std::uint8_t* const from[] = {in[0].data(), in[1].data(), in[2].data()};
    std::uint8_t* const to[] = {out[0].data(), out[1].data(), out[2].data()};
    transform->row(from, to, width);
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(std::equal(out[c].begin(), out[c].begin() + width, single[c].begin()));
      CHECK(int{out[c][width]} == 77);  // nothing behind the row is touched
    }
  }
}

TEST_CASE("gray profiles, and gray pictures under other profiles", "[colour]") {
  for (const double exponent : {1.0, 1.8, 2.2}) {
    const LcmsProfile profile(cmsCreateGrayProfile(cmsD50_xyY(), power(exponent).get()));
    const Bytes bytes = saved(profile);
    CHECK(inspect_profile(bytes).kind == ProfileKind::gray);
    const Difference difference = compare(bytes, ColorModel::gray, false, Reference::exact);
    CHECK(difference.largest_level <= 1);
    CHECK(make_icc_transform(bytes, ColorModel::rgb, false) == nullptr);
  }
  const Bytes adobe = rgb_profile(d65, adobe_primaries, power(563.0 / 256).get(), 2.1);
  const auto transform = make_icc_transform(adobe, ColorModel::gray, false);
  REQUIRE(transform);
  std::uint8_t sample = 20;
  const std::uint8_t* const from[] = {&sample};
  std::uint8_t* const to[] = {&sample};
  transform->row(from, to, 1);
  CHECK(int{sample} == 12);  // (20 / 255) ^ 2.199 under sRGB's curve
}

TEST_CASE("RGB profiles with tables", "[colour]") {
  for (const double version : {2.1, 4.3}) {  // lut16Type, lutAToBType
    INFO("version " << version);
    const LcmsProfile profile = table_profile(cmsSigRgbData, cmsSigInputClass, version);
    write_table(profile.get(), cmsSigAToB0Tag, 3, 3, 17, twist, power(1.2));
    write_table(profile.get(), cmsSigAToB1Tag, 3, 3, 17, twist, power(1.8));  // colorimetric: not the one that is taken
    const Bytes bytes = saved(profile);
    CHECK(inspect_profile(bytes).kind == ProfileKind::lut);
    const Difference difference = compare(bytes, ColorModel::rgb, false, Reference::exact);
    CHECK(difference.mean <= 0.5);
    CHECK(difference.largest <= 2);
    CHECK(make_icc_transform(bytes, ColorModel::gray, false) == nullptr);
  }
}

TEST_CASE("a table that ends in XYZ may come below zero on its way", "[colour]") {
  // Codes that reach beyond sRGB, as e-sRGB's do: black is at a quarter of the way, white at three.
  const cmsFloat64Number matrix[9] = {0.44, 0.39, 0.14, 0.22, 0.72, 0.06, 0.01, 0.1, 0.71};
  const cmsFloat64Number offset[3] = {-0.24, -0.25, -0.2};
  const Curve curve = power(1.1), identity = power(1);
  const LcmsProfile profile = table_profile(cmsSigRgbData, cmsSigInputClass, 4.3);
  cmsSetPCS(profile.get(), cmsSigXYZData);
  cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, 3, 3);
  for (const Curve* each : {&curve, &identity}) {
    cmsToneCurve* const curves[] = {each->get(), each->get(), each->get()};
    cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 3, curves));
    if (each == &curve) cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocMatrix(nullptr, 3, 3, matrix, offset));
  }
  cmsWriteTag(profile.get(), cmsSigAToB0Tag, pipeline);
  cmsPipelineFree(pipeline);
  const Bytes bytes = saved(profile);
  CHECK(inspect_profile(bytes).kind == ProfileKind::lut);
  CHECK(compare(bytes, ColorModel::rgb, false, Reference::exact).mean <= 0.5);
  std::uint8_t blue[3][1] = {{0}, {0}, {255}};  // X and Y are below zero
  const std::uint8_t* const from[] = {blue[0], blue[1], blue[2]};
  std::uint8_t* const to[] = {blue[0], blue[1], blue[2]};
  make_icc_transform(bytes, ColorModel::rgb, false)->row(from, to, 1);
  CHECK(blue[0][0] == 0);
  CHECK(blue[1][0] == 0);
  CHECK(blue[2][0] == 255);
}

TEST_CASE("CMYK profiles, with the printed black taken as black", "[colour]") {
  for (const double version : {2.1, 4.3}) {
    INFO("version " << version);
    const LcmsProfile profile = table_profile(cmsSigCmykData, cmsSigOutputClass, version);
    write_table(profile.get(), cmsSigAToB0Tag, 4, 3, 9, print, power(1.1));
    write_table(profile.get(), cmsSigAToB1Tag, 4, 3, 9, print, power(1.6));
    const Bytes bytes = saved(profile);
    CHECK(inspect_profile(bytes).kind == ProfileKind::cmyk);
    const Difference difference = compare(bytes, ColorModel::rgb, true, Reference::exact);
    CHECK(difference.mean <= 0.5);
    CHECK(difference.largest <= 2.5);

    const auto transform = make_icc_transform(bytes, ColorModel::rgb, true);
    REQUIRE(transform);
    const std::uint8_t inks[4][2] = {{0, 255}, {0, 255}, {0, 255}, {0, 255}};  // paper, and all inks
    std::uint8_t colours[3][2];
    const std::uint8_t* const from[] = {inks[0], inks[1], inks[2], inks[3]};
    std::uint8_t* const to[] = {colours[0], colours[1], colours[2]};
    transform->row(from, to, 2);
    CHECK(colours[1][0] >= 235);
    // This printer's is of lightness 8; version 4 says of every perceptual table that it is of 3.
    CHECK(colours[1][1] <= (version < 4 ? 12 : 30));
    // The profile is for pictures of four inks only, and no other profile is for those.
    CHECK(make_icc_transform(bytes, ColorModel::rgb, false) == nullptr);
  }
  CHECK(make_icc_transform(rgb_profile(d65, p3_primaries, power(2.2).get(), 4.3), ColorModel::rgb, true) == nullptr);
}

TEST_CASE("a profile's name", "[colour]") {
  const LcmsProfile profile(cmsCreate_sRGBProfile());
  CHECK(inspect_profile(saved(profile)).description == "sRGB built-in");
  cmsSetProfileVersion(profile.get(), 2.1);
  CHECK(inspect_profile(saved(profile)).description == "sRGB built-in");
}

TEST_CASE("a table is as large as its axes say, also where a size has 32 bits", "[colour]") {
  CHECK(inspect_profile(profile_with_grid({5, 5, 5, 5}, 3 * 625)).kind == ProfileKind::cmyk);
  CHECK(inspect_profile(profile_with_grid({5, 5, 5, 5}, 3 * 625 - 1)).kind == ProfileKind::broken);
  // 3 * 99 * 239 * 243 * 249 is 2^32 + 1085.
  CHECK(inspect_profile(profile_with_grid({99, 239, 243, 249}, 1085)).kind == ProfileKind::broken);
}

TEST_CASE("broken profiles are no profiles", "[colour]") {
  CHECK(inspect_profile({}).kind == ProfileKind::none);
  const Bytes whole = rgb_profile(d65, p3_primaries, sampled(power(2.2), 100).get(), 2.1);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const ProfileKind kind = inspect_profile(cut).kind;
    CHECK((kind == ProfileKind::broken || kind == ProfileKind::matrix));  // the last tag's padding may go
  }
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    Bytes changed = whole;
    for (int i = 0; i < 4; ++i) changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    make_icc_transform(changed, ColorModel::rgb, false);
  }
}
