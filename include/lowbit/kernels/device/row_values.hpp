// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of real numbers in a lane's registers, 16 bytes of memory at a time.
#pragma once
#include "../../core/scalar_traits.hpp"
#include "../../core/span.hpp"
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// Types with the bits of Same, which registers convert in one instruction.
template <class T, class Same>
inline constexpr bool same_bits =
    std::is_same_v<T, Same> || std::is_base_of_v<same_bits_traits<T, Same>, scalar_traits<T>>;
}  // namespace detail

/// A scalar as binary32, exact, and a binary32 rounded to it. As scalar_traits, but for the bits of
/// a NaN.
template <scalar T>
LOWBIT_HD inline float value_of_scalar(T x) {
  if constexpr (detail::same_bits<T, float16>)
    return half_low(bits_as<std::uint16_t>(x));
  else if constexpr (detail::same_bits<T, bfloat16>)
    return bits_as<float>(word(bits_as<std::uint16_t>(x)) << 16);
  else
    return scalar_traits<T>::to_float(x);
}
template <scalar T>
LOWBIT_HD inline T scalar_of_value(float x) {
  if constexpr (detail::same_bits<T, float16>)
    return bits_as<T>(std::uint16_t(halves(x, 0)));
  else if constexpr (detail::same_bits<T, bfloat16>)
    return bits_as<T>(std::uint16_t(bfloats(x, 0)));
  else
    return scalar_traits<T>::from_float(x);
}

/// Whether the rows of a matrix may be read and written 16 bytes at a time, from each column that
/// is a multiple of 16 bytes on.
template <class T>
LOWBIT_HD bool rows_are_aligned(const T* data, index_t stride) {
  return (reinterpret_cast<std::uintptr_t>(data) % 16 | std::uintptr_t(stride) * sizeof(T) % 16) ==
         0;
}

/// N values at an address that is a multiple of 16 bytes; nobody writes them while the kernel runs.
template <int N, scalar T>
LOWBIT_HD arr<float, N> load_values(const T* from) {
  constexpr int each = 16 / int(sizeof(T));
  static_assert(N % each == 0);
  arr<float, N> x;
  for (int i = 0; i < N / each; ++i) {
    const auto some = bits_as<arr<T, each>>(load_once(from + i * each));
    for (int k = 0; k < each; ++k) x[i * each + k] = value_of_scalar(some[k]);
  }
  return x;
}
template <int N, scalar T>
LOWBIT_HD void store_values(T* to, const arr<float, N>& x) {
  constexpr int each = 16 / int(sizeof(T));
  static_assert(N % each == 0);
  for (int i = 0; i < N / each; ++i) {
    arr<T, each> some;
    for (int k = 0; k < each; ++k) some[k] = scalar_of_value<T>(x[i * each + k]);
    store16(to + i * each, bits_as<words4>(some));
  }
}

/// Values c .. c + 7 of a row, c a multiple of 8; zero from column `end` on.
template <scalar T>
LOWBIT_HD arr<float, 8> load_chunk(const T* row, index_t c, index_t end, bool aligned) {
  if constexpr (16 % sizeof(T) == 0 && sizeof(T) > 1)
    if (aligned && c + 8 <= end) return load_values<8>(row + c);
  arr<float, 8> x;
  for (int i = 0; i < 8; ++i) x[i] = c + i < end ? value_of_scalar(row[c + i]) : 0;
  return x;
}

}  // namespace lowbit::inline LOWBIT_ABI
