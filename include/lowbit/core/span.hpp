// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

using index_t = std::int64_t;  // sizes and positions; signed, so that differences are safe
using code_t = std::uint32_t;  // one code in the low bits

/// a / b rounded up, for a >= 0 and b > 0.
LOWBIT_HD constexpr index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }
LOWBIT_HD constexpr index_t min_of(index_t a, index_t b) { return a < b ? a : b; }

/// Contiguous elements owned by somebody else. Our own type because a view must be one class for
/// .cpp and .cu files, and std::span's functions are not callable in device code.
template <class T>
class span {
 public:
  constexpr span() = default;
  LOWBIT_HD constexpr span(T* data, index_t size) : data_(data), size_(size) {}
  /// From anything with data() and size(): vectors, arrays, std::span.
  template <class Range>
    requires(!std::is_same_v<std::remove_cvref_t<Range>, span> &&
             requires(Range& r) {
               { r.data() } -> std::convertible_to<T*>;
               { r.size() } -> std::convertible_to<std::size_t>;
             })
  constexpr span(Range&& r) : data_(r.data()), size_(static_cast<index_t>(r.size())) {}
  template <std::size_t N>
  constexpr span(T (&array)[N]) : data_(array), size_(static_cast<index_t>(N)) {}

  LOWBIT_HD constexpr T* data() const { return data_; }
  LOWBIT_HD constexpr index_t size() const { return size_; }
  LOWBIT_HD constexpr bool empty() const { return size_ == 0; }
  LOWBIT_HD constexpr T& operator[](index_t i) const { return data_[i]; }
  LOWBIT_HD constexpr T* begin() const { return data_; }
  LOWBIT_HD constexpr T* end() const { return data_ + size_; }
  LOWBIT_HD constexpr span part(index_t first, index_t count) const {
    return {data_ + first, count};
  }

 private:
  T* data_ = nullptr;
  index_t size_ = 0;
};

template <class Range>
span(Range&& r) -> span<std::remove_pointer_t<decltype(r.data())>>;

/// Read-only elements at any address, aligned or not: what a view keeps into a mapped file.
/// Element i is loaded bytewise (one move on x86 and Arm).
template <class T>
class unaligned_span {
 public:
  constexpr unaligned_span() = default;
  LOWBIT_HD constexpr unaligned_span(const void* data, index_t size) : data_(data), size_(size) {}

  LOWBIT_HD const void* data() const { return data_; }
  LOWBIT_HD constexpr index_t size() const { return size_; }
  LOWBIT_HD T operator[](index_t i) const {
    T value;
    __builtin_memcpy(&value, static_cast<const unsigned char*>(data_) + i * index_t(sizeof(T)),
                     sizeof(T));
    return value;
  }

 private:
  const void* data_ = nullptr;
  index_t size_ = 0;
};

}  // namespace lowbit::inline LOWBIT_ABI
