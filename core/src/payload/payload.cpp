#include <photo_core/payload.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include <photo_core/limits.gen.hpp>

#include "payload/columns.gen.hpp"
#include "payload/json_text.hpp"
#include "payload/json_tree.hpp"
#include "payload/text_rules.hpp"
#include "payload/texts.gen.hpp"

namespace photo_core {
namespace {

// A document of nothing but unknown fields would otherwise give more issues than it has bytes.
constexpr std::size_t max_issues = 1000;

std::span<const ColumnRule> columns_of(PayloadTable table) {
  switch (table) {
    case PayloadTable::project: return project_columns;
    case PayloadTable::photo: return photo_columns;
    case PayloadTable::media_item: return media_item_columns;
    case PayloadTable::profile: return profile_columns;
  }
  return {};
}

// The JSON type that a column takes, as wrong_type names it.
std::string_view expected_type(ColumnType type) {
  if (type == ColumnType::int4 || type == ColumnType::int8) return "integer";
  return type == ColumnType::i18n || type == ColumnType::object ? "object" : "string";
}

// Checks the columns of one document, one after the other, and writes the row beside.
class RowChecker {
 public:
  RowChecker(PayloadTable table, const JsonTree& tree, PayloadVerdict& verdict)
      : table_(table), columns_(columns_of(table)), tree_(tree), verdict_(verdict) {}

  void check() {
    const JsonNode& root = tree_.nodes[0];
    if (root.type != JsonType::object) {
      add("", IssueCode::wrong_type).found = "object";
      return;
    }
    given_.assign(columns_.size(), no_node);
    for (std::uint32_t i = root.first_child; i != no_node; i = tree_.nodes[i].next) {
      const std::size_t column = index_of(tree_.key(tree_.nodes[i]));
      if (column < columns_.size()) {
        given_[column] = i;
      } else if (!tree_.nodes[i].invalid_text) {
        add(pointer_to(tree_.key(tree_.nodes[i])), IssueCode::unknown_field);
      }
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) check_column(i);
    check_together();
    row_.push_back('}');
    if (verdict_.ok()) verdict_.payload = std::move(row_);
  }

 private:
  static std::string pointer_to(std::string_view name) {
    std::string pointer;
    append_pointer(pointer, name);
    return pointer;
  }

  PayloadIssue& add(std::string path, IssueCode code) {
    if (verdict_.issues.size() >= max_issues) return beyond_;
    return verdict_.issues.emplace_back(PayloadIssue{std::move(path), code, {}});
  }

  std::size_t index_of(std::string_view name) const {
    const auto found =
        std::find_if(columns_.begin(), columns_.end(), [&](const ColumnRule& rule) { return rule.name == name; });
    return static_cast<std::size_t>(found - columns_.begin());
  }

  // The column's value where the document has one that is not null.
  const JsonNode* value_of(std::string_view name) const {
    const std::size_t column = index_of(name);
    if (column >= columns_.size() || given_[column] == no_node) return nullptr;
    const JsonNode& node = tree_.nodes[given_[column]];
    return node.type == JsonType::null ? nullptr : &node;
  }

  // The same, for a text that PostgreSQL can store; empty otherwise.
  std::string_view text_of(std::string_view name) const {
    const JsonNode* node = value_of(name);
    return node != nullptr && node->type == JsonType::string && !node->invalid_text ? tree_.value(*node)
                                                                                    : std::string_view();
  }

  void write(const ColumnRule& rule, std::string_view json) {
    if (row_.size() > 1) row_.push_back(',');
    append_json_string(row_, rule.name);
    row_.push_back(':');
    row_.append(json);
  }

  void write_text(const ColumnRule& rule, std::string_view text) {
    std::string json;
    append_json_string(json, text);
    write(rule, json);
  }

