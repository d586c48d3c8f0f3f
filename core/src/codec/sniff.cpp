#include "codec/sniff.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace photo_core {
namespace {

constexpr std::size_t window_bytes = 4096;
// Chunk headers looked at before a PNG's first IDAT; far more than any writer makes.
constexpr int max_png_chunks = 20'000;

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
constexpr bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == ':' || c == '.';
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (ascii_lower(text[i]) != prefix[i]) return false;
  }
  return true;
}

// Whether `bytes` is a beginning of `signature`, at least `least` bytes of it: a file cut inside its own signature.
bool is_cut_signature(ByteView bytes, std::string_view signature, std::size_t least) {
  return bytes.size() >= least && bytes.size() < signature.size() &&
         std::memcmp(bytes.data(), signature.data(), bytes.size()) == 0;
}

// PNG specification, third edition, 5.3 (chunks) and 11.3.6.1 (acTL comes before the first IDAT).
FileType sniff_png(ByteView bytes) {
  std::size_t at = 8;
  for (int chunk = 0; chunk < max_png_chunks && in_bounds(bytes.size(), at, 8); ++chunk) {
    if (has_at(bytes, at + 4, "acTL")) return FileType::apng;
    if (has_at(bytes, at + 4, "IDAT") || has_at(bytes, at + 4, "IEND")) break;
    const std::uint32_t length = read_be32(bytes.data() + at);
    if (length > bytes.size() - at) break;
    at += std::size_t{12} + length;
  }
  return FileType::png;
}

FileType sniff_riff(ByteView bytes) {
  if (has_at(bytes, 8, "WEBP")) {
    // WebP container specification, "Extended File Format": bit 1 of the flags says animation.
    const bool animated = has_at(bytes, 12, "VP8X") && bytes.size() > 20 && (bytes[20] & 0x02) != 0;
    return animated ? FileType::webp_animated : FileType::webp;
  }
  if (has_at(bytes, 8, "WAVE")) return FileType::wav;
  if (has_at(bytes, 8, "AVI ")) return FileType::avi;
  if (bytes.size() > 8 && bytes.size() < 12 && std::string_view("WEBP").starts_with(as_text(bytes.subspan(8)))) {
    return FileType::webp;
  }
  return FileType::unknown;
}

// ISO/IEC 14496-12, 4.3: the file type box, its major and compatible brands.
FileType sniff_iso_media(ByteView bytes) {
  const auto is_one_of = [](std::string_view brand, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), brand) != list.end();
  };
  const auto kind = [&](std::string_view brand) {
    if (is_one_of(brand, {"avif", "avis"})) return FileType::avif;
    if (is_one_of(brand, {"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"})) return FileType::heic;
    if (brand == "qt  ") return FileType::quicktime;
    if (brand == "crx ") return FileType::raw_photo;
    if (brand == "jxl ") return FileType::jpeg_xl;
    if (is_one_of(brand, {"jp2 ", "jpx ", "jpm "})) return FileType::jpeg_2000;
    return FileType::unknown;
  };
  const std::string_view text = as_text(bytes);
  if (text.size() < 12) return FileType::mp4;
  const std::string_view major = text.substr(8, 4);
  if (const FileType type = kind(major); type != FileType::unknown) return type;
  const bool is_still_picture = is_one_of(major, {"mif1", "msf1", "mif2", "miaf"});
  const std::size_t box_end = std::min<std::size_t>(read_be32(bytes.data()), text.size());
  FileType found = is_still_picture ? FileType::heic : FileType::mp4;
  for (std::size_t at = 16; at + 4 <= box_end; at += 4) {
    const std::string_view brand = text.substr(at, 4);
    const FileType type = kind(brand);
    if (type == FileType::avif || type == FileType::heic) return type;
    if (type != FileType::unknown) found = type;
    if (brand == "mif1" && found == FileType::mp4) found = FileType::heic;
  }
  return found;
}

