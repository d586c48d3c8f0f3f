#include "image/colour_profile.hpp"

#include <algorithm>

namespace photo_core {
namespace {

constexpr std::size_t header_bytes = 128;
constexpr std::size_t max_tags = 256;

ByteView find_tag(ByteView profile, std::string_view signature) {
  const std::size_t count = std::min<std::size_t>(read_be32(profile.data() + header_bytes), max_tags);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = header_bytes + 4 + i * 12;
    if (!in_bounds(profile.size(), at, 12)) break;
    if (!has_at(profile, at, signature)) continue;
    const std::size_t offset = read_be32(profile.data() + at + 4);
    const std::size_t size = read_be32(profile.data() + at + 8);
    if (in_bounds(profile.size(), offset, size)) return profile.subspan(offset, size);
  }
  return {};
}

std::optional<Vector3> read_xyz(ByteView element) {
  if (element.size() < 20 || !has_at(element, 0, "XYZ ")) return std::nullopt;
  Vector3 out{};
  for (std::size_t i = 0; i < 3; ++i) {
    out[i] = static_cast<std::int32_t>(read_be32(element.data() + 8 + i * 4)) / 65536.0;
  }
  return out;
}

bool read_matrix_profile(ByteView bytes, IccProfile& profile) {
  constexpr std::array<std::string_view, 3> colorants = {"rXYZ", "gXYZ", "bXYZ"};
  constexpr std::array<std::string_view, 3> curves = {"rTRC", "gTRC", "bTRC"};
  if (profile.pcs_is_lab) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::optional<Vector3> colorant = read_xyz(find_tag(bytes, colorants[i]));
    const std::optional<ToneCurve> curve = ToneCurve::read(find_tag(bytes, curves[i]));
    if (!colorant || !curve) return false;
    profile.curves[i] = *curve;
    for (std::size_t row = 0; row < 3; ++row) profile.to_xyz[row][i] = (*colorant)[row];
  }
  return inverse(profile.to_xyz).has_value();
}

// The lightness of what a table makes of black, or of all inks at once, as lcms2's cmsDetectBlackPoint has it. Version
// 4 fixes the black of the perceptual table (ICC.1:2022, 6.3.3).
double find_black_lightness(ByteView bytes, const IccProfile& profile, bool is_perceptual) {
  if (!profile.pcs_is_lab) return 0;
  if (is_perceptual && bytes[8] >= 4) return 3.1373;
  const double full = profile.kind == ProfileKind::cmyk ? 1 : 0;
  const double scale = profile.lut.has_old_lab() ? 65535.0 / 65280 : 1;
  return std::clamp(profile.lut({full, full, full, full})[0] * scale * 100, 0.0, 50.0);
}

std::optional<CodePoints> read_high_range(ByteView bytes) {
  const ByteView element = find_tag(bytes, "cicp");
  if (element.size() < 12 || element[10] != 0 || element[11] != 1) return std::nullopt;  // RGB in full range
  const CodePoints points{element[8], element[9]};
  return is_high_range(points) ? std::optional(points) : std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\0' || out.size() == 64) break;
    if (c >= ' ' && c <= '~') out += c;
  }
  return out;
}

bool is_profile(ByteView bytes) {
  if (bytes.size() < header_bytes + 4 || !has_at(bytes, 36, "acsp")) return false;
  for (const std::string_view device_class : {"scnr", "mntr", "prtr", "spac"}) {
    if (has_at(bytes, 12, device_class)) return has_at(bytes, 20, "XYZ ") || has_at(bytes, 20, "Lab ");
  }
  return false;
}

}  // namespace

IccProfile read_icc_profile(ByteView bytes) {
  IccProfile profile;
  if (!is_profile(bytes)) return profile;
  profile.pcs_is_lab = has_at(bytes, 20, "Lab ");
  const bool is_cmyk = has_at(bytes, 16, "CMYK");
  if (has_at(bytes, 16, "GRAY")) {
    const std::optional<ToneCurve> curve = ToneCurve::read(find_tag(bytes, "kTRC"));
    if (!curve) return profile;
    profile.curves[0] = *curve;
    profile.kind = ProfileKind::gray;
  } else if (is_cmyk || has_at(bytes, 16, "RGB ")) {
    const std::size_t inputs = is_cmyk ? 4 : 3;
    std::optional<ColourLut> lut = ColourLut::read(find_tag(bytes, "A2B0"), inputs);
    const bool is_perceptual = lut.has_value();
    if (!lut) lut = ColourLut::read(find_tag(bytes, "A2B1"), inputs);
    if (lut) {
      profile.lut = std::move(*lut);
      profile.kind = is_cmyk ? ProfileKind::cmyk : ProfileKind::lut;
      profile.black_lightness = find_black_lightness(bytes, profile, is_perceptual);
    } else if (!is_cmyk && read_matrix_profile(bytes, profile)) {
      profile.kind = ProfileKind::matrix;
    }
    if (!is_cmyk) profile.high_range = read_high_range(bytes);
    if (profile.high_range) profile.kind = ProfileKind::matrix;
  }
  return profile;
}

std::string icc_description(ByteView bytes) {
  if (!is_profile(bytes)) return {};
  const ByteView element = find_tag(bytes, "desc");
  if (element.size() < 12) return {};
  if (has_at(element, 0, "desc")) {  // version 2: length with the NUL, ASCII
    return printable(as_text(slice(element, 12, read_be32(element.data() + 8))));
  }
  if (has_at(element, 0, "text")) return printable(as_text(slice(element, 8)));
  if (!has_at(element, 0, "mluc") || element.size() < 28) return {};
  // The first record in English, else the first: language, country, length, offset of UTF-16BE text.
  const std::size_t records = std::min<std::size_t>(read_be32(element.data() + 8), 64);
  std::size_t chosen = 16;
  for (std::size_t i = 0; i < records && in_bounds(element.size(), 16 + i * 12, 12); ++i) {
    if (has_at(element, 16 + i * 12, "en")) {
      chosen = 16 + i * 12;
      break;
    }
  }
  const ByteView text = slice(element, read_be32(element.data() + chosen + 8), read_be32(element.data() + chosen + 4));
  std::string ascii;
  for (std::size_t i = 0; i + 1 < text.size() && ascii.size() < 64; i += 2) {
    if (text[i] == 0 && text[i + 1] != 0) ascii += static_cast<char>(text[i + 1]);
  }
  return printable(ascii);
}

}  // namespace photo_core
