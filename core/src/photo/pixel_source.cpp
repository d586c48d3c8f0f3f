#include "photo/pixel_source.hpp"

#include <algorithm>
#include <vector>

namespace photo_core {
namespace {

constexpr std::uint32_t band_rows = 8;

class PixelSource final : public Decoder {
 public:
  PixelSource(ByteView rgba, std::uint32_t width_px, std::uint32_t height_px) : rgba_(rgba) {
    info_.format = ImageFormat::png;
    info_.width_px = width_px;
    info_.height_px = height_px;
    for (std::size_t i = 3; i < rgba_.size() && !info_.has_alpha; i += 4) info_.has_alpha = rgba_[i] != 255;
    info_.decode_bytes = std::uint64_t{width_px} * band_rows * 4;
  }
  const ImageInfo& info() const override { return info_; }
  Result<PlaneLayout> start(const DecodeRequest&) override {
    layout_ = {ColorModel::rgb, info_.has_alpha, info_.width_px, info_.height_px};
    for (auto& rows : rows_) rows.resize(std::size_t{info_.width_px} * band_rows);
    return layout_;
  }
  Result<Band> next() override {
    Band band;
    const std::uint32_t count = std::min(band_rows, info_.height_px - next_row_);
    const std::uint8_t* in = rgba_.data() + std::size_t{next_row_} * info_.width_px * 4;
    const std::size_t samples = std::size_t{count} * info_.width_px;
    for (int plane = 0; plane < layout_.plane_count(); ++plane) {
      for (std::size_t i = 0; i < samples; ++i) rows_[plane][i] = in[4 * i + plane];
      band.planes[plane] = {rows_[plane].data(), info_.width_px, next_row_, count};
    }
    next_row_ += count;
    return band;
  }

 private:
  ByteView rgba_;
  ImageInfo info_;
  PlaneLayout layout_;
  std::array<std::vector<std::uint8_t>, max_planes> rows_;
  std::uint32_t next_row_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_pixel_source(ByteView rgba, std::uint32_t width_px, std::uint32_t height_px) {
  return std::make_unique<PixelSource>(rgba, width_px, height_px);
}

}  // namespace photo_core