// TIFF 6.0, section 2: raw photos are TIFF files whose first directory is a small preview with sub-directories, or
// carries DNG's version tag.
FileType sniff_tiff(ByteView bytes) {
  const bool big_endian = bytes[0] == 'M';
  const auto u16 = [&](std::size_t at) { return big_endian ? read_be16(&bytes[at]) : read_le16(&bytes[at]); };
  const auto u32 = [&](std::size_t at) { return big_endian ? read_be32(&bytes[at]) : read_le32(&bytes[at]); };
  if (has_at(bytes, 8, "CR")) return FileType::raw_photo;
  if (!in_bounds(bytes.size(), 0, 8) || u16(2) != 42) return FileType::tiff;
  const std::size_t directory = u32(4);
  if (!in_bounds(bytes.size(), directory, 2)) return FileType::tiff;
  const std::size_t count = u16(directory);
  bool is_preview = false;
  bool has_sub_directories = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (!in_bounds(bytes.size(), entry, 12)) break;
    switch (u16(entry)) {
      case 0x00fe: is_preview = (u32(entry + 8) & 1) != 0; break;
      case 0x014a: has_sub_directories = true; break;
      case 0xc612: return FileType::raw_photo;
      default: break;
    }
  }
  return is_preview && has_sub_directories ? FileType::raw_photo : FileType::tiff;
}

// The window as ASCII text: without a byte order mark, UTF-16 narrowed (other characters become '?').
std::string narrow_text(ByteView bytes) {
  const bool little = has_at(bytes, 0, "\xff\xfe");
  const bool big = has_at(bytes, 0, "\xfe\xff");
  if (!little && !big) {
    return std::string(as_text(slice(bytes, has_at(bytes, 0, "\xef\xbb\xbf") ? 3 : 0)));
  }
  std::string out;
  for (std::size_t at = 2; at + 2 <= bytes.size(); at += 2) {
    const std::uint16_t unit = little ? read_le16(&bytes[at]) : read_be16(&bytes[at]);
    out.push_back(unit < 128 ? static_cast<char>(unit) : '?');
  }
  return out;
}

// `text` begins with '<'. Skips declarations, comments and the document type, and looks at the root element.
FileType sniff_markup(std::string_view text) {
  bool is_xml = false;
  for (;;) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    std::size_t end = std::string_view::npos;
    if (text.starts_with("<?")) {
      is_xml = true;
      end = text.find("?>");
      if (end != std::string_view::npos) end += 2;
    } else if (text.starts_with("<!--")) {
      end = text.find("-->", 4);
      if (end != std::string_view::npos) end += 3;
    } else if (starts_with_ignoring_case(text, "<!doctype")) {
      std::size_t name = 9;
      while (name < text.size() && is_space(text[name])) ++name;
      if (starts_with_ignoring_case(text.substr(name), "html")) return FileType::html;
      if (starts_with_ignoring_case(text.substr(name), "svg")) return FileType::svg;
      is_xml = true;
      const std::size_t subset = text.find('[');
      end = text.find('>');
      if (subset < end) {
        end = text.find(']', subset);
        if (end != std::string_view::npos) end = text.find('>', end);
      }
      if (end != std::string_view::npos) end += 1;
    } else {
      break;
    }
    if (end == std::string_view::npos) return is_xml ? FileType::xml : FileType::text;
    text.remove_prefix(end);
  }
  if (text.empty() || text.front() != '<') return is_xml ? FileType::xml : FileType::text;
  std::size_t end = 1;
  constexpr std::string_view never_first = "-.:0123456789";
  const bool is_name = text.size() > 1 && never_first.find(text[1]) == std::string_view::npos;
  while (is_name && end < text.size() && is_name_character(text[end])) ++end;
  std::string name(text.substr(1, end - 1));
  std::transform(name.begin(), name.end(), name.begin(), ascii_lower);
  if (const std::size_t colon = name.rfind(':'); colon != std::string::npos) name.erase(0, colon + 1);
  if (name == "svg") return FileType::svg;
  constexpr std::array<std::string_view, 16> html_elements = {"html",   "head", "body", "script", "title", "meta",
                                                              "link",   "div",  "p",    "a",      "table", "style",
                                                              "iframe", "img",  "h1",   "br"};
  if (!is_xml && std::find(html_elements.begin(), html_elements.end(), name) != html_elements.end())
    return FileType::html;
  if (is_xml && name == "html") return FileType::html;
  return is_xml || !name.empty() ? FileType::xml : FileType::text;
}

