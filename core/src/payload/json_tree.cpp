#include "payload/json_tree.hpp"

#include <algorithm>

#include <simdjson.h>

#include "payload/json_text.hpp"

namespace photo_core {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view json_spaces = " \t\n\r";

std::string_view trim(std::string_view token) {
  const std::size_t end = token.find_last_not_of(json_spaces);
  return end == std::string_view::npos ? std::string_view() : token.substr(0, end + 1);
}

// Reads a document level by level, with a stack of its own: depth costs no machine stack.
class TreeReader {
 public:
  TreeReader(JsonTree& tree, std::vector<PayloadIssue>& issues) : tree_(tree), issues_(issues) {}

  bool read(ondemand::document& document) {
    JsonNode root;
    const auto type = document.type();
    if (type.error()) return false;
    Level level;
    if (type.value_unsafe() == ondemand::json_type::object) {
      ondemand::object object;
      if (document.get_object().get(object)) return false;
      root.type = JsonType::object;
      if (object.begin().get(level.members)) return false;
    } else {
      ondemand::array array;
      if (document.get_array().get(array)) return false;
      root.type = JsonType::array;
      if (array.begin().get(level.elements)) return false;
    }
    tree_.nodes.push_back(root);
    levels_.push_back(level);
    while (!levels_.empty()) {
      if (!step()) return false;
    }
    // An iterator that met an error is not alive; one that has read all stands behind the last token.
    return document.is_alive() && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

 private:
  struct Level {
    std::uint32_t node = 0;
    std::uint32_t last_child = no_node;
    std::uint32_t count = 0;
    bool started = false;
    ondemand::object_iterator members;
    ondemand::array_iterator elements;
  };

  Level& top() { return levels_.back(); }

  // Reads one value of the innermost container, or closes it.
  bool step() {
    Level& level = top();
    const bool is_object = tree_.nodes[level.node].type == JsonType::object;
    if (level.started) {
      is_object ? static_cast<void>(++level.members) : static_cast<void>(++level.elements);
    }
    level.started = true;
    JsonNode node;
    ondemand::value value;
    if (is_object) {
      if (!(level.members != ondemand::object_iterator())) return close();
      ondemand::field field;
      if ((*level.members).get(field)) return false;
      node.key_at = static_cast<std::uint32_t>(tree_.text.size());
      if (!decode_json_string(field.key().raw(), tree_.text, node.invalid_text)) return false;
      node.key_size = static_cast<std::uint32_t>(tree_.text.size()) - node.key_at;
      value = field.value();
    } else {
      if (!(level.elements != ondemand::array_iterator())) return close();
      if ((*level.elements).get(value)) return false;
    }
    return add(node, value);
  }

  bool add(JsonNode node, ondemand::value& value) {
    const auto type = value.type();
    if (type.error()) return false;
    Level child;
    bool descend = false;
    switch (type.value_unsafe()) {
      case ondemand::json_type::object: {
        node.type = JsonType::object;
        ondemand::object object;
        if (value.get_object().get(object) || object.begin().get(child.members)) return false;
        descend = true;
        break;
      }
      case ondemand::json_type::array: {
        node.type = JsonType::array;
        ondemand::array array;
        if (value.get_array().get(array) || array.begin().get(child.elements)) return false;
        descend = true;
        break;
      }
      case ondemand::json_type::string: {
        node.type = JsonType::string;
        ondemand::raw_json_string raw;
        if (value.get_raw_json_string().get(raw)) return false;
        node.text_at = static_cast<std::uint32_t>(tree_.text.size());
        if (!decode_json_string(raw.raw(), tree_.text, node.invalid_text)) return false;
        node.text_size = static_cast<std::uint32_t>(tree_.text.size()) - node.text_at;
        break;
      }
      default:
        if (!read_scalar(node, trim(value.raw_json_token()))) return false;
    }
    const auto index = static_cast<std::uint32_t>(tree_.nodes.size());
    Level& level = top();
    (level.last_child == no_node ? tree_.nodes[level.node].first_child : tree_.nodes[level.last_child].next) = index;
    level.last_child = index;
    ++level.count;
    tree_.nodes.push_back(node);
    if (node.invalid_text) issues_.push_back({pointer(), IssueCode::invalid_text, {}});
    if (descend) {
      if (levels_.size() >= max_json_depth) return false;
      child.node = index;
      levels_.push_back(child);
    }
    return true;
  }

  bool read_scalar(JsonNode& node, std::string_view token) {
    if (token == "null") {
      node.type = JsonType::null;
    } else if (token == "true") {
      node.type = JsonType::boolean_true;
    } else if (token == "false") {
      node.type = JsonType::boolean_false;
    } else {
      if (!is_json_number(token)) return false;
      node.type = JsonType::number;
      node.has_overflow = numeric_characters(token) == 0;
      node.text_at = static_cast<std::uint32_t>(tree_.text.size());
      node.text_size = static_cast<std::uint32_t>(token.size());
      tree_.text.append(token);
    }
    return true;
  }

  bool close() {
    const Level level = top();
    levels_.pop_back();
    JsonNode& container = tree_.nodes[level.node];
    for (std::uint32_t i = container.first_child; i != no_node; i = tree_.nodes[i].next) {
      container.has_overflow |= tree_.nodes[i].has_overflow;
    }
    if (container.type == JsonType::object && level.count > 1) drop_earlier_duplicates(container);
    return true;
  }

  void drop_earlier_duplicates(JsonNode& object) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = object.first_child; i != no_node; i = tree_.nodes[i].next) order.push_back(i);
    const auto key = [&](std::uint32_t i) { return tree_.key(tree_.nodes[i]); };
    const auto sort = [&](bool by_key) {  // by place, or by key first
      std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        const int sign = by_key ? key(a).compare(key(b)) : 0;
        return sign != 0 ? sign < 0 : a < b;
      });
    };
    sort(true);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i + 1 == order.size() || key(order[i]) != key(order[i + 1])) order[kept++] = order[i];
    }
    if (kept == order.size()) return;
    order.resize(kept);
    sort(false);
    object.first_child = order.front();
    for (std::size_t i = 0; i < kept; ++i) tree_.nodes[order[i]].next = i + 1 < kept ? order[i + 1] : no_node;
  }

  // Where the node read last stands.
  std::string pointer() const {
    std::string result;
    for (const Level& level : levels_) {
      if (tree_.nodes[level.node].type == JsonType::object) {
        append_pointer(result, tree_.key(tree_.nodes[level.last_child]));
      } else {
        append_pointer(result, std::to_string(level.count - 1));
      }
    }
    return result;
  }

  JsonTree& tree_;
  std::vector<PayloadIssue>& issues_;
  std::vector<Level> levels_;
};