  void check_column(std::size_t index) {
    const ColumnRule& rule = columns_[index];
    if (given_[index] == no_node) {
      if (rule.required) add(pointer_to(rule.name), IssueCode::required);
      return;
    }
    const JsonNode& node = tree_.nodes[given_[index]];
    if (node.type == JsonType::null) {
      if (rule.nullable) {
        write(rule, "null");
      } else {
        add(pointer_to(rule.name), IssueCode::required);
      }
      return;
    }
    const std::string_view type = expected_type(rule.type);
    const JsonType json_type = type == "integer"  ? JsonType::number
                               : type == "object" ? JsonType::object
                                                  : JsonType::string;
    if (node.type != json_type) {
      add(pointer_to(rule.name), IssueCode::wrong_type).found = type;
    } else if (json_type == JsonType::number) {
      check_integer(rule, tree_.value(node));
    } else if (json_type == JsonType::object) {
      rule.type == ColumnType::i18n ? check_i18n(rule, node) : check_object(rule, node);
    } else if (!node.invalid_text) {
      check_text(rule, tree_.value(node));
    }
  }

  // Integers are digits alone: int4in takes neither 3.0 nor 1e2.
  void check_integer(const ColumnRule& rule, std::string_view digits) {
    if (digits.find_first_of(".eE") != std::string_view::npos) {
      add(pointer_to(rule.name), IssueCode::wrong_type).found = "integer";
      return;
    }
    std::int64_t number = 0;
    const bool in_int64 = std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc();
    const bool too_small = in_int64 ? number < rule.min : digits.front() == '-';
    if (too_small || !in_int64 || number > rule.max) {
      PayloadIssue& issue = add(pointer_to(rule.name), IssueCode::out_of_range);
      issue.limit = static_cast<double>(too_small ? rule.min : rule.max);
      if (in_int64) issue.actual = static_cast<double>(number);
      return;
    }
    write(rule, std::to_string(number));
  }

  void check_i18n(const ColumnRule& rule, const JsonNode& object) {
    for (std::uint32_t i = object.first_child; i != no_node; i = tree_.nodes[i].next) {
      const JsonNode& node = tree_.nodes[i];
      if (node.invalid_text) continue;
      const std::string_view language = tree_.key(node);
      std::string pointer = pointer_to(rule.name);
      append_pointer(pointer, language);
      if (std::ranges::find(limits::languages, language) == std::end(limits::languages)) {
        add(std::move(pointer), IssueCode::unknown_field);
      } else if (node.type != JsonType::string) {
        add(std::move(pointer), IssueCode::wrong_type).found = "string";
      } else {
        check_length(rule, std::move(pointer), tree_.value(node));
      }
    }
    write_node(rule, object);
  }

  void check_object(const ColumnRule& rule, const JsonNode& object) {
    std::string pointer = pointer_to(rule.name);
    const std::size_t before = verdict_.issues.size();
    std::uint64_t written = 0;
    const bool fits = check_levels(object, 0, pointer, written);
    const bool unnamed = verdict_.issues.size() == before;  // in a member that a later one of the same name replaces
    if (!fits || (unnamed && (object.has_overflow || written > limits::max_payload_bytes))) {
      add(pointer_to(rule.name), IssueCode::invalid_json);
    }
    write_node(rule, object);
  }

  // Walks metadata: false where a value stands too deep; a number that numeric cannot hold is an issue of its own, and
  // all others together are counted as the database writes them.
  bool check_levels(const JsonNode& node, std::uint64_t level, std::string& pointer, std::uint64_t& written) {
    if (level > limits::max_metadata_level) return false;
    if (node.type == JsonType::number) {
      if (node.has_overflow) add(pointer, IssueCode::invalid_json);
      written += numeric_characters(tree_.value(node));
    }
    std::uint32_t index = 0;
    for (std::uint32_t i = node.first_child; i != no_node; i = tree_.nodes[i].next, ++index) {
      // Only what leads to an issue needs its name.
      const std::size_t length = pointer.size();
      if (tree_.nodes[i].has_overflow) {
        append_pointer(pointer,
                       node.type == JsonType::object ? std::string(tree_.key(tree_.nodes[i])) : std::to_string(index));
      }
      const bool fits = check_levels(tree_.nodes[i], level + 1, pointer, written);
      pointer.resize(length);
      if (!fits) return false;
    }
    return true;
  }

