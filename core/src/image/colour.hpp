// From a picture's own colours to sRGB.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "image/planes.hpp"

namespace photo_core {

enum class ProfileKind : std::uint8_t { none, srgb, matrix, gray, lut, cmyk, broken };

// Turns rows of rgb, gray or cmyk planes into sRGB rows, in place or into other buffers.
class ColourTransform {
 public:
  virtual ~ColourTransform() = default;
  // `width` samples. in: 3 planes (rgb), 1 (gray) or 4 (cmyk, 255 = full ink); out: 3 planes sRGB (gray profile: 1).
  // in and out may be the same pointers plane by plane.
  virtual void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const = 0;
};

struct ProfileInfo {
  ProfileKind kind = ProfileKind::none;
  std::string description;  // "Display P3"; from the profile's desc tag, ASCII printable only, at most 64 characters
  bool is_srgb = false;     // close enough that no sample would change by more than 1
};

// Reads header, primaries and curves within the bytes. Broken profiles give ProfileKind::broken, never an error.
ProfileInfo inspect_profile(ByteView icc_profile);
// null when nothing is to be done (no profile, sRGB, broken, or the wrong kind for `source_kind`).
// Relative colorimetric; CMYK with black point compensation. A gray picture takes gray and matrix profiles, a picture
// in rgb planes also a gray profile. Allocates at most 1.2 MB (CMYK).
std::unique_ptr<ColourTransform> make_icc_transform(ByteView icc_profile, ColorModel model, bool is_cmyk);
// PNG's gAMA/cHRM without a profile; null when it is sRGB near enough.
std::unique_ptr<ColourTransform> make_png_transform(double encoding_gamma, const std::array<double, 8>* chromaticities,
                                                    ColorModel model);
// CMYK without a profile: the plain formula that browsers use.
std::unique_ptr<ColourTransform> make_plain_cmyk_transform();

// sRGB transfer (IEC 61966-2-1): 8-bit code to linear 0..32767 and back, for resizing in linear light.
const std::array<std::int16_t, 256>& srgb_to_linear15();
std::uint8_t linear15_to_srgb(std::int32_t value);  // clamps
// The same as a table of every value.
const std::array<std::uint8_t, 32768>& linear15_to_srgb_table();

}  // namespace photo_core
