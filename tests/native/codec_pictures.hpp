// For tests of the codecs: whole pictures in and out, and the corpus with its verdicts.
#pragma once

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "codec/decoder.hpp"
#include "codec/encoder.hpp"

namespace photo_core::test {

using Open = Result<std::unique_ptr<Decoder>> (*)(ByteView);

struct Decoded {
  ImageInfo info;
  Frame frame;
  std::size_t consumed_bytes = 0;
  bool was_cut = false;
};

// Decodes to the end. Fails also when bands overlap, leave a gap or do not reach the bottom.
inline Result<Decoded> decode(Open open, ByteView source, const DecodeRequest& request = {}) {
  auto decoder = open(source);
  if (!decoder) return decoder.error();
  Decoded out;
  out.info = (*decoder)->info();
  const auto layout = (*decoder)->start(request);
  if (!layout) return layout.error();
  out.frame.allocate(*layout);
  std::uint32_t next_row = 0;
  for (;;) {
    const auto band = (*decoder)->next();
    if (!band) return band.error();
    if (band->planes[0].row_count == 0) break;
    for (int plane = 0; plane < layout->plane_count(); ++plane) {
      const PlaneRows& rows = band->planes[plane];
      if (rows.first_row != next_row || rows.row_count != band->planes[0].row_count) {
        return fail(ErrorCode::internal, "bands out of order");
      }
      for (std::uint32_t y = rows.first_row; y < rows.first_row + rows.row_count; ++y) {
        std::memcpy(out.frame.row(plane, y), rows.row(y), layout->plane_width(plane));
      }
    }
    next_row += band->planes[0].row_count;
  }
  if (next_row != layout->height_px) return fail(ErrorCode::internal, "rows missing");
  out.consumed_bytes = (*decoder)->consumed_bytes();
  out.was_cut = (*decoder)->was_cut();
  return out;
}

// Encodes a frame that is already in the layout the encoder wants, `rows` rows at a time.
inline Result<Bytes> encode(Encoder& encoder, const Frame& frame, std::uint32_t rows = 6) {
  const PlaneLayout& layout = frame.layout;
  if (Status status = encoder.begin(layout); !status) return std::move(status).error();
  for (std::uint32_t y = 0; y < layout.height_px; y += rows) {
    const std::uint32_t count = std::min(rows, layout.height_px - y);
    Band band;
    for (int plane = 0; plane < layout.plane_count(); ++plane) {
      const std::uint32_t step = layout.is_chroma(plane) ? layout.v_subsampling : 1;
      band.planes[plane] = {frame.row(plane, y / step), layout.plane_width(plane), y / step, (count + step - 1) / step};
    }
    if (Status status = encoder.rows(band); !status) return std::move(status).error();
  }
  return encoder.finish();
}

// One line of the corpus manifest.
struct CorpusFile {
  std::string path;     // absolute
  std::string format;   // "png", "webp", …
  std::string verdict;  // "accept", "reject", "unclear"
  std::string reason;
};

// Empty without the environment variable PHOTO_CORPUS, the folder that holds manifest.tsv.
inline std::vector<CorpusFile> corpus_files() {
  std::vector<CorpusFile> out;
  const char* const folder = std::getenv("PHOTO_CORPUS");
  if (folder == nullptr) return out;
  std::ifstream manifest(std::string(folder) + "/manifest.tsv");
  std::string line;
  std::getline(manifest, line);
  while (std::getline(manifest, line)) {
    std::vector<std::string> fields;
    for (std::size_t start = 0; start <= line.size();) {
      const std::size_t end = std::min(line.find('\t', start), line.size());
      fields.push_back(line.substr(start, end - start));
      start = end + 1;
    }
    if (fields.size() >= 32) out.push_back({std::string(folder) + "/" + fields[3], fields[7], fields[30], fields[31]});
  }
  return out;
}

inline Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return Bytes(content.begin(), content.end());
}

}  // namespace photo_core::test
