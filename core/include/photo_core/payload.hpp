// Payloads: the row of one table, checked by the rules of the database and ready for an insert (a profile: an update).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <photo_core/errors.gen.hpp>

namespace photo_core {

enum class PayloadTable : std::uint8_t { project, photo, media_item, profile };

// The table of "project", "photo", "media-item" or "profile"; nothing for another name.
std::optional<PayloadTable> payload_table(std::string_view name);

// One thing that the database would refuse.
struct PayloadIssue {
  std::string path;  // JSON pointer (RFC 6901) into the document; "" is the document itself
  IssueCode code;
  std::string found;  // the type that is expected ("integer"), or the values that are possible; empty otherwise
  // The limit concerned and the value that broke it; NaN where there is none.
  double limit = std::numeric_limits<double>::quiet_NaN();
  double actual = std::numeric_limits<double>::quiet_NaN();
};

struct PayloadVerdict {
  // The row as JSON text: exactly the columns of the document, ids in PostgreSQL's own spelling, over-long text that
  // ends in spaces cut as varchar(n) cuts it, numbers as they were written. Empty when there are issues.
  std::string payload;
  std::vector<PayloadIssue> issues;

  bool ok() const { return issues.empty(); }
};

// Checks one document of untrusted bytes. Every problem is reported in one pass (the first thousand of them), except
// that text which is no JSON has one issue, `invalid_json` at "". Allocates about twenty times the document at worst.
PayloadVerdict check_row(PayloadTable table, std::string_view json);

// The same as JSON text: {"ok":true,"payload":{…},"issues":[]} or
// {"ok":false,"issues":[{"path","code","message","limit"?,"actual"?,"found"?}]}, the message in English.
std::string check_payload(PayloadTable table, std::string_view json);

}  // namespace photo_core