// A document that is one string, number or word: On-Demand has rules of its own for these.
bool parse_root_scalar(std::string_view text, JsonTree& tree, std::vector<PayloadIssue>& issues) {
  // As the only element of an array it is read by the same code as any other value.
  JsonTree wrapped;
  std::string array;
  array.reserve(text.size() + 2);
  array.append("[").append(text).append("]");
  std::vector<PayloadIssue> found;
  if (!parse_json(array, wrapped, found)) return false;
  const std::uint32_t first = wrapped.nodes[0].first_child;
  if (first == no_node || wrapped.nodes[first].next != no_node) return false;
  tree = std::move(wrapped);
  tree.nodes[0] = tree.nodes[first];
  for (PayloadIssue& issue : found) {
    issue.path.clear();
    issues.push_back(std::move(issue));
  }
  return true;
}

}  // namespace

bool parse_json(std::string_view json, JsonTree& tree, std::vector<PayloadIssue>& issues) {
  const std::size_t start = json.find_first_not_of(json_spaces);
  if (start == std::string_view::npos) return false;
  const std::string_view text = json.substr(start);
  if (text.front() != '{' && text.front() != '[') return parse_root_scalar(text, tree, issues);
  const simdjson::padded_string padded(text);
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded).get(document)) return false;
  std::vector<PayloadIssue> found;
  if (!TreeReader(tree, found).read(document)) return false;
  for (PayloadIssue& issue : found) issues.push_back(std::move(issue));
  return true;
}

void append_json(std::string& out, const JsonTree& tree, const JsonNode& node) {
  switch (node.type) {
    case JsonType::null: out.append("null"); return;
    case JsonType::boolean_false: out.append("false"); return;
    case JsonType::boolean_true: out.append("true"); return;
    case JsonType::number: out.append(tree.value(node)); return;
    case JsonType::string: append_json_string(out, tree.value(node)); return;
    case JsonType::object:
    case JsonType::array: break;
  }
  const bool is_object = node.type == JsonType::object;
  out.push_back(is_object ? '{' : '[');
  for (std::uint32_t i = node.first_child; i != no_node; i = tree.nodes[i].next) {
    if (i != node.first_child) out.push_back(',');
    if (is_object) {
      append_json_string(out, tree.key(tree.nodes[i]));
      out.push_back(':');
    }
    append_json(out, tree, tree.nodes[i]);
  }
  out.push_back(is_object ? '}' : ']');
}

}  // namespace photo_core
