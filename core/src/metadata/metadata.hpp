// Metadata of the three formats: found, read within its bytes, taken out, or written back as little as asked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <photo_core/probe.hpp>
#include <photo_core/result.hpp>

#include "base/bytes.hpp"
#include "image/colour.hpp"
#include "image/planes.hpp"

namespace photo_core {

// Where the metadata of a file lies. Views point into the source, or into `storage` where the pieces had to be joined
// or inflated (a profile in several APP2 markers, a compressed iCCP chunk). Everything may be empty.
struct MetadataBlocks {
  ByteView exif;                       // a TIFF structure, "II*\0" or "MM\0*" first
  std::vector<ByteView> further_exif;  // the next ones of a JPEG: some programs put a stub in front of the camera's
  ByteView icc_profile;                // what concerns colours; empty when absent or broken
  ByteView xmp;                        // packet text in UTF-8, the main one
  ByteView
      xmp_extension;  // what JPEG carries over several segments beside it: its first bytes, read behind the main one
  ByteView iptc;      // data sets, from Photoshop's resources
  std::string creation_time;  // PNG's text of that name
  bool has_gain_map = false;  // Ultra HDR (hdrgm in XMP or MPF) or Apple's auxiliary gain map
  bool has_private = false;   // anything that a scrub would remove: Exif, XMP, IPTC, comments, MPF, thumbnails, text
  std::size_t image_end = 0;  // offset behind the image's own last byte (EOI, IEND, end of RIFF); size when unknown
  // PNG colour chunks, used when there is no profile (PNG specification, third edition, section 11.3.2).
  bool png_srgb = false;
  double png_gamma = 0;                                     // gAMA as an encoding exponent (0.45455); 0 absent
  std::optional<std::array<double, 8>> png_chromaticities;  // cHRM: white x y, red x y, green x y, blue x y
  // cICP, with the picture's peak by cLLI or mDCV; only when it is known here, and there is no profile beside it then.
  std::optional<CodePoints> code_points;
  Bytes icc_storage, exif_storage, xmp_storage, xmp_extension_storage, iptc_storage;
};

// Walks the container. Never fails: what is broken is left out. Work is bounded: each block at most 4 MiB inflated,
// eight of them.
MetadataBlocks find_jpeg_metadata(ByteView source);
MetadataBlocks find_png_metadata(ByteView source);
MetadataBlocks find_webp_metadata(ByteView source);

// Orientation 1..8 (1 when absent or out of range), from Exif (Exif 2.32, 4.6.4 A, tag 0x0112).
int read_orientation(ByteView exif);
// Capture data from Exif, each Exif saying what those before it do not, with XMP as last source. The position only when
// `with_position`. The time is the first that there is of these, with the clock or the offset that it lacks from a
// later one of the same day or second:
// - Exif's DateTimeOriginal, DateTimeDigitized
// - XMP's exif:DateTimeOriginal, photoshop:DateCreated, exif:DateTimeDigitized, xmp:CreateDate
// - IPTC's Date and Time Created, then those of the digital form
// - PNG's Creation Time
// - Exif's DateTime: when the file was changed, which old phones write alone
// - GPSDateStamp with GPSTimeStamp, exif:GPSTimeStamp: when the receiver knew where it was, in UTC
CaptureData read_capture(const MetadataBlocks& blocks, bool with_position);
// What Exif has to say of the picture that it lies in (Exif 2.32, 4.6.8: the tags that are mandatory).
struct ExifForm {
  std::uint32_t width_px = 0;  // as stored
  std::uint32_t height_px = 0;
  std::optional<ColorModel> model;  // of what is stored, where it is one of these
  bool has_profile = false;         // a colour profile lies beside it; else it is sRGB
};
// A minimal clean Exif (TIFF structure): capture time, camera, lens, exposure, and the position when `capture` has it;
// the orientation when it is not 1. Empty when there is nothing to write.
Bytes write_capture_exif(const CaptureData& capture, const ExifForm& form, int orientation = 1);
// A TIFF structure with only the orientation.
Bytes write_orientation_exif(int orientation);

// What a scrub keeps beside the pixels.
struct ScrubKeep {
  ByteView exif;             // written in place of the source's own Exif when not empty (a TIFF structure)
  bool icc_profile = false;  // keep the source's profile (PNG: and its gAMA, cHRM, sRGB chunks)
  // Pieces of the coded picture (JPEG, WebP) to leave out.
  ByteRanges surplus = {};
};
// The same image data in a clean container: only what decoding the (first) picture needs, plus `keep`. Pixels are
// identical when the source decodes without complaint. Trailing data and further images are dropped. Animations are
// not for scrubbing (their frames would go): PNG with acTL and animated WebP are refused. Errors: corrupt_image.
Result<Bytes> scrub_jpeg(ByteView source, const ScrubKeep& keep);
Result<Bytes> scrub_png(ByteView source, const ScrubKeep& keep);
Result<Bytes> scrub_webp(ByteView source, const ScrubKeep& keep);

}  // namespace photo_core
