// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstddef>
#include <string_view>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Characters known at compile time. The name of a part is a `text`, so that the name of a format
/// is put together by the compiler, never from the compiler's own spelling of types.
template <std::size_t N>
struct text {
  char items[N + 1] = {};  // one more, so that N = 0 is an array

  constexpr text() = default;
  constexpr text(const char (&s)[N + 1]) {
    for (std::size_t i = 0; i != N; ++i) items[i] = s[i];
  }
  static constexpr std::size_t size() { return N; }
  constexpr operator std::string_view() const { return {items, N}; }
};
template <std::size_t N>
text(const char (&)[N]) -> text<N - 1>;

template <std::size_t A, std::size_t B>
constexpr text<A + B> operator+(const text<A>& a, const text<B>& b) {
  text<A + B> joined;
  for (std::size_t i = 0; i != A; ++i) joined.items[i] = a.items[i];
  for (std::size_t i = 0; i != B; ++i) joined.items[A + i] = b.items[i];
  return joined;
}
template <std::size_t A, std::size_t B>
constexpr auto operator+(const text<A>& a, const char (&b)[B]) {
  return a + text<B - 1>(b);
}
template <std::size_t A, std::size_t B>
constexpr auto operator+(const char (&a)[A], const text<B>& b) {
  return text<A - 1>(a) + b;
}

/// The decimal digits of a number.
template <long long Value>
constexpr auto number_text() {
  constexpr unsigned long long bits = static_cast<unsigned long long>(Value),
                               size = Value < 0 ? 0 - bits : bits;
  constexpr std::size_t digits = [] {
    std::size_t n = 1;
    for (unsigned long long v = size; v >= 10; v /= 10) ++n;
    return n + (Value < 0);
  }();
  text<digits> out;
  unsigned long long v = size;
  for (std::size_t i = digits; i-- > std::size_t(Value < 0); v /= 10)
    out.items[i] = char('0' + v % 10);
  if (Value < 0) out.items[0] = '-';
  return out;
}

}  // namespace lowbit::inline LOWBIT_ABI
