// PNG files in the tests, written byte by byte, so that every part can be wrong.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec_pictures.hpp"
#include "metadata/png_passes.hpp"

namespace photo_core::test {

inline void append_chunk(Bytes& out, std::string_view type, ByteView data) {
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  out.insert(out.end(), type.begin(), type.end());
  append(out, data);
  append_be32(out, static_cast<std::uint32_t>(crc32(0, &out[start], static_cast<uInt>(out.size() - start))));
}

inline Bytes deflated(ByteView raw) {
  Bytes out(compressBound(static_cast<uLong>(raw.size())));
  uLongf size = static_cast<uLongf>(out.size());
  compress(out.data(), &size, raw.data(), static_cast<uLong>(raw.size()));
  out.resize(size);
  return out;
}

struct PngParts {
  std::uint32_t width = 1, height = 1;
  std::uint8_t depth = 8, color_type = 0, interlace = 0;
  std::vector<std::pair<std::string, Bytes>> before{}, after{};  // chunks around the image data
  Bytes raw{};                                                   // rows with their filter bytes
  std::size_t idat_bytes = SIZE_MAX;                             // of one IDAT chunk

  Bytes file() const {
    Bytes out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    Bytes header;
    append_be32(header, width);
    append_be32(header, height);
    for (const std::uint8_t value : {depth, color_type, std::uint8_t{0}, std::uint8_t{0}, interlace})
      header.push_back(value);
    append_chunk(out, "IHDR", header);
    for (const auto& [type, data] : before) append_chunk(out, type, data);
    const Bytes packed = deflated(raw);
    for (std::size_t at = 0; at < packed.size(); at += std::min(idat_bytes, packed.size() - at)) {
      append_chunk(out, "IDAT", slice(packed, at, idat_bytes));
    }
    for (const auto& [type, data] : after) append_chunk(out, type, data);
    append_chunk(out, "IEND", {});
    return out;
  }
};

inline std::vector<std::uint8_t> plane(const Result<test::Decoded>& decoded, int index) {
  return decoded->frame.planes[index];
}

inline std::string code_of(ByteView file, bool allow_truncated = false) {
  DecodeRequest request;
  request.allow_truncated = allow_truncated;
  const auto decoded = decode(open_png, file, request);
  return decoded ? "ok" : std::string(code_name(decoded.error().code));
}

using Samples = std::vector<std::uint8_t>;

// Rows of `width` x `height` pixels of `bytes` bytes each, unfiltered, as the image data of such a picture holds them;
// `sample(x, y, byte)`.
inline Bytes raw_rows(std::uint32_t width, std::uint32_t height, std::uint32_t bytes, bool interlaced,
                      const std::function<int(std::uint32_t, std::uint32_t, std::uint32_t)>& sample) {
  Bytes out;
  const auto add_pass = [&](const PngPass& pass) {
    if (pass.x0 >= width) return;
    for (std::uint32_t y = pass.y0; y < height; y += pass.dy) {
      out.push_back(0);
      for (std::uint32_t x = pass.x0; x < width; x += pass.dx) {
        for (std::uint32_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(sample(x, y, i)));
      }
    }
  };
  if (!interlaced) add_pass({0, 0, 1, 1});
  else
    for (const PngPass& pass : adam7) add_pass(pass);
  return out;
}

}  // namespace photo_core::test