FileType sniff_text(ByteView window) {
  const bool is_utf16 = has_at(window, 0, "\xff\xfe") || has_at(window, 0, "\xfe\xff");
  const std::string narrowed = narrow_text(window);
  std::string_view text = narrowed;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool is_control = (code < 32 && !is_space(c) && code != 0x08 && code != 0x1b) || code == 0x7f;
    if (is_control) return FileType::unknown;
  }
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (text.empty()) return is_utf16 || !narrowed.empty() ? FileType::text : FileType::unknown;
  if (text.starts_with("%PDF-")) return FileType::pdf;
  if (text.front() == '<') return sniff_markup(text);
  if (text.front() == '{' || text.front() == '[') {
    const bool is_object = text.front() == '{';
    text.remove_prefix(1);
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    if (text.empty()) return FileType::json;
    constexpr std::string_view array_starts = "\"[{]-0123456789tfn";
    return (is_object ? text.front() == '"' || text.front() == '}'
                      : array_starts.find(text.front()) != std::string_view::npos)
               ? FileType::json
               : FileType::text;
  }
  return FileType::text;
}

bool is_bmp(ByteView bytes) {
  if (!has_at(bytes, 0, "BM") || bytes.size() < 18) return false;
  const std::uint32_t header_bytes = read_le32(&bytes[14]);
  constexpr std::array<std::uint32_t, 8> known = {12, 16, 40, 52, 56, 64, 108, 124};
  return std::find(known.begin(), known.end(), header_bytes) != known.end();
}

// Netpbm's bitmap, graymap, pixmap or anymap, as programs write it: no text begins with a line of these two.
bool is_pnm(ByteView bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' && bytes[2] == '\n';
}

bool is_executable(ByteView bytes) {
  using std::literals::operator""sv;
  for (const std::string_view magic : {"\x7f"
                                       "ELF"sv,
                                       "\0asm"sv, "\xfe\xed\xfa\xce"sv, "\xfe\xed\xfa\xcf"sv, "\xce\xfa\xed\xfe"sv,
                                       "\xcf\xfa\xed\xfe"sv, "\xca\xfe\xba\xbe"sv, "#!"sv}) {
    if (has_at(bytes, 0, magic)) return true;
  }
  // "MZ" alone is also how a text may begin; a DOS header has binary in its first 64 bytes.
  const ByteView header = slice(bytes, 0, 64);
  return has_at(bytes, 0, "MZ") && std::find(header.begin(), header.end(), 0) != header.end();
}

bool is_raw_photo(ByteView bytes) {
  using std::literals::operator""sv;
  for (const std::string_view magic :
       {"IIRO"sv, "IIRS"sv, "MMOR"sv, "IIU\0"sv, "FUJIFILMCCD-RAW"sv, "\0MRM"sv, "FOVb"sv, "II\x1a\0\0\0HEAPCCDR"sv}) {
    if (has_at(bytes, 0, magic)) return true;
  }
  return false;
}

struct Signature {
  std::string_view magic;
  FileType type;
};

using std::literals::operator""sv;
constexpr std::array signatures = {
    Signature{"\xff\xd8\xff"sv, FileType::jpeg},
    Signature{"GIF87a"sv, FileType::gif},
    Signature{"GIF89a"sv, FileType::gif},
    Signature{"\x8aMNG\r\n\x1a\n"sv, FileType::mng},
    Signature{"\x8bJNG\r\n\x1a\n"sv, FileType::mng},
    Signature{"\xff\x0a"sv, FileType::jpeg_xl},
    Signature{"\0\0\0\x0cJXL \r\n\x87\n"sv, FileType::jpeg_xl},
    Signature{"\0\0\0\x0cjP  \r\n\x87\n"sv, FileType::jpeg_2000},
    Signature{"\xff\x4f\xff\x51"sv, FileType::jpeg_2000},
    Signature{"%PDF-"sv, FileType::pdf},
    Signature{"PK\x03\x04"sv, FileType::zip},
    Signature{"PK\x05\x06"sv, FileType::zip},
    Signature{"PK\x07\x08"sv, FileType::zip},
    Signature{"8BPS"sv, FileType::psd},
    Signature{"II*\0"sv, FileType::tiff},
    Signature{"MM\0*"sv, FileType::tiff},
    Signature{"II+\0"sv, FileType::tiff},
    Signature{"MM\0+"sv, FileType::tiff},
    Signature{"\x1a\x45\xdf\xa3"sv, FileType::matroska},
    Signature{"\x76\x2f\x31\x01"sv, FileType::open_exr},
    Signature{"#?RADIANCE\n"sv, FileType::radiance_hdr},
    Signature{"#?RGBE\n"sv, FileType::radiance_hdr},
    Signature{"II\xbc\x01"sv, FileType::jpeg_xr},
    Signature{"qoif"sv, FileType::qoi},
};

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

struct FileTypeFacts {
  std::string_view name;
  std::string_view mime;
};

