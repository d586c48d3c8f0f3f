// WebP encoded with libwebp 1.5.0, lossy, from planes: no RGB in between where the picture is opaque.
#include <algorithm>
#include <array>
#include <memory>

#include "src/webp/encode.h"

#include "base/buffer.hpp"
#include "codec/encoder.hpp"
#include "codec/webp_alpha.hpp"

namespace photo_core {
namespace {

// Speed against size, 0 to 6. Ten photos of the corpus as 400-pixel thumbnails, quality 75: method 2 takes 3.8 ms,
// 14.3 kB, 33.2 dB; 4 takes 8.9 ms, 13.7 kB, 33.4 dB. At 2000 pixels, quality 82: 76 ms, 213 kB, 38.4 dB against 176
// ms, 205 kB, 38.7 dB. So a thumbnail is made fast and a photo small.
constexpr int quick_method = 2;
constexpr int photo_method = 4;

Error no_memory() { return fail(ErrorCode::out_of_memory, "WebP encoder"); }

// JFIF's full range to the limited range of VP8 (RFC 6386, 9.2: BT.601).
using Table = std::array<std::uint8_t, 256>;
constexpr Table limited_luma = [] {
  Table table{};
  for (int i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(16 + (i * 219 + 127) / 255);
  return table;
}();
constexpr Table limited_chroma = [] {
  Table table{};
  for (int i = 0; i < 256; ++i) {
    const int scaled = (i - 128) * 224 * 2;  // twice the value times 255, to round half away from zero
    table[i] = static_cast<std::uint8_t>(128 + (scaled + (scaled < 0 ? -255 : 255)) / 510);
  }
  return table;
}();

void convert_row(const Table& table, const std::uint8_t* from, std::uint32_t width, std::uint8_t* to) {
  for (std::uint32_t x = 0; x < width; ++x) to[x] = table[from[x]];
}

// BT.601, limited range, 16-bit fixed point. Chroma takes the sums of four samples.
constexpr int round_16 = 1 << 15;
inline std::uint8_t luma_of(int r, int g, int b) {
  return static_cast<std::uint8_t>((16839 * r + 33059 * g + 6420 * b + (16 << 16) + round_16) >> 16);
}
inline std::uint8_t chroma_of(int weighted_sum) {
  const int value = (weighted_sum + (128 << 18) + (1 << 17)) >> 18;
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

struct RgbaRow {
  std::array<const std::uint8_t*, 4> plane{};  // red, green, blue, alpha
};

// Two rows of luma (the same row twice at an odd end) and their row of chroma. A sample that cannot be seen does not
// count for chroma, so that what lies under transparency never tints an edge.
void convert_rgba_rows(const RgbaRow& top, const RgbaRow& bottom, std::uint32_t width, std::uint8_t* y_top,
                       std::uint8_t* y_bottom, std::uint8_t* u, std::uint8_t* v) {
  for (std::uint32_t x = 0; x < width; ++x) {
    y_top[x] = luma_of(top.plane[0][x], top.plane[1][x], top.plane[2][x]);
    if (y_bottom != nullptr) y_bottom[x] = luma_of(bottom.plane[0][x], bottom.plane[1][x], bottom.plane[2][x]);
  }
  for (std::uint32_t i = 0; i < (width + 1) / 2; ++i) {
    const std::uint32_t left = 2 * i, right = std::min(2 * i + 1, width - 1);
    const auto& a = top.plane[3];
    const auto& b = bottom.plane[3];
    const int weight = a[left] + a[right] + b[left] + b[right];
    std::array<int, 3> sum{};  // of four samples
    for (int c = 0; c < 3; ++c) {
      const std::uint8_t* const t = top.plane[c];
      const std::uint8_t* const l = bottom.plane[c];
      const bool is_flat = weight == 4 * 255 || weight == 0;
      sum[c] =
          is_flat
              ? t[left] + t[right] + l[left] + l[right]
              : (4 * (t[left] * a[left] + t[right] * a[right] + l[left] * b[left] + l[right] * b[right]) + weight / 2) /
                    weight;
    }
    u[i] = chroma_of(-9719 * sum[0] - 19081 * sum[1] + 28800 * sum[2]);
    v[i] = chroma_of(28800 * sum[0] - 24116 * sum[1] - 4684 * sum[2]);
  }
}

void append_chunk(Bytes& out, std::string_view type, ByteView data) {
  out.insert(out.end(), type.begin(), type.end());
  append_le32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (data.size() % 2 != 0) out.push_back(0);
}

constexpr std::size_t chunk_bytes(std::size_t data_bytes) { return 8 + data_bytes + data_bytes % 2; }

class WebpEncoder final : public Encoder {
 public:
  explicit WebpEncoder(const EncodeRequest& request) : request_(request) {}
  ~WebpEncoder() override { WebPPictureFree(&picture_); }
  WebpEncoder(const WebpEncoder&) = delete;
  WebpEncoder& operator=(const WebpEncoder&) = delete;

  PlaneLayout wanted(const PlaneLayout& source) const override {
    PlaneLayout layout = source;
    layout.h_subsampling = layout.v_subsampling = 1;
    if (source.has_alpha) {
      if (source.model == ColorModel::ycc) layout.model = ColorModel::rgb;
    } else if (source.model != ColorModel::gray) {
      layout.model = ColorModel::ycc;
      layout.h_subsampling = layout.v_subsampling = 2;
    }
    return layout;
  }

  Status begin(const PlaneLayout& layout) override {
    layout_ = layout;
    exif_ = request_.exif_of(layout);
    if (layout.width_px > webp_max_side_px || layout.height_px > webp_max_side_px) {
      return fail_limit(ErrorCode::invalid_option, webp_max_side_px, std::max(layout.width_px, layout.height_px),
                        "WebP: a side beyond 16383 pixels");
    }
    if (!WebPPictureInit(&picture_)) return fail(ErrorCode::internal, "libwebp of another version");
    picture_.width = static_cast<int>(layout.width_px);
    picture_.height = static_cast<int>(layout.height_px);
    picture_.use_argb = 0;
    picture_.colorspace = layout.has_alpha ? WEBP_YUV420A : WEBP_YUV420;
    if (!WebPPictureAlloc(&picture_)) return no_memory();
    if (layout.model == ColorModel::gray) {
      const std::size_t chroma_rows = (layout.height_px + 1) / 2;
      std::memset(picture_.u, 128, static_cast<std::size_t>(picture_.uv_stride) * chroma_rows);
      std::memset(picture_.v, 128, static_cast<std::size_t>(picture_.uv_stride) * chroma_rows);
    }
    if (layout.model == ColorModel::rgb && !held_row_.allocate(std::size_t{4} * layout.width_px)) return no_memory();
    return {};
  }

  Status rows(const Band& band) override {
    request_.turn();
    const std::array<std::uint8_t*, 3> planes = {picture_.y, picture_.u, picture_.v};
    const std::array<int, 3> strides = {picture_.y_stride, picture_.uv_stride, picture_.uv_stride};
    if (layout_.has_alpha) {
      const PlaneRows& alpha = band.planes[layout_.plane_count() - 1];
      for (std::uint32_t i = 0; i < alpha.row_count; ++i) {
        const std::uint32_t y = alpha.first_row + i;
        std::memcpy(picture_.a + std::ptrdiff_t{picture_.a_stride} * y, alpha.row(y), layout_.width_px);
      }
    }
    if (layout_.model == ColorModel::rgb) {
      take_rgba_rows(band);
      return {};
    }
    for (int plane = 0; plane < color_plane_count(layout_.model); ++plane) {
      const PlaneRows& from = band.planes[plane];
      for (std::uint32_t i = 0; i < from.row_count; ++i) {
        const std::uint32_t y = from.first_row + i;
        convert_row(plane == 0 ? limited_luma : limited_chroma, from.row(y), layout_.plane_width(plane),
                    planes[plane] + std::ptrdiff_t{strides[plane]} * y);
      }
    }
    return {};
  }

  Result<Bytes> finish() override {
    WebPConfig config;
    if (!WebPConfigInit(&config)) return fail(ErrorCode::internal, "libwebp of another version");
    config.quality = static_cast<float>(std::clamp<double>(request_.quality, 1, 100));
    const bool is_thumbnail = std::uint64_t{layout_.width_px} * layout_.height_px <= webp_quick_pixels;
    const bool is_quick = request_.is_estimate || (is_thumbnail && !request_.is_limited);
    config.method = is_quick ? quick_method : photo_method;
    GrowingBuffer alpha;
    if (layout_.has_alpha) {
      if (!webp_pack_alpha(picture_.a, static_cast<std::size_t>(picture_.a_stride), layout_.width_px, layout_.height_px,
                           alpha)) {
        return no_memory();
      }
      // What nobody sees becomes cheap; then libwebp gets an opaque picture.
      WebPCleanupTransparentArea(&picture_);
      picture_.colorspace = WEBP_YUV420;
      picture_.a = nullptr;
      picture_.a_stride = 0;
    }
    GrowingBuffer written;
    picture_.custom_ptr = &written;
    picture_.writer = [](const std::uint8_t* data, std::size_t size, const WebPPicture* picture) {
      return static_cast<GrowingBuffer*>(picture->custom_ptr)->append(data, size) ? 1 : 0;
    };
    picture_.user_data = const_cast<EncodeRequest*>(&request_);
    picture_.progress_hook = [](int, const WebPPicture* picture) {
      static_cast<const EncodeRequest*>(picture->user_data)->turn();
      return 1;
    };
    int ok = WebPEncode(&config, &picture_);
    if (ok == 0 && picture_.error_code == VP8_ENC_ERROR_PARTITION0_OVERFLOW) {
      // The modes of a large picture may fill more than the 512 KiB of the first partition: let them be coarser.
      config.partition_limit = 100;
      if (written.size() != 0) return fail(ErrorCode::internal, "WebP: written before it failed");
      ok = WebPEncode(&config, &picture_);
    }
    if (ok == 0) {
      switch (picture_.error_code) {
        case VP8_ENC_ERROR_OUT_OF_MEMORY:
        case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
        case VP8_ENC_ERROR_BAD_WRITE: return no_memory();
        default: return fail(ErrorCode::internal, "WebP encoder: error " + std::to_string(picture_.error_code));
      }
    }
    WebPPictureFree(&picture_);
    return wrap({written.data(), written.size()}, {alpha.data(), alpha.size()});
  }

 private:
  void take_rgba_rows(const Band& band) {
    const std::uint32_t width = layout_.width_px;
    const PlaneRows& first = band.planes[0];
    for (std::uint32_t i = 0; i < first.row_count; ++i) {
      const std::uint32_t y = first.first_row + i;
      RgbaRow row;
      for (int plane = 0; plane < 4; ++plane) row.plane[plane] = band.planes[plane].row(y);
      const bool is_upper = y % 2 == 0;
      if (is_upper && y + 1 < layout_.height_px) {
        for (int plane = 0; plane < 4; ++plane)
          std::memcpy(held_row_.data() + std::size_t{width} * plane, row.plane[plane], width);
        continue;
      }
      RgbaRow top = row;
      if (!is_upper) {
        for (int plane = 0; plane < 4; ++plane) top.plane[plane] = held_row_.data() + std::size_t{width} * plane;
      }
      std::uint8_t* const luma = picture_.y + std::ptrdiff_t{picture_.y_stride} * (y - y % 2);
      const std::ptrdiff_t chroma = std::ptrdiff_t{picture_.uv_stride} * (y / 2);
      convert_rgba_rows(top, row, width, luma, is_upper ? nullptr : luma + picture_.y_stride, picture_.u + chroma,
                        picture_.v + chroma);
    }
  }

  // libwebp's file with alpha, a profile and Exif added when there are any (WebP Container Specification: ICCP and ALPH
  // before the picture, EXIF behind it, all announced in VP8X).
  Result<Bytes> wrap(ByteView file, ByteView alpha) const {
    const bool is_extended = !request_.icc_profile.empty() || !exif_.empty() || !alpha.empty();
    std::size_t size = file.size() + (is_extended ? chunk_bytes(10) : 0);
    for (const ByteView data : {request_.icc_profile, alpha, ByteView(exif_)})
      size += data.empty() ? 0 : chunk_bytes(data.size());
    if (!can_allocate(size)) return no_memory();
    Bytes out;
    out.reserve(size);
    append(out, slice(file, 0, 4));
    append_le32(out, static_cast<std::uint32_t>(size - 8));
    append(out, slice(file, 8, 4));
    if (is_extended) {
      const std::uint32_t width = layout_.width_px - 1, height = layout_.height_px - 1;
      const auto byte = [](std::uint32_t value, int shift) { return static_cast<std::uint8_t>(value >> shift); };
      const int flags =
          (request_.icc_profile.empty() ? 0 : 0x20) | (alpha.empty() ? 0 : 0x10) | (exif_.empty() ? 0 : 0x08);
      const std::array<std::uint8_t, 10> extended = {static_cast<std::uint8_t>(flags),
                                                     0,
                                                     0,
                                                     0,
                                                     byte(width, 0),
                                                     byte(width, 8),
                                                     byte(width, 16),
                                                     byte(height, 0),
                                                     byte(height, 8),
                                                     byte(height, 16)};
      append_chunk(out, "VP8X", extended);
    }
    if (!request_.icc_profile.empty()) append_chunk(out, "ICCP", request_.icc_profile);
    if (!alpha.empty()) append_chunk(out, "ALPH", alpha);
    append(out, slice(file, 12));
    if (!exif_.empty()) append_chunk(out, "EXIF", exif_);
    return out;
  }

  const EncodeRequest request_;
  PlaneLayout layout_;
  Bytes exif_;
  WebPPicture picture_{};
  Buffer held_row_;  // red, green, blue, alpha of an even row that waits for the odd one below
};

}  // namespace

std::unique_ptr<Encoder> make_webp_encoder(const EncodeRequest& request) {
  return std::make_unique<WebpEncoder>(request);
}

}  // namespace photo_core
