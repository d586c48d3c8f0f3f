// A JSON document as a flat tree that keeps what doubles and maps lose: numbers as their text, the order of keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <photo_core/payload.hpp>

namespace photo_core {

enum class JsonType : std::uint8_t { null, boolean_false, boolean_true, number, string, object, array };

inline constexpr std::uint32_t no_node = UINT32_MAX;

struct JsonNode {
  JsonType type = JsonType::null;
  bool invalid_text = false;  // the key or the text had U+0000 or a lone surrogate
  bool has_overflow = false;  // here or below stands a number that PostgreSQL's numeric cannot hold
  std::uint32_t first_child = no_node;
  std::uint32_t next = no_node;  // the next element or member of the same parent
  // Where key and text (a decoded string, a number's token) stand in JsonTree::text.
  std::uint32_t key_at = 0, key_size = 0;
  std::uint32_t text_at = 0, text_size = 0;
};

struct JsonTree {
  std::vector<JsonNode> nodes;  // nodes[0] is the document
  std::string text;

  std::string_view key(const JsonNode& node) const { return std::string_view(text).substr(node.key_at, node.key_size); }
  std::string_view value(const JsonNode& node) const {
    return std::string_view(text).substr(node.text_at, node.text_size);
  }
};

// Levels of containers that are read at all; deeper documents are invalid_json.
inline constexpr std::size_t max_json_depth = 1024;

// Parses a whole document. Of equal keys in one object the last is kept, as jsonb does. False when it is no JSON (then
// `issues` is untouched); text that PostgreSQL cannot store is added to `issues` as invalid_text, replaced by U+FFFD.
bool parse_json(std::string_view json, JsonTree& tree, std::vector<PayloadIssue>& issues);

// Appends a node of the tree, without spaces. At most as deep as the stack allows: see limits::max_metadata_level.
void append_json(std::string& out, const JsonTree& tree, const JsonNode& node);

}  // namespace photo_core
