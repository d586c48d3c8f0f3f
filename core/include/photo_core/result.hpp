// Errors are values: every function of the core that can fail returns a Result.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <photo_core/errors.gen.hpp>

namespace photo_core {

// What went wrong, for the caller to show and to act on.
struct Error {
  ErrorCode code = ErrorCode::internal;
  // What was found, in English, for logs ("GIF", "Unsupported JPEG process: SOF 0xc3"). Never shown as a sentence;
  // the sentence comes from schema/contract/errors.json by `code`.
  std::string detail;
  // The limit concerned and the value that broke it, in the unit of the limit; NaN where the code has none.
  double limit = std::numeric_limits<double>::quiet_NaN();
  double actual = std::numeric_limits<double>::quiet_NaN();

  bool has_limit() const { return !std::isnan(limit); }
  bool has_actual() const { return !std::isnan(actual); }
};

// The two ways to make an Error. `limit` and `actual` are in the unit that the code has in schema/contract/errors.json.
inline Error fail(ErrorCode code, std::string detail = {}) { return Error{code, std::move(detail)}; }
inline Error fail_limit(ErrorCode code, double limit, double actual, std::string detail = {}) {
  return Error{code, std::move(detail), limit, actual};
}

// A value or an Error. `value()` may be called only when `ok()`.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace photo_core
