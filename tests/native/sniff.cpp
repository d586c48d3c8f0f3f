#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>

#include "codec/sniff.hpp"
#include "codec_pictures.hpp"

using namespace photo_core;
using std::literals::operator""s;

namespace {

FileType sniff_text(const std::string& text) {
  return sniff({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string utf16(const std::string& text, bool little) {
  std::string out = little ? "\xff\xfe" : "\xfe\xff";
  for (const char c : text) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

std::string png_chunk(const std::string& type, const std::string& data) {
  return std::string{'\0', '\0', '\0', static_cast<char>(data.size())} + type + data + "crc!";
}

}  // namespace

TEST_CASE("signatures are recognised from their bytes") {
  CHECK(sniff({}) == FileType::empty);
  CHECK(sniff_text("\xff\xd8\xff\xe0") == FileType::jpeg);
  CHECK(sniff_text("\xff\xd8\x00\xe0"s) != FileType::jpeg);
  CHECK(sniff_text("GIF89a\x01") == FileType::gif);
  CHECK(sniff_text("BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0"s) == FileType::bmp);
  CHECK(sniff_text("BMW is a make of cars") == FileType::text);
  CHECK(sniff_text("\xff\x0a\xfa") == FileType::jpeg_xl);
  CHECK(sniff_text("\0\0\0\x0cJXL \r\n\x87\n"s) == FileType::jpeg_xl);
  CHECK(sniff_text("\0\0\0\x0cjP  \r\n\x87\n"s) == FileType::jpeg_2000);
  CHECK(sniff_text("\xff\x4f\xff\x51") == FileType::jpeg_2000);
  CHECK(sniff_text("%PDF-1.7") == FileType::pdf);
  CHECK(sniff_text("PK\x03\x04") == FileType::zip);
  CHECK(sniff_text("8BPS\0\1"s) == FileType::psd);
  CHECK(sniff_text("\x8aMNG\r\n\x1a\n") == FileType::mng);
  CHECK(sniff_text("\0\0\1\0\1\0"s) == FileType::ico);
  CHECK(sniff_text("\x7f"
                   "ELF\2\1") == FileType::executable);
  CHECK(sniff_text("MZ\x90\0\3"s) == FileType::executable);
  CHECK(sniff_text("MZ stands for Mark Zbikowski") == FileType::text);
  CHECK(sniff_text("RIFF\4\0\0\0WAVE"s) == FileType::wav);
  CHECK(sniff_text("RIFF\4\0\0\0AVI "s) == FileType::avi);
  CHECK(sniff_text("\x1a\x45\xdf\xa3\x9f\x42\x86\x81") == FileType::matroska);
  CHECK(sniff_text("\x76\x2f\x31\x01\2\0"s) == FileType::open_exr);
  CHECK(sniff_text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n") == FileType::radiance_hdr);
  CHECK(sniff_text("#?RGBE\n") == FileType::radiance_hdr);
  CHECK(sniff_text("#? what is it") == FileType::text);
  CHECK(sniff_text("II\xbc\x01\x20\0"s) == FileType::jpeg_xr);
  CHECK(sniff_text("qoif\0\0\1\0"s) == FileType::qoi);
  CHECK(sniff_text("P6\n401 301\n255\n\1\2\3") == FileType::pnm);
  CHECK(sniff_text("P3\n# CREATOR\n1 1 255 0 0 0") == FileType::pnm);
  CHECK(sniff_text("P1 is a parking deck") == FileType::text);
  CHECK(sniff_text("\x1f\x8b\x08\0"s) == FileType::unknown);
}

TEST_CASE("animation is seen in the header alone") {
  const std::string signature = "\x89PNG\r\n\x1a\n";
  const std::string header = png_chunk("IHDR", std::string(13, '\1'));
  CHECK(sniff_text(signature + header + png_chunk("IDAT", "")) == FileType::png);
  CHECK(sniff_text(signature + header + png_chunk("gAMA", "1234") + png_chunk("acTL", "12345678")) == FileType::apng);
  CHECK(sniff_text(signature + header + png_chunk("IDAT", "x") + png_chunk("acTL", "12345678")) == FileType::png);
  CHECK(sniff_text("RIFF\x20\0\0\0WEBPVP8 "s) == FileType::webp);
  CHECK(sniff_text("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0"s) == FileType::webp);
  CHECK(sniff_text("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0"s) == FileType::webp_animated);
}

TEST_CASE("a file cut inside its signature still has its type") {
  CHECK(sniff_text("\x89PNG\r") == FileType::png);
  CHECK(sniff_text("\xff\xd8") == FileType::jpeg);
  CHECK(sniff_text("RIFF\x20\0\0\0WE"s) == FileType::webp);
}

TEST_CASE("ISO media is told by its brands, the compatible ones too") {
  const auto box = [](const std::string& brands) {
    return std::string{'\0', '\0', '\0', static_cast<char>(8 + brands.size())} + "ftyp" + brands;
  };
  const std::string version(4, '\0');
  CHECK(sniff_text(box("heic" + version + "mif1heic")) == FileType::heic);
  CHECK(sniff_text(box("mif1" + version + "mif1heic")) == FileType::heic);
  CHECK(sniff_text(box("mif1" + version + "mif1avif")) == FileType::avif);
  CHECK(sniff_text(box("avis" + version + "avis")) == FileType::avif);
  CHECK(sniff_text(box("mif1" + version)) == FileType::heic);
  CHECK(sniff_text(box("isom" + version + "isommp41")) == FileType::mp4);
  CHECK(sniff_text(box("qt  " + version)) == FileType::quicktime);
  CHECK(sniff_text(box("crx " + version + "isom")) == FileType::raw_photo);
  // Brands behind the box are not its own.
  CHECK(sniff_text(box("isom" + version) + "avif") == FileType::mp4);
}

TEST_CASE("raw photos in TIFF clothes are not TIFF") {
  const auto tiff = [](const std::string& entries, char count) {
    return "II*\0\x08\0\0\0"s + std::string{count, '\0'} + entries + std::string(4, '\0');
  };
  const auto entry = [](std::uint16_t tag, char value) {
    return std::string{static_cast<char>(tag & 255), static_cast<char>(tag >> 8), 4, 0, 1, 0, 0, 0, value, 0, 0, 0};
  };
  CHECK(sniff_text(tiff(entry(0x0100, 8), 1)) == FileType::tiff);
  CHECK(sniff_text(tiff(entry(0x00fe, 1) + entry(0x014a, 9), 2)) == FileType::raw_photo);
  CHECK(sniff_text(tiff(entry(0x00fe, 0) + entry(0x014a, 9), 2)) == FileType::tiff);
  CHECK(sniff_text(tiff(entry(0xc612, 1), 1)) == FileType::raw_photo);
  CHECK(sniff_text("II*\0\x10\0\0\0CR\2\0"s) == FileType::raw_photo);
  CHECK(sniff_text("FUJIFILMCCD-RAW 0201") == FileType::raw_photo);
  CHECK(sniff_text("MM\0*\0\0\0\x08"s) == FileType::tiff);
}

TEST_CASE("markup and text are looked into") {
  const std::map<std::string, FileType> cases = {
      {"<svg xmlns='http://www.w3.org/2000/svg'/>", FileType::svg},
      {"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- > --><svg:svg/>", FileType::svg},
      {"<!DOCTYPE svg PUBLIC '' '' [<!ENTITY a \">\">]><svg/>", FileType::svg},
      {"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]> <svg>", FileType::svg},
      {"<?xml version='1.0'?><rss/>", FileType::xml},
      {"  <!doctype HTML><p>", FileType::html},
      {"<HTML>", FileType::html},
      {"<script>alert(1)</script>", FileType::html},
      {"{\"a\": 1}", FileType::json},
      {"[1, 2]", FileType::json},
      {"[section]\nkey=1", FileType::text},
      {"version https://git-lfs.github.com/spec/v1\n", FileType::text},
      {"<- an arrow", FileType::text},
      {utf16("plain", true), FileType::text},
      {utf16("<html>", false), FileType::html},
      {utf16("<?xml?><svg/>", true), FileType::svg},
      {"\x01\x02\x03", FileType::unknown},
  };
  for (const auto& [content, type] : cases) {
    INFO(content);
    CHECK(sniff_text(content) == type);
  }
}

TEST_CASE("every type has a name and a MIME type") {
  for (int type = 0; type <= static_cast<int>(FileType::executable); ++type) {
    CHECK_FALSE(file_type_name(FileType(type)).empty());
    CHECK(file_type_mime(FileType(type)).find('/') != std::string_view::npos);
  }
  CHECK(file_type_name(FileType::heic) == "HEIC");
  CHECK(file_type_mime(FileType::gif) == "image/gif");
}

TEST_CASE("sniffing stays inside every beginning of a file") {
  const std::string whole =
      "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", std::string(13, '\1')) + png_chunk("acTL", "12345678");
  for (std::size_t size = 0; size <= whole.size(); ++size) (void)sniff_text(whole.substr(0, size));
  const std::string media =
      "\0\0\xff\xff"
      "ftypmif1\0\0\0\0heic"s;
  for (std::size_t size = 0; size <= media.size(); ++size) (void)sniff_text(media.substr(0, size));
  const std::string markup = "<?xml?><!DOCTYPE svg [<!ENTITY>]><!-- --><svg>";
  for (std::size_t size = 0; size <= markup.size(); ++size) (void)sniff_text(markup.substr(0, size));
}

TEST_CASE("the corpus is sniffed as its manifest says", "[corpus]") {
  const auto files = test::corpus_files();
  if (files.empty()) SKIP("PHOTO_CORPUS is not set");
  for (const auto& file : files) {
    INFO(file.path);
    const FileType type = sniff(test::read_file(file.path));
    const bool is_photo = type == FileType::jpeg || type == FileType::png || type == FileType::apng ||
                          type == FileType::webp || type == FileType::webp_animated;
    if (file.verdict == "accept") CHECK(is_photo);
    if (file.format == "png") CHECK((type == FileType::png || type == FileType::apng));
    if (file.format == "webp") CHECK((type == FileType::webp || type == FileType::webp_animated));
    if (file.format == "gif") CHECK(type == FileType::gif);
    if (file.format == "tiff") CHECK(type == FileType::tiff);
    if (file.format == "bmp") CHECK(type == FileType::bmp);
    if (file.format == "pdf") CHECK(type == FileType::pdf);
    if (file.format == "jxl") CHECK(type == FileType::jpeg_xl);
    if (file.format == "jp2") CHECK(type == FileType::jpeg_2000);
    if (file.format == "isobmff:avif") CHECK(type == FileType::avif);
    if (file.format == "isobmff:heic" || file.format == "isobmff:mif1") CHECK(type == FileType::heic);
    if (file.format.ends_with("svg")) CHECK(type == FileType::svg);
  }
}
