// The payload rules on any bytes: the first byte chooses the table.
#include <cstdlib>
#include <string_view>

#include <photo_core/payload.hpp>

#include "fuzz.hpp"

int photo_fuzz(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto table = static_cast<photo_core::PayloadTable>(bytes[0] % 4);
  const std::string_view json(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const photo_core::PayloadVerdict verdict = photo_core::check_row(table, json);
  // What was accepted once is accepted again, unchanged: a payload is its own payload.
  if (verdict.ok() && photo_core::check_row(table, verdict.payload).payload != verdict.payload) std::abort();
  return 0;
}