  void write_node(const ColumnRule& rule, const JsonNode& node) {
    if (!verdict_.ok()) return;
    std::string json;
    append_json(json, tree_, node);
    write(rule, json);
  }

  bool check_length(const ColumnRule& rule, std::string pointer, std::string_view text) {
    const std::size_t characters = rule.max_characters > 0 ? count_characters(text) : 0;
    if (characters <= rule.max_characters) return true;
    PayloadIssue& issue = add(std::move(pointer), IssueCode::too_long);
    issue.limit = rule.max_characters;
    issue.actual = static_cast<double>(characters);
    return false;
  }

  // With the values that would have been taken.
  void refuse_unknown(const ColumnRule& rule) {
    std::string& possible = add(pointer_to(rule.name), IssueCode::unknown_value).found;
    for (const std::string_view value : rule.values) possible.append(possible.empty() ? "" : ", ").append(value);
  }

  void check_text(const ColumnRule& rule, std::string_view text) {
    std::string canonical;
    const auto refuse = [&](IssueCode code) { add(pointer_to(rule.name), code); };
    switch (rule.type) {
      case ColumnType::uuid:
        canonical = canonical_uuid(text);
        if (canonical.empty()) return refuse(IssueCode::invalid_uuid);
        return write_text(rule, canonical);
      case ColumnType::one_of:
        if (std::ranges::find(rule.values, text) == rule.values.end()) return refuse_unknown(rule);
        break;
      case ColumnType::media_type:
        if (!is_media_type(text)) return refuse(IssueCode::unknown_value);
        break;
      case ColumnType::time_zone:
        if (!is_time_zone(text)) return refuse(IssueCode::unknown_value);
        break;
      case ColumnType::avatar:
        if (!is_https_url(text) && !is_object_path(text, 1)) return refuse(IssueCode::invalid_path);
        break;
      case ColumnType::path:
        if (!is_path(rule, text)) return refuse(IssueCode::invalid_path);
        break;
      case ColumnType::varchar:
        // varchar(n) cuts spaces, and only spaces, without an error.
        if (const std::string_view kept = first_characters(text, rule.max_characters);
            text.find_first_not_of(' ', kept.size()) == std::string_view::npos) {
          text = kept;
        }
        break;
      default: break;
    }
    if (!check_length(rule, pointer_to(rule.name), text)) return;
    if (rule.not_blank && is_blank(text)) return refuse(IssueCode::blank);
    write_text(rule, text);
  }

  bool is_media_type(std::string_view text) const {
    const std::string_view file_type = text_of("file_type");
    const bool is_image = std::ranges::find(limits::stored_types, text) != std::end(limits::stored_types);
    const bool is_video = std::ranges::find(limits::video_types, text) != std::end(limits::video_types);
    return (is_image && file_type != "video") || (is_video && file_type != "image");
  }

  // Photos stand in <user>/<project>/, media in <user>/; the folders must be those of the row itself, as far as the
  // row says, and a thumbnail stands beside its file.
  bool is_path(const ColumnRule& rule, std::string_view text) const {
    const bool is_photo = table_ == PayloadTable::photo;
    if (!is_object_path(text, is_photo ? 2 : 1)) return false;
    const std::string parent = canonical_uuid(text_of(is_photo ? "project_id" : "user_id"));
    if (!parent.empty() && path_folder(text, is_photo ? 1 : 0) != parent) return false;
    if (rule.name == "file_url") return true;
    const std::string_view file = text_of("file_url");
    return !is_object_path(file, is_photo ? 2 : 1) || path_folder(file, 0) == path_folder(text, 0);
  }

