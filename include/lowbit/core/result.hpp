// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "error.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Why a parser gave up: the parts of an `error` before it is thrown.
struct failure {
  errc code;
  std::string argument;
  std::string problem;
};

/// A value, or the reason why there is none. Parsers return it, so that they run without
/// exceptions; entry points call `take()`, which throws the reason as `lowbit::error`.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_(std::move(value)) {}
  result(failure why) : why_(std::move(why)) {}

  explicit operator bool() const { return value_.has_value(); }
  const T& operator*() const& { return *value_; }
  T& operator*() & { return *value_; }
  const T* operator->() const { return &*value_; }
  T* operator->() { return &*value_; }
  /// The reason; only when there is no value.
  const failure& why() const { return *why_; }
  /// The value, or `fail` with the reason.
  T take() && {
    if (!value_) fail(why_->code, why_->argument, why_->problem);
    return *std::move(value_);
  }

 private:
  std::optional<T> value_;
  std::optional<failure> why_;
};

}  // namespace lowbit::inline LOWBIT_ABI
