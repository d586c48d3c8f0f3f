// PNG written over zlib: 8-bit gray or RGB with or without alpha, or a palette of at most 256 colours.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/buffer.hpp"
#include "codec/encoder.hpp"
#include "codec/png_filter.hpp"
#include "metadata/zlib_stream.hpp"

namespace photo_core {
namespace {

constexpr int deflate_level = 6;
// How far matches are looked for in true colour: a quarter of the level's own. Three photos and three screenshots take
// two thirds of the time and 1.015 of the bytes.
constexpr int longest_chain = 32;
// Filtered photos have runs but hardly a match: without looking for any they are deflated in an eighth of the time and,
// the shorter codes unspent, often into less. So pieces are tried both ways, one in so many.
constexpr std::size_t piece_bytes = 65'536;
constexpr std::uint32_t pieces_a_trial = 16;
constexpr double worth_searching = 0.98;  // of the bytes without
constexpr std::size_t max_colors = 256;
constexpr std::size_t output_block_bytes = 32'768;

// False without memory.
bool start_deflating(z_stream& stream, int strategy) {
  stream = {};
  if (deflateInit2(&stream, deflate_level, Z_DEFLATED, 15, 8, strategy) != Z_OK) return false;
  if (strategy != Z_DEFAULT_STRATEGY) deflateTune(&stream, 8, 16, 128, longest_chain);
  return true;
}

Error no_memory() { return fail(ErrorCode::out_of_memory, "PNG encoder"); }

// Red, green, blue and alpha of a colour in one word, alpha on top.
using Color = std::uint32_t;
constexpr Color make_color(std::uint8_t r, std::uint8_t g, std::uint8_t b, std::uint8_t a) {
  return Color{a} << 24 | Color{b} << 16 | Color{g} << 8 | r;
}
constexpr std::uint8_t alpha_of(Color color) { return static_cast<std::uint8_t>(color >> 24); }

// The colours met so far, each with its place, in a small open hash table.
class ColorSet {
 public:
  // The colour's index, or -1 when it would be the 257th.
  int index_of(Color color) {
    std::size_t slot = (color * 2654435761u) >> 22;  // 10 bits
    for (;; slot = (slot + 1) % slots_.size()) {
      const int index = slots_[slot];
      if (index < 0) break;
      if (colors_[static_cast<std::size_t>(index)] == color) return index;
    }
    if (count_ == max_colors) return -1;
    colors_[count_] = color;
    slots_[slot] = static_cast<std::int16_t>(count_);
    return static_cast<int>(count_++);
  }
  std::size_t count() const { return count_; }
  Color color(std::size_t index) const { return colors_[index]; }
  void clear() {
    slots_.fill(-1);
    count_ = 0;
  }

 private:
  std::array<std::int16_t, 1024> slots_ = [] {
    std::array<std::int16_t, 1024> empty;
    empty.fill(-1);
    return empty;
  }();
  std::array<Color, max_colors> colors_{};
  std::size_t count_ = 0;
};

// Chunks into a growing buffer. Once memory is out everything more is dropped and `ok` is false.
class ChunkWriter {
 public:
  void raw(const void* data, std::size_t size) { ok_ = ok_ && out_.append(data, size); }

  void chunk(std::string_view type, ByteView data) {
    begin(type);
    body(data);
    end();
  }
  // A chunk whose length is known only at its end.
  void begin(std::string_view type) {
    start_ = out_.size();
    const std::array<std::uint8_t, 4> length{};
    raw(length.data(), 4);
    raw(type.data(), 4);
    crc_ = crc32_z(0, reinterpret_cast<const Bytef*>(type.data()), 4);
  }
  void body(ByteView data) {
    crc_ = crc32_z(crc_, data.data() == nullptr ? reinterpret_cast<const Bytef*>("") : data.data(), data.size());
    raw(data.data(), data.size());
  }
  void end() {
    if (!ok_) return;
    store_be32(out_.data() + start_, static_cast<std::uint32_t>(out_.size() - start_ - 8));
    std::array<std::uint8_t, 4> crc;
    store_be32(crc.data(), static_cast<std::uint32_t>(crc_));
    raw(crc.data(), 4);
  }

  bool ok() const { return ok_; }
  ByteView view() const { return {out_.data(), out_.size()}; }

 private:
  static void store_be32(std::uint8_t* p, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }

  GrowingBuffer out_;
  bool ok_ = true;
  std::size_t start_ = 0;
  uLong crc_ = 0;
};

class PngEncoder final : public Encoder {
 public:
  explicit PngEncoder(const EncodeRequest& request) : request_(request) {}
  ~PngEncoder() override {
    if (is_deflating_) deflateEnd(&stream_);
  }
  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;

