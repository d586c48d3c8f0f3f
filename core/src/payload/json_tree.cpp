#include "payload/json_tree.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <simdjson.h>

namespace photo_core {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr std::string_view json_spaces = " \t\n\r";

std::string_view trim(std::string_view token) {
  const std::size_t end = token.find_last_not_of(json_spaces);
  return end == std::string_view::npos ? std::string_view() : token.substr(0, end + 1);
}

// RFC 8259, section 6. On-Demand hands over whatever stands between two structural characters.
bool is_json_number(std::string_view token) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < token.size() && is_digit(token[i])) ++i;
    return i - start;
  };
  if (i < token.size() && token[i] == '-') ++i;
  const std::size_t start = i;
  const std::size_t count = digits();
  if (count == 0 || (count > 1 && token[start] == '0')) return false;
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == token.size();
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The UTF-16 unit of four hexadecimal digits, or -1.
int utf16_unit(const char* p) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(p[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  int shift = c < 0x800 ? 6 : c < 0x10000 ? 12 : 18;
  out.push_back(static_cast<char>((shift == 6 ? 0xc0 : shift == 12 ? 0xe0 : 0xf0) | c >> shift));
  while (shift > 0) {
    shift -= 6;
    out.push_back(static_cast<char>(0x80 | (c >> shift & 0x3f)));
  }
}

// Decodes the string whose first character is at `p`; stage 1 has seen that it is closed, UTF-8 and free of control
// characters. False when an escape is none; `invalid` when the text is one that PostgreSQL cannot store.
bool decode_string(const char* p, std::string& out, bool& invalid) {
  while (true) {
    const char* run = p;
    while (*p != '"' && *p != '\\') ++p;
    out.append(run, p);
    if (*p == '"') return true;
    const char escape = p[1];
    p += 2;
    if (escape != 'u') {
      constexpr std::string_view from = "\"\\/bfnrt";
      const std::size_t index = from.find(escape);
      if (index == std::string_view::npos) return false;
      out.push_back("\"\\/\b\f\n\r\t"[index]);
      continue;
    }
    const int unit = utf16_unit(p);
    if (unit < 0) return false;
    p += 4;
    std::uint32_t c = static_cast<std::uint32_t>(unit);
    if (c >= 0xd800 && c < 0xe000) {
      const int low = c < 0xdc00 && p[0] == '\\' && p[1] == 'u' ? utf16_unit(p + 2) : -1;
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
        p += 6;
      } else {
        c = 0;
      }
    }
    if (c == 0) {
      invalid = true;
      c = 0xfffd;
    }
    append_utf8(out, c);
  }
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
      if (!decode_string(field.key().raw(), tree_.text, node.invalid_text)) return false;
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
        if (!decode_string(raw.raw(), tree_.text, node.invalid_text)) return false;
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
      node.has_overflow = !fits_numeric(token);
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
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      const int sign = key(a).compare(key(b));
      return sign != 0 ? sign < 0 : a < b;
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i + 1 == order.size() || key(order[i]) != key(order[i + 1])) order[kept++] = order[i];
    }
    if (kept == order.size()) return;
    order.resize(kept);
    std::sort(order.begin(), order.end());
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

bool fits_numeric(std::string_view number) {
  constexpr long long max_exponent = std::numeric_limits<std::int32_t>::max() / 2;
  constexpr long long max_digits_before_point = 131'072;
  constexpr long long max_digits_after_point = 16'383;
  if (number.front() == '-') number.remove_prefix(1);
  const std::size_t mantissa_end = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, mantissa_end);
  long long exponent = 0;
  if (mantissa_end < number.size()) {
    const char* first = number.data() + mantissa_end + 1;
    if (*first == '+') ++first;
    if (std::from_chars(first, number.data() + number.size(), exponent).ec != std::errc()) return false;
    if (exponent >= max_exponent || exponent <= -max_exponent) return false;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const long long after_point = point < mantissa.size() ? static_cast<long long>(mantissa.size() - point - 1) : 0;
  if (after_point - exponent > max_digits_after_point) return false;
  const std::size_t nonzero = mantissa.find_first_not_of("0.");
  if (nonzero == std::string_view::npos) return true;
  // Digits before the point once the exponent has moved it; negative when zeros follow the point.
  const auto at = static_cast<long long>(nonzero);
  const auto point_at = static_cast<long long>(point);
  const long long before_point = at < point_at ? point_at - at : point_at - at + 1;
  return before_point + exponent <= max_digits_before_point;
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer.push_back('/');
  for (const char c : name) {
    if (c == '~') {
      pointer.append("~0");
    } else if (c == '/') {
      pointer.append("~1");
    } else {
      pointer.push_back(c);
    }
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(digits[c >> 4]);
      out.push_back(digits[c & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
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
