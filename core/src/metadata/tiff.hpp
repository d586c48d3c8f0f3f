// The TIFF structure that Exif is written in (TIFF 6.0, section 2; Exif 2.32, 4.5): read within its bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace photo_core {

// Value types of TIFF and Exif.
enum class TiffType : std::uint16_t {
  byte = 1,
  ascii = 2,
  short_ = 3,
  long_ = 4,
  rational = 5,
  signed_byte = 6,
  undefined = 7,
  signed_short = 8,
  signed_long = 9,
  signed_rational = 10,
  float_ = 11,
  double_ = 12,
  directory = 13,  // an offset, as long_ (TIFF technical note 1)
  utf8 = 129,
};

struct TiffRational {
  double numerator = 0;
  double denominator = 0;
};

// One entry of a directory. Its value lies whole inside the structure.
struct TiffEntry {
  std::uint16_t tag = 0;
  TiffType type{};
  std::uint32_t count = 0;
  ByteView value;  // count * size of type bytes
  bool big_endian = false;

  // The value at `index` as a whole number of at least 0; nullopt for other types, or behind the end.
  std::optional<std::uint32_t> integer(std::uint32_t index = 0) const;
  // Other finite numbers too, over 1.
  std::optional<TiffRational> rational(std::uint32_t index = 0) const;
  // rational() as one number; nullopt when the denominator is 0.
  std::optional<double> number(std::uint32_t index = 0) const;
  // Text up to the first NUL: valid UTF-8 as it is, anything else read as Latin-1; trimmed, without control
  // characters, at most 200 bytes.
  std::string text() const;
};

class TiffReader {
 public:
  // Accepts anything; without a TIFF header all directories are empty.
  explicit TiffReader(ByteView bytes);
  bool valid() const { return valid_; }
  // Offset of the first directory (0 when there is none).
  std::uint32_t first_directory() const { return first_directory_; }
  // The readable entries of the directory at `offset`, at most 512 (what is broken is left out). One pass: links to
  // other directories are not followed, so a cycle costs nothing.
  std::vector<TiffEntry> directory(std::uint32_t offset) const;

 private:
  ByteView bytes_;
  bool valid_ = false;
  bool big_endian_ = false;
  std::uint32_t first_directory_ = 0;
};

// The first entry with `tag`, or null.
const TiffEntry* find_entry(const std::vector<TiffEntry>& directory, std::uint16_t tag);

// Cleans text of unknown encoding as TiffEntry::text() does.
std::string clean_text(std::string_view text);

}  // namespace photo_core