  PlaneLayout wanted(const PlaneLayout& source) const override {
    PlaneLayout layout = source;
    layout.h_subsampling = layout.v_subsampling = 1;
    if (layout.model == ColorModel::ycc) layout.model = ColorModel::rgb;
    return layout;
  }

  Status begin(const PlaneLayout& layout) override {
    layout_ = layout;
    pixel_bytes_ = static_cast<std::size_t>(layout.plane_count());
    const std::uint64_t row_bytes = std::uint64_t{layout.width_px} * pixel_bytes_;
    const std::uint64_t rows = 2 * (row_bytes + png_row_slack) + 2 * (row_bytes + 1);
    if (rows > SIZE_MAX / 2) return no_memory();
    row_bytes_ = static_cast<std::size_t>(row_bytes);
    if (!row_.allocate(row_bytes_ + png_row_slack) || !previous_.allocate_zeroed(row_bytes_ + png_row_slack) ||
        !best_.allocate(row_bytes_ + 1) || !trial_.allocate(row_bytes_ + 1) || !block_.allocate(output_block_bytes)) {
      return no_memory();
    }
    // Gray has a byte a pixel already: a palette helps it only with few levels or with alpha.
    color_limit_ = layout.model == ColorModel::gray && !layout.has_alpha ? 16 : max_colors;
    // A palette is RGB: a gray picture's own profile would not fit it.
    is_indexing_ = request_.palette && (layout.model != ColorModel::gray || request_.icc_profile.empty());
    if (is_indexing_) {
      const std::uint64_t indices = std::uint64_t{layout.width_px} * layout.height_px;
      if (indices > SIZE_MAX / 2 || !indices_.allocate(static_cast<std::size_t>(indices))) return no_memory();
      return {};
    }
    return begin_true_color();
  }

  Status rows(const Band& band) override {
    request_.turn();
    const PlaneRows& first = band.planes[0];
    for (std::uint32_t i = 0; i < first.row_count; ++i) {
      const std::uint32_t y = first.first_row + i;
      if (is_indexing_ && !index_row(band, y)) {
        if (Status status = give_up_palette(y); !status) return status;
      }
      if (is_indexing_) continue;
      interleave_row(band, y);
      if (Status status = write_row(); !status) return status;
    }
    return {};
  }

  Result<Bytes> finish() override {
    if (is_indexing_) {
      if (Status status = write_palette_picture(); !status) return std::move(status).error();
    } else if (Status status = deflate_piece(); !status) {
      return std::move(status).error();
    }
    if (Status status = deflate_bytes({}, Z_FINISH); !status) return std::move(status).error();
    writer_.end();
    writer_.chunk("IEND", {});
    if (!writer_.ok() || !can_allocate(writer_.view().size())) return no_memory();
    return Bytes(writer_.view().begin(), writer_.view().end());
  }

 private:
  Color color_at(const Band& band, std::uint32_t y, std::uint32_t x) const {
    const auto sample = [&](int plane) { return band.planes[plane].row(y)[x]; };
    const bool is_gray = layout_.model == ColorModel::gray;
    const std::uint8_t alpha = layout_.has_alpha ? sample(layout_.plane_count() - 1) : 255;
    if (alpha == 0) return 0;  // nobody sees which colour it would be
    return is_gray ? make_color(sample(0), sample(0), sample(0), alpha)
                   : make_color(sample(0), sample(1), sample(2), alpha);
  }

  // False when row `y` has a colour too many; its indices are then worthless.
  bool index_row(const Band& band, std::uint32_t y) {
    std::uint8_t* const out = indices_.data() + std::size_t{y} * layout_.width_px;
    Color last = 0;
    int last_index = -1;
    for (std::uint32_t x = 0; x < layout_.width_px; ++x) {
      const Color color = color_at(band, y, x);
      if (last_index < 0 || color != last) {
        last = color;
        last_index = colors_.index_of(color);
        if (last_index < 0 || colors_.count() > color_limit_) return false;
      }
      out[x] = static_cast<std::uint8_t>(last_index);
    }
    return true;
  }

