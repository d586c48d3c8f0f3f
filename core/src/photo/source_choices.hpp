// What the state of a source allows: whether its own file may be the photo, and what happens to its colours.
#pragma once

#include <cstddef>
#include <memory>

#include <photo_core/prepare.hpp>

#include "codec/decoder.hpp"
#include "image/colour.hpp"
#include "image/resize_stage.hpp"
#include "photo/inspect.hpp"

namespace photo_core {

OutputFormat format_of(ImageFormat format);
ResizeSpace space_of(const PrepareOptions& options);

// Whether the source's own image data may be the photo (PrepareOptions::keep_original).
bool may_pass(const Inspected& inspected, std::size_t source_bytes, const PrepareOptions& options);

// To sRGB, or null when the colours stay. Views the source's profile: `inspected` must outlive it.
std::unique_ptr<ColourTransform> make_transform(const Inspected& inspected, const PrepareOptions& options);

}  // namespace photo_core
