// PNG written over zlib: 8-bit gray or RGB with or without alpha, or a palette of at most 256 colours.
#include <algorithm>
#include <array>
#include <memory>

#include "base/buffer.hpp"
#include "codec/encoder.hpp"
#include "codec/png_chunk_writer.hpp"
#include "codec/png_deflater.hpp"
#include "codec/png_filter.hpp"
#include "metadata/zlib_stream.hpp"

namespace photo_core {
namespace {

constexpr std::size_t max_colors = 256;

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

class PngEncoder final : public Encoder {
 public:
  explicit PngEncoder(const EncodeRequest& request) : request_(request) {}

  PlaneLayout wanted(const PlaneLayout& source) const override {
    PlaneLayout layout = source;
    layout.h_subsampling = layout.v_subsampling = 1;
    if (layout.model == ColorModel::ycc) layout.model = ColorModel::rgb;
    return layout;
  }

  Status begin(const PlaneLayout& layout) override {
    layout_ = layout;
    exif_ = request_.exif_of(layout);
    pixel_bytes_ = static_cast<std::size_t>(layout.plane_count());
    const std::uint64_t row_bytes = std::uint64_t{layout.width_px} * pixel_bytes_;
    if (row_bytes > SIZE_MAX - png_row_slack) return no_memory();
    row_bytes_ = static_cast<std::size_t>(row_bytes);
    if (!row_.allocate(row_bytes_ + png_row_slack) || !previous_.allocate_zeroed(row_bytes_ + png_row_slack) ||
        !best_.allocate(row_bytes_ + 1) || !trial_.allocate(row_bytes_ + 1)) {
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
    }
    if (!deflater_.finish()) return no_memory();
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
    const auto color_type = static_cast<std::uint8_t>((is_gray ? 0 : 2) | (layout_.has_alpha ? 4 : 0));
    return begin_file(color_type, 8, PngDeflater::Rows::filtered, row_bytes_ + 1);
  }

  // Everything up to the image data. `row_bytes` as they are deflated.
  Status begin_file(std::uint8_t color_type, std::uint8_t bit_depth, PngDeflater::Rows rows, std::size_t row_bytes) {
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
    if (!exif_.empty()) writer_.chunk("eXIf", exif_);
    if (color_type == 3) write_palette_chunks();
    writer_.begin("IDAT");
    return deflater_.begin(rows, row_bytes, request_.is_estimate) ? Status{} : Status{no_memory()};
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
    std::size_t placed = 0;
    for (const bool is_opaque : {false, true}) {
      for (std::size_t i = 0; i < count; ++i) {
        if ((alpha_of(colors_.color(i)) == 255) == is_opaque) order_[placed++] = static_cast<std::uint8_t>(i);
      }
    }
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
    const std::size_t packed_bytes = (std::size_t{layout_.width_px} * depth + 7) / 8;
    const auto bit_depth = static_cast<std::uint8_t>(depth);
    if (Status status = begin_file(3, bit_depth, PngDeflater::Rows::indices, packed_bytes + 1); !status) return status;
    for (std::uint32_t y = 0; y < layout_.height_px; ++y) {
      request_.turn();
      const std::uint8_t* const index = indices_.data() + std::size_t{y} * layout_.width_px;
      std::uint8_t* const out = best_.data();
      std::memset(out, 0, packed_bytes + 1);  // filter 0, which suits indices
      for (std::size_t x = 0; x < layout_.width_px; ++x) {
        const std::size_t bit = x * depth;
        out[1 + bit / 8] = static_cast<std::uint8_t>(out[1 + bit / 8] | place_[index[x]] << (8 - depth - bit % 8));
      }
      if (!deflater_.add_row({out, packed_bytes + 1})) return no_memory();
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
    if (!deflater_.add_row({best_.data(), row_bytes_ + 1})) return no_memory();
    std::swap(row_, previous_);
    return {};
  }

  const EncodeRequest request_;
  Bytes exif_;
  PlaneLayout layout_;
  std::size_t pixel_bytes_ = 0;
  std::size_t row_bytes_ = 0;
  Buffer row_, previous_;  // interleaved, unfiltered
  Buffer best_, trial_;    // filtered, each with its filter byte
  Buffer indices_;         // of the whole picture, while a palette may do
  ColorSet colors_;
  std::size_t color_limit_ = max_colors;
  bool is_indexing_ = false;
  std::array<std::uint8_t, max_colors> order_{};  // place in the file to index
  std::array<std::uint8_t, max_colors> place_{};  // index to place in the file
  PngChunkWriter writer_;
  PngDeflater deflater_{writer_};
};

}  // namespace

std::unique_ptr<Encoder> make_png_encoder(const EncodeRequest& request) {
  return std::make_unique<PngEncoder>(request);
}

}  // namespace photo_core