  // What one column alone cannot tell: a picture has both sides or neither.
  void check_together() {
    if (index_of("width") == columns_.size()) return;
    const bool has_width = value_of("width") != nullptr;
    if (has_width != (value_of("height") != nullptr)) add(has_width ? "/height" : "/width", IssueCode::required);
  }

  PayloadTable table_;
  std::span<const ColumnRule> columns_;
  const JsonTree& tree_;
  PayloadVerdict& verdict_;
  std::vector<std::uint32_t> given_;       // by column, the node of its value
  std::string row_ = std::string(1, '{');  // the row as it grows
  PayloadIssue beyond_{};                  // takes what is written about issues that are not kept
};

void append_number(std::string& out, double number) {
  char text[32];
  // The largest bigint is no double; the nearest one is beyond it.
  const std::int64_t whole = number < 0x1p63 ? static_cast<std::int64_t>(number) : INT64_MAX;
  const auto end = std::to_chars(text, text + sizeof text, whole);
  out.append(text, end.ptr);
}

// The English sentence, its placeholders filled. A remark in brackets goes when there is nothing to fill it with.
std::string sentence(const PayloadIssue& issue) {
  std::string text(issue_sentences[static_cast<std::size_t>(issue.code)]);
  const auto fill = [&](std::string_view hole, std::string_view with) {
    const std::size_t at = text.find(hole);
    if (at == std::string::npos) return;
    const std::size_t remark = with.empty() ? text.rfind(" (", at) : std::string::npos;
    if (remark == std::string::npos) {
      text.replace(at, hole.size(), with);
    } else {
      text.erase(remark, text.find(')', at) + 1 - remark);
    }
  };
  std::string limit;
  std::string actual;
  if (!std::isnan(issue.limit)) append_number(limit, issue.limit);
  if (!std::isnan(issue.actual)) append_number(actual, issue.actual);
  fill("{limit}", limit);
  fill("{actual}", actual);
  fill("{found}", issue.found);
  return text;
}

void append_issue(std::string& out, const PayloadIssue& issue) {
  out.append("{\"path\":");
  append_json_string(out, issue.path);
  out.append(",\"code\":");
  append_json_string(out, code_name(issue.code));
  out.append(",\"message\":");
  append_json_string(out, sentence(issue));
  if (!std::isnan(issue.limit)) {
    out.append(",\"limit\":");
    append_number(out, issue.limit);
  }
  if (!std::isnan(issue.actual)) {
    out.append(",\"actual\":");
    append_number(out, issue.actual);
  }
  if (!issue.found.empty()) {
    out.append(",\"found\":");
    append_json_string(out, issue.found);
  }
  out.push_back('}');
}

}  // namespace

std::optional<PayloadTable> payload_table(std::string_view name) {
  constexpr std::string_view names[] = {"project", "photo", "media-item", "profile"};
  const auto found = std::ranges::find(names, name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<PayloadTable>(found - std::begin(names));
}

PayloadVerdict check_row(PayloadTable table, std::string_view json) {
  PayloadVerdict verdict;
  JsonTree tree;
  if (json.size() > limits::max_payload_bytes || !parse_json(json, tree, verdict.issues)) {
    verdict.issues.push_back({"", IssueCode::invalid_json, {}});
    return verdict;
  }
  if (verdict.issues.size() > max_issues) verdict.issues.resize(max_issues);
  RowChecker(table, tree, verdict).check();
  return verdict;
}

std::string check_payload(PayloadTable table, std::string_view json) {
  const PayloadVerdict verdict = check_row(table, json);
  std::string out = verdict.ok() ? "{\"ok\":true,\"payload\":" : "{\"ok\":false";
  out.append(verdict.payload).append(",\"issues\":[");
  for (std::size_t i = 0; i < verdict.issues.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_issue(out, verdict.issues[i]);
  }
  out.append("]}");
  return out;
}

}  // namespace photo_core