constexpr FileTypeFacts facts(FileType type) {
  switch (type) {
    case FileType::unknown: return {"unknown", "application/octet-stream"};
    case FileType::empty: return {"empty file", "application/octet-stream"};
    case FileType::jpeg: return {"JPEG", "image/jpeg"};
    case FileType::png: return {"PNG", "image/png"};
    case FileType::apng: return {"APNG", "image/png"};
    case FileType::webp: return {"WebP", "image/webp"};
    case FileType::webp_animated: return {"animated WebP", "image/webp"};
    case FileType::gif: return {"GIF", "image/gif"};
    case FileType::bmp: return {"BMP", "image/bmp"};
    case FileType::tiff: return {"TIFF", "image/tiff"};
    case FileType::heic: return {"HEIC", "image/heic"};
    case FileType::avif: return {"AVIF", "image/avif"};
    case FileType::jpeg_xl: return {"JPEG XL", "image/jxl"};
    case FileType::jpeg_2000: return {"JPEG 2000", "image/jp2"};
    case FileType::svg: return {"SVG", "image/svg+xml"};
    case FileType::pdf: return {"PDF", "application/pdf"};
    case FileType::mp4: return {"MP4", "video/mp4"};
    case FileType::quicktime: return {"QuickTime", "video/quicktime"};
    case FileType::zip: return {"ZIP", "application/zip"};
    case FileType::html: return {"HTML", "text/html"};
    case FileType::xml: return {"XML", "application/xml"};
    case FileType::json: return {"JSON", "application/json"};
    case FileType::text: return {"TXT", "text/plain"};
    case FileType::raw_photo: return {"RAW", "image/x-raw"};
    case FileType::psd: return {"PSD", "image/vnd.adobe.photoshop"};
    case FileType::ico: return {"ICO", "image/vnd.microsoft.icon"};
    case FileType::mng: return {"MNG", "video/x-mng"};
    case FileType::wav: return {"WAV", "audio/wav"};
    case FileType::avi: return {"AVI", "video/x-msvideo"};
    case FileType::matroska: return {"WebM", "video/webm"};
    case FileType::open_exr: return {"OpenEXR", "image/x-exr"};
    case FileType::radiance_hdr: return {"Radiance HDR", "image/vnd.radiance"};
    case FileType::jpeg_xr: return {"JPEG XR", "image/jxr"};
    case FileType::qoi: return {"QOI", "image/qoi"};
    case FileType::pnm: return {"PNM", "image/x-portable-anymap"};
    case FileType::executable: return {"EXE", "application/octet-stream"};
  }
  return {"unknown", "application/octet-stream"};
}

}  // namespace

FileType sniff(ByteView bytes) {
  if (bytes.empty()) return FileType::empty;
  if (has_at(bytes, 0, png_signature)) return sniff_png(bytes);
  if (is_cut_signature(bytes, png_signature, 2)) return FileType::png;
  if (is_cut_signature(bytes, "\xff\xd8\xff", 2)) return FileType::jpeg;
  const ByteView window = slice(bytes, 0, window_bytes);
  if (has_at(window, 0, "RIFF")) {
    if (const FileType type = sniff_riff(window); type != FileType::unknown) return type;
  }
  if (is_raw_photo(window)) return FileType::raw_photo;
  for (const Signature& signature : signatures) {
    if (!has_at(window, 0, signature.magic)) continue;
    return signature.type == FileType::tiff ? sniff_tiff(window) : signature.type;
  }
  if (has_at(window, 4, "ftyp")) return sniff_iso_media(window);
  for (const std::string_view box : {"moov"sv, "mdat"sv, "wide"sv, "pnot"sv}) {
    if (has_at(window, 4, box)) return FileType::quicktime;
  }
  if (is_bmp(window)) return FileType::bmp;
  if (is_pnm(window)) return FileType::pnm;
  // An icon or cursor directory: reserved 0, type 1 or 2, at least one entry.
  if (window.size() >= 6 && window[0] == 0 && window[1] == 0 && (window[2] == 1 || window[2] == 2) && window[3] == 0 &&
      read_le16(&window[4]) != 0) {
    return FileType::ico;
  }
  if (is_executable(window)) return FileType::executable;
  return sniff_text(window);
}

std::string_view file_type_name(FileType type) { return facts(type).name; }
std::string_view file_type_mime(FileType type) { return facts(type).mime; }

}  // namespace photo_core
