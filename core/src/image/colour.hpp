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

// Samples of 8 bits as light of 0 … 32767, and every value of that back to the nearest sample.
struct LightTables {
  std::array<std::int16_t, 256> light;
  std::array<std::uint8_t, 32768> code;
};
// null where sRGB's own curve will do: it is near, or two samples are too close for resizing to tell them apart.
std::unique_ptr<const LightTables> make_light_tables(const std::array<std::int16_t, 256>& light);

// Turns rows of rgb, gray or cmyk planes into sRGB rows, in place or into other buffers.
class ColourTransform {
 public:
  virtual ~ColourTransform() = default;
  // `width` samples. in: 3 planes (rgb), 1 (gray) or 4 (cmyk, 255 = full ink); out: 3 planes sRGB (gray profile: 1).
  // in and out may be the same pointers plane by plane.
  virtual void row(const std::uint8_t* const* in, std::uint8_t* const* out, std::uint32_t width) const = 0;
  // Where 8 bits of the file's own curve would be too coarse: 65 536 codes that samples of 16 bits have to become
  // before they are rows. null: the upper 8 bits, rounded.
  virtual const std::uint8_t* codes_of_16_bits() const { return nullptr; }
  // The light that samples before row() stand for, for resizing in it. null: by sRGB's curve.
  virtual std::unique_ptr<const LightTables> light_tables() const { return nullptr; }
};

struct ProfileInfo {
  ProfileKind kind = ProfileKind::none;
  std::string description;  // "Display P3"; from the profile's desc tag, ASCII printable only, at most 64 characters
  bool is_srgb = false;     // close enough that no sample would change by more than 1
};

// Reads header, primaries and curves within the bytes. Broken profiles give ProfileKind::broken, never an error.
ProfileInfo inspect_profile(ByteView icc_profile);
// null when nothing is to be done (no profile, sRGB, broken, or the wrong kind for `source_kind`).
// Tables are taken with the perceptual intent and black point compensation, as lcms2 does of itself to its own sRGB. A
// gray picture takes gray and matrix profiles. Allocates at most 1.2 MB (CMYK). `is_deep`: for samples of 16 bits,
// whose decoder heeds codes_of_16_bits().
std::unique_ptr<ColourTransform> make_icc_transform(ByteView icc_profile, ColorModel model, bool is_cmyk,
                                                    bool is_deep = false);
// PNG's gAMA, with cHRM or without, and no profile; null when it is sRGB near enough, and without gAMA.
std::unique_ptr<ColourTransform> make_png_transform(double encoding_gamma, const std::array<double, 8>* chromaticities,
                                                    ColorModel model, bool is_deep = false);

// Colours by the numbers of ITU-T H.273, of RGB in full range.
struct CodePoints {
  std::uint8_t primaries = 0;  // table 2
  std::uint8_t transfer = 0;   // table 3
  // PQ and HLG: the brightest light of the picture, in cd/m². That of HLG's nominal display where nobody says.
  double peak_nits = 1000;
};
// Whether both numbers have a meaning here: all but those that are reserved or unspecified.
bool are_known(const CodePoints& points);
// Whether they are known, and mean PQ or HLG.
bool is_high_range(const CodePoints& points);
// null when it is sRGB, or not known. PQ and HLG are mapped to what an SDR screen shows (colour_hdr.hpp).
std::unique_ptr<ColourTransform> make_cicp_transform(const CodePoints& points, ColorModel model, bool is_deep = false);

// CMYK without a profile: the plain formula that browsers use.
std::unique_ptr<ColourTransform> make_plain_cmyk_transform();

// sRGB transfer (IEC 61966-2-1): 8-bit code to linear 0..32767 and back, for resizing in linear light.
const std::array<std::int16_t, 256>& srgb_to_linear15();
std::uint8_t linear15_to_srgb(std::int32_t value);  // clamps
// The same as a table of every value.
const std::array<std::uint8_t, 32768>& linear15_to_srgb_table();

}  // namespace photo_core
