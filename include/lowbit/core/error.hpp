// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What kind of mistake an `error` reports.
enum class errc {
  bad_argument,    // a value outside its documented range
  not_finite,      // NaN or infinity where a number is needed
  shape_mismatch,  // two sizes that must agree do not
  overlap,         // input and output share memory
  out_of_range,    // an index does not fit its type or its table
  corrupted,       // stored bytes that break their own rules
  unsupported,     // valid, but not known to this version
  io,              // the operating system refused
  device           // CUDA refused, or there is no device that can do it
};

/// The one exception of the library. `what()` reads "lowbit: <argument>: <problem>": the argument
/// at fault, its value, and what was expected. Thrown before the first write to any output. It is
/// one line, whatever names a file gives to things: control characters become question marks.
class __attribute__((visibility("default"))) error : public std::runtime_error {
 public:
  error(errc code, std::string argument, const std::string& problem)
      : std::runtime_error("lowbit: " + argument + ": " + problem),
        code_(code),
        argument_(std::move(argument)) {}
  errc code() const noexcept { return code_; }
  const std::string& argument() const noexcept { return argument_; }

 private:
  errc code_;
  std::string argument_;
};

/// Called instead of throwing where exceptions are off. It must not return (longjmp, exit of the
/// host program, an endless loop); if it does, the program traps.
using error_handler = void (*)(errc code, const char* argument, const char* what);

namespace detail {
inline error_handler& current_error_handler() {
  static error_handler handler = nullptr;
  return handler;
}

inline std::string to_text(std::string_view s) { return std::string(s); }
inline std::string to_text(const char* s) { return s; }
inline std::string to_text(const std::string& s) { return s; }
inline std::string to_text(char c) { return std::string(1, c); }
template <class T>
  requires requires(T v) { std::to_string(v); }
std::string to_text(T v) { return std::to_string(v); }
}  // namespace detail

namespace detail {
inline std::string one_line(std::string s) {
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return s;
}
}  // namespace detail

/// Installs the handler for builds without exceptions; returns the one before. Not thread-safe.
/// There is one per program, and one per shared library that hides its symbols.
inline error_handler set_error_handler(error_handler handler) {
  error_handler before = detail::current_error_handler();
  detail::current_error_handler() = handler;
  return before;
}

/// The text of its parts, one after the other: for messages.
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string all;
  ((all += detail::to_text(parts)), ...);
  return all;
}

/// Reports an error: throws `error`, or calls the handler where exceptions are off.
[[noreturn]] inline void fail(errc code, std::string argument, const std::string& problem) {
  argument = detail::one_line(std::move(argument));
#if LOWBIT_EXCEPTIONS
  throw error(code, std::move(argument), detail::one_line(problem));
#else
  if (detail::current_error_handler() != nullptr)
    detail::current_error_handler()(
        code, argument.c_str(),
        message("lowbit: ", argument, ": ", detail::one_line(problem)).c_str());
  __builtin_trap();
#endif
}

}  // namespace lowbit::inline LOWBIT_ABI
