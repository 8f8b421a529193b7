// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the arrays of a part live, and one way to walk over them.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A part writes its data once, as a template over the place: `typename Place::template array<T>`.
/// `owned` arrays are vectors, `borrowed` ones point at memory of any alignment.
struct owned {
  template <class T>
  using array = std::vector<T>;
};
struct borrowed {
  template <class T>
  using array = unaligned_span<T>;
};

/// What the bytes of an array are: becomes the dtype of a saved tensor. `unspecified`: bytes whose
/// giver does not say, taken as whatever is needed.
enum class element { unspecified, u8, u16, u32, u64, f16, bf16, f32, f8_e4m3, f8_e5m2, f8_e8m0 };
constexpr std::string_view element_name(element e) {
  constexpr std::string_view names[] = {"unspecified", "U8",  "U16",     "U32",     "U64", "F16",
                                        "BF16",        "F32", "F8_E4M3", "F8_E5M2", "F8_E8M0"};
  return names[static_cast<int>(e)];
}
constexpr index_t element_bytes(element e) {
  switch (e) {
    case element::u16:
    case element::f16:
    case element::bf16: return 2;
    case element::u32:
    case element::f32: return 4;
    case element::u64: return 8;
    default: return 1;
  }
}

/// The dotted name of an array, put together only when asked for. A root may have a name too: that
/// of a matrix among others.
struct path {
  const path* parent = nullptr;
  std::string_view name;

  bool is_root() const { return parent == nullptr; }
  path operator/(std::string_view child) const { return {this, child}; }
  std::string str() const {
    const std::string front = parent == nullptr ? std::string() : parent->str();
    return front.empty() ? std::string(name) : front + "." + std::string(name);
  }
};

// Every part has a static `each(visit, path, self...)` that calls
//   visit(path, element, array...)   for an array, and
//   visit.derived(field...)          for a field that follows from the shape.
// Given one part it lists, given an owned and a borrowed one it binds; views, saving, loading,
// upload, comparison and exact sizes are visitors of it.

namespace detail {
struct binder {
  template <class T>
  void operator()(const path&, element, const std::vector<T>& from, unaligned_span<T>& to) const {
    to = {from.data(), static_cast<index_t>(from.size())};
  }
  template <class T>
  void operator()(const path&, element, const T& from, T& to) const {
    to = from;  // a small state travels by value
  }
  template <class T>
  void derived(const T& from, T& to) const {
    to = from;
  }
};

struct owner {
  template <class T>
  void operator()(const path&, element, const unaligned_span<T>& from, std::vector<T>& to) const {
    to.resize(static_cast<std::size_t>(from.size()));
    if (from.size() > 0) __builtin_memcpy(to.data(), from.data(), to.size() * sizeof(T));
  }
  template <class T>
  void operator()(const path&, element, const T& from, T& to) const {
    to = from;
  }
  template <class T>
  void derived(const T& from, T& to) const {
    to = from;
  }
};
}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