  // Writes the rows above `y`, kept as indices, in full colour, and goes on so.
  Status give_up_palette(std::uint32_t y) {
    is_indexing_ = false;
    if (Status status = begin_true_color(); !status) return status;
    for (std::uint32_t above = 0; above < y; ++above) {
      const std::uint8_t* const index = indices_.data() + std::size_t{above} * layout_.width_px;
      std::uint8_t* out = row_.data();
      for (std::uint32_t x = 0; x < layout_.width_px; ++x) {
        const Color color = colors_.color(index[x]);
        const int color_planes = color_plane_count(layout_.model);
        for (int plane = 0; plane < color_planes; ++plane) *out++ = static_cast<std::uint8_t>(color >> (8 * plane));
        if (layout_.has_alpha) *out++ = alpha_of(color);
      }
      if (Status status = write_row(); !status) return status;
    }
    indices_.release();
    return {};
  }

  void interleave_row(const Band& band, std::uint32_t y) {
    const std::size_t step = pixel_bytes_;
    for (int plane = 0; plane < layout_.plane_count(); ++plane) {
      const std::uint8_t* const from = band.planes[plane].row(y);
      std::uint8_t* const to = row_.data() + plane;
      for (std::size_t x = 0; x < layout_.width_px; ++x) to[x * step] = from[x];
    }
  }

  Status begin_true_color() {
    const bool is_gray = layout_.model == ColorModel::gray;
    if (!piece_.allocate(std::max(piece_bytes, row_bytes_ + 1))) return no_memory();
    return begin_file(static_cast<std::uint8_t>((is_gray ? 0 : 2) | (layout_.has_alpha ? 4 : 0)), 8, Z_FILTERED);
  }

  // Everything up to the image data, but for PLTE and tRNS.
  Status begin_file(std::uint8_t color_type, std::uint8_t bit_depth, int strategy) {
    writer_.raw("\x89PNG\r\n\x1a\n", 8);
    Bytes header;
    append_be32(header, layout_.width_px);
    append_be32(header, layout_.height_px);
    for (const std::uint8_t value : {bit_depth, color_type, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}})
      header.push_back(value);
    writer_.chunk("IHDR", header);
    if (!request_.icc_profile.empty()) {
      if (Status status = write_profile(); !status) return status;
    }
    if (!request_.exif.empty()) writer_.chunk("eXIf", request_.exif);
    if (color_type == 3) write_palette_chunks();
    if (!start_deflating(stream_, strategy)) return no_memory();
    strategy_ = strategy;
    is_deflating_ = true;
    writer_.begin("IDAT");
    return {};
  }

  // 11.3.2.3: a name, a zero, method 0, and the profile deflated.
  Status write_profile() {
    const Bytes packed = deflated(request_.icc_profile);
    if (packed.empty()) return no_memory();
    constexpr std::string_view name("ICC profile\0\0", 13);
    writer_.begin("iCCP");
    writer_.body({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
    writer_.body(packed);
    writer_.end();
    return {};
  }

  // Colours with transparency first, so that tRNS is as short as it can be.
  void write_palette_chunks() {
    const std::size_t count = colors_.count();
    for (std::size_t i = 0; i < count; ++i) order_[i] = static_cast<std::uint8_t>(i);
    std::stable_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](std::uint8_t a, std::uint8_t b) {
                       return alpha_of(colors_.color(a)) != 255 && alpha_of(colors_.color(b)) == 255;
                     });
    Bytes palette, transparency;
    for (std::size_t i = 0; i < count; ++i) {
      const Color color = colors_.color(order_[i]);
      place_[order_[i]] = static_cast<std::uint8_t>(i);
      for (int shift = 0; shift < 24; shift += 8) palette.push_back(static_cast<std::uint8_t>(color >> shift));
      if (alpha_of(color) != 255) transparency.push_back(alpha_of(color));
    }
    writer_.chunk("PLTE", palette);
    if (!transparency.empty()) writer_.chunk("tRNS", transparency);
  }

  Status write_palette_picture() {
    const std::size_t count = colors_.count();
    const std::uint32_t depth = count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8;
    if (Status status = begin_file(3, static_cast<std::uint8_t>(depth), Z_DEFAULT_STRATEGY); !status) return status;
    const std::size_t packed_bytes = (std::size_t{layout_.width_px} * depth + 7) / 8;
    for (std::uint32_t y = 0; y < layout_.height_px; ++y) {
      request_.turn();
      const std::uint8_t* const index = indices_.data() + std::size_t{y} * layout_.width_px;
      std::uint8_t* const out = best_.data();
      std::memset(out, 0, packed_bytes + 1);  // filter 0, which suits indices
      for (std::size_t x = 0; x < layout_.width_px; ++x) {
        const std::size_t bit = x * depth;
        out[1 + bit / 8] = static_cast<std::uint8_t>(out[1 + bit / 8] | place_[index[x]] << (8 - depth - bit % 8));
      }
      if (Status status = deflate_bytes({out, packed_bytes + 1}, Z_NO_FLUSH); !status) return status;
    }
    return {};
  }

