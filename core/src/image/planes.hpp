// Pictures as planes of unsigned 8-bit samples: the one form in which rows flow from decoder to encoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace photo_core {

// What the colour planes hold. `ycc` is JFIF's full-range Y'CbCr (ITU-R BT.601 matrix); its two chroma planes may be
// subsampled with centred siting. An alpha plane, when present, comes last and is never subsampled.
enum class ColorModel : std::uint8_t { gray, ycc, rgb };

inline constexpr int max_planes = 4;

constexpr int color_plane_count(ColorModel model) { return model == ColorModel::gray ? 1 : 3; }

// The size of a picture in planes. A plane's width is ceil(width / h_subsampling), likewise its height.
struct PlaneLayout {
  ColorModel model = ColorModel::rgb;
  bool has_alpha = false;
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  // Chroma planes of `ycc`: 1, 2 or 4 luma samples a chroma sample; 1 for every other model.
  std::uint32_t h_subsampling = 1;
  std::uint32_t v_subsampling = 1;
  // Where the size is odd, the chroma sample that has one luma column (or row) to itself is the first, not the last:
  // in a picture that is to be mirrored.
  bool pairs_from_right = false;
  bool pairs_from_bottom = false;

  constexpr int plane_count() const { return color_plane_count(model) + (has_alpha ? 1 : 0); }
  constexpr bool is_chroma(int plane) const { return model == ColorModel::ycc && (plane == 1 || plane == 2); }
  constexpr std::uint32_t plane_width(int plane) const {
    return is_chroma(plane) ? (width_px + h_subsampling - 1) / h_subsampling : width_px;
  }
  constexpr std::uint32_t plane_height(int plane) const {
    return is_chroma(plane) ? (height_px + v_subsampling - 1) / v_subsampling : height_px;
  }
};

// Rows of the first of the units of (at most) `unit_rows` that a picture passes in, so that no unit parts rows that
// share their chroma.
constexpr std::uint32_t first_unit_rows(const PlaneLayout& layout, std::uint32_t unit_rows) {
  const std::uint32_t rest = layout.height_px % unit_rows;
  if (layout.pairs_from_bottom && rest != 0) return rest;
  return unit_rows < layout.height_px ? unit_rows : layout.height_px;
}

// Some consecutive rows of one plane. Does not own them; valid until the producer's next call.
struct PlaneRows {
  const std::uint8_t* data = nullptr;  // first sample of the first row
  std::size_t stride = 0;              // bytes from a row to the next
  std::uint32_t first_row = 0;         // in the plane's own rows
  std::uint32_t row_count = 0;

  const std::uint8_t* row(std::uint32_t y) const { return data + std::size_t{y - first_row} * stride; }
};

// The rows of every plane that belong together: a band of a picture. Bands come top to bottom without gaps; how many
// rows of each plane a band has is the producer's affair (planes need not be in step).
struct Band {
  std::array<PlaneRows, max_planes> planes{};
};

// A whole picture in memory, planes one after the other without padding.
struct Frame {
  PlaneLayout layout;
  std::array<std::vector<std::uint8_t>, max_planes> planes;

  // Sizes the planes for `layout`; contents are unspecified.
  void allocate(const PlaneLayout& new_layout) {
    layout = new_layout;
    for (int plane = 0; plane < max_planes; ++plane) {
      const std::size_t size =
          plane < layout.plane_count() ? std::size_t{layout.plane_width(plane)} * layout.plane_height(plane) : 0;
      planes[plane].resize(size);
    }
  }
  std::uint8_t* row(int plane, std::uint32_t y) {
    return planes[plane].data() + std::size_t{y} * layout.plane_width(plane);
  }
  const std::uint8_t* row(int plane, std::uint32_t y) const {
    return planes[plane].data() + std::size_t{y} * layout.plane_width(plane);
  }
  // All rows of the frame as one band.
  Band band() const {
    Band out;
    for (int plane = 0; plane < layout.plane_count(); ++plane) {
      out.planes[plane] = {planes[plane].data(), layout.plane_width(plane), 0, layout.plane_height(plane)};
    }
    return out;
  }
};

}  // namespace photo_core
