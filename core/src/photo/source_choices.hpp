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

// Whether a file of this format that is made of the picture can hold its profile: one of gray goes with gray samples,
// which WebP and pictures with alpha are not made with, and PNG wants no other with them (11.3.2.3).
bool can_hold_profile(const Inspected& inspected, OutputFormat format);

// What an Exif that lies in the source's own file says of it.
ExifForm stored_form(const Inspected& inspected, bool keeps_profile);

// The profile that goes into the photo; empty when none does.
ByteView kept_profile(const Inspected& inspected, const PrepareOptions& options);

// The source's own file in a clean container.
Result<Bytes> scrub(const Inspected& inspected, ByteView source, const ScrubKeep& keep);

// To sRGB, or null when the colours stay. Views the source's profile: `inspected` must outlive it.
std::unique_ptr<ColourTransform> make_transform(const Inspected& inspected, const PrepareOptions& options);

// The light that the source's samples stand for where they are averaged in it, as in ResizeMap.
std::unique_ptr<const LightTables> light_of(const Inspected& inspected, const PrepareOptions& options);

// A gray frame by the source's profile to sRGB: a thumbnail beside a photo that keeps the profile.
void convert_gray(Frame& frame, const Inspected& inspected);

// What is or may become WebP is made no larger than one can be.
void limit_edges(PrepareOptions& options, bool has_alpha);

}  // namespace photo_core
