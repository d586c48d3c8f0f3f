// Colour profiles, and code points, made of any bytes: read, turned into transforms, run over a row.
#include <array>
#include <cstdlib>

#include "fuzz.hpp"
#include "image/colour.hpp"
#include "image/colour_profile.hpp"

using namespace photo_core;

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  const ByteView profile(bytes, size);
  const ProfileInfo info = inspect_profile(profile);
  if (info.description.size() > 64) std::abort();
  std::array<std::array<std::uint8_t, 300>, 4> planes;
  for (std::size_t plane = 0; plane < planes.size(); ++plane) {
    for (std::size_t i = 0; i < planes[plane].size(); ++i)
      planes[plane][i] = static_cast<std::uint8_t>(i * (plane + 1));
  }
  const std::uint8_t* const in[] = {planes[0].data(), planes[1].data(), planes[2].data(), planes[3].data()};
  std::uint8_t* const out[] = {planes[0].data(), planes[1].data(), planes[2].data()};
  const auto run = [&](ColorModel model, bool is_cmyk) {
    const auto transform = make_icc_transform(profile, model, is_cmyk);
    if (!transform) return;
    if ((info.kind == ProfileKind::cmyk) != is_cmyk || info.kind == ProfileKind::broken) std::abort();
    transform->row(in, out, 300);
  };
  const IccProfile parts = read_icc_profile(profile);
  const bool is_table = parts.kind == ProfileKind::lut || parts.kind == ProfileKind::cmyk;
  if (is_table) {
    for (int i = 0; i <= 20; ++i) parts.lut({i / 20.0, (i * 7 % 21) / 20.0, (i * 3 % 21) / 20.0, (i * 11 % 21) / 20.0});
  }
  // Laying out a table's grid takes some hundred times as long as all the rest: now and then is enough.
  if (is_table && size % 64 != 0) return 0;
  run(ColorModel::rgb, false);
  run(ColorModel::gray, false);
  run(ColorModel::rgb, true);
  // The same bytes as code points and a peak.
  if (size < 6) return 0;
  const CodePoints points{bytes[0], bytes[1], read_be32(bytes + 2) / 10'000.0};
  for (const ColorModel model : {ColorModel::rgb, ColorModel::gray}) {
    if (const auto transform = make_cicp_transform(points, model)) transform->row(in, out, 300);
  }
  return 0;
}