  // Filters `row_` by whichever of the five filters leaves the least (12.7), and deflates it.
  Status write_row() {
    request_.turn();
    constexpr std::array filters = {PngFilter::sub, PngFilter::up, PngFilter::average, PngFilter::paeth,
                                    PngFilter::none};
    std::uint64_t least = UINT64_MAX;
    for (const PngFilter filter : filters) {
      trial_.data()[0] = static_cast<std::uint8_t>(filter);
      const std::uint64_t sum =
          png_filter(filter, row_.data(), previous_.data(), row_bytes_, pixel_bytes_, trial_.data() + 1);
      if (sum >= least) continue;
      least = sum;
      std::swap(best_, trial_);
    }
    if (piece_.size() - piece_size_ < row_bytes_ + 1) {
      if (Status status = deflate_piece(); !status) return status;
    }
    std::memcpy(piece_.data() + piece_size_, best_.data(), row_bytes_ + 1);
    piece_size_ += row_bytes_ + 1;
    std::swap(row_, previous_);
    return {};
  }

  // Deflates the filtered rows of `piece_`.
  Status deflate_piece() {
    const ByteView piece(piece_.data(), piece_size_);
    piece_size_ = 0;
    if (pieces_++ % pieces_a_trial == 0) {
      if (Status status = choose_strategy(piece); !status) return status;
    }
    return deflate_bytes(piece, Z_NO_FLUSH);
  }

  Status choose_strategy(ByteView piece) {
    const std::size_t searched = deflated_size(piece, Z_FILTERED), runs = deflated_size(piece, Z_RLE);
    const bool is_worth_it = static_cast<double>(searched) < worth_searching * static_cast<double>(runs);
    const int strategy = is_worth_it ? Z_FILTERED : Z_RLE;
    if (strategy == strategy_) return {};
    strategy_ = strategy;
    int code = Z_BUF_ERROR;  // what was taken and not yet written is written first
    while (code == Z_BUF_ERROR && writer_.ok()) {
      stream_.next_out = block_.data();
      stream_.avail_out = output_block_bytes;
      code = deflateParams(&stream_, deflate_level, strategy);
      writer_.body({block_.data(), output_block_bytes - stream_.avail_out});
    }
    return code == Z_OK ? Status{} : Status{no_memory()};
  }

  // 0 without memory.
  std::size_t deflated_size(ByteView piece, int strategy) {
    z_stream stream;
    if (!start_deflating(stream, strategy)) return 0;
    stream.next_in = const_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = block_.data();
      stream.avail_out = output_block_bytes;
    } while (deflate(&stream, Z_FINISH) == Z_OK);
    const auto size = static_cast<std::size_t>(stream.total_out);
    deflateEnd(&stream);
    return size;
  }

  Status deflate_bytes(ByteView data, int flush) {
    stream_.next_in = const_cast<Bytef*>(data.data());
    stream_.avail_in = static_cast<uInt>(data.size());
    do {
      stream_.next_out = block_.data();
      stream_.avail_out = output_block_bytes;
      if (deflate(&stream_, flush) == Z_STREAM_ERROR) return fail(ErrorCode::internal, "PNG: deflate");
      writer_.body({block_.data(), output_block_bytes - stream_.avail_out});
    } while (stream_.avail_out == 0);
    return writer_.ok() ? Status{} : Status{no_memory()};
  }

  const EncodeRequest request_;
  PlaneLayout layout_;
  std::size_t pixel_bytes_ = 0;
  std::size_t row_bytes_ = 0;
  Buffer row_, previous_;  // interleaved, unfiltered
  Buffer best_, trial_;    // filtered, each with its filter byte
  Buffer piece_;           // filtered rows of true colour, to be deflated
  std::size_t piece_size_ = 0;
  std::uint32_t pieces_ = 0;
  Buffer block_;    // deflated
  Buffer indices_;  // of the whole picture, while a palette may do
  ColorSet colors_;
  std::size_t color_limit_ = max_colors;
  bool is_indexing_ = false;
  std::array<std::uint8_t, max_colors> order_{};  // place in the file to index
  std::array<std::uint8_t, max_colors> place_{};  // index to place in the file
  z_stream stream_{};
  bool is_deflating_ = false;
  int strategy_ = Z_DEFAULT_STRATEGY;
  ChunkWriter writer_;
};

}  // namespace

std::unique_ptr<Encoder> make_png_encoder(const EncodeRequest& request) {
  return std::unique_ptr<Encoder>(new (std::nothrow) PngEncoder(request));
}

}  // namespace photo_core
