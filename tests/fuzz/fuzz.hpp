#pragma once

#include <cstddef>
#include <cstdint>

/// What one fuzz target tries with one input. Bytes are untrusted; a crash, a sanitizer report or a
/// broken promise (call abort) is the finding. Always returns 0.
int photo_fuzz(const std::uint8_t* bytes, std::size_t size);
