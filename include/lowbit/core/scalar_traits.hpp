// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <concepts>
#include <type_traits>

#include "bfloat16.hpp"
#include "float16.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How a real type enters and leaves the library. Specialise it for a type of your own:
///   LOWBIT_HD static float to_float(T);    exact
///   LOWBIT_HD static T from_float(float);  rounds once, to nearest, ties to even
/// Foreign 16-bit floats have the bits of float16 or bfloat16, and one line is enough:
///   template <> struct lowbit::scalar_traits<__half>
///       : lowbit::same_bits_traits<__half, lowbit::float16> {};
///   template <> struct lowbit::scalar_traits<__nv_bfloat16>
///       : lowbit::same_bits_traits<__nv_bfloat16, lowbit::bfloat16> {};
template <class T>
struct scalar_traits;

/// A type that may stand for real numbers: activations, results, weights to be quantized.
template <class T>
concept scalar = requires(T x, float f) {
  { scalar_traits<T>::to_float(x) } -> std::same_as<float>;
  { scalar_traits<T>::from_float(f) } -> std::same_as<T>;
};

template <>
struct scalar_traits<float> {
  LOWBIT_HD static constexpr float to_float(float x) { return x; }
  LOWBIT_HD static constexpr float from_float(float x) { return x; }
};
template <>
struct scalar_traits<float16> {
  LOWBIT_HD static constexpr float to_float(float16 x) { return x; }
  LOWBIT_HD static constexpr float16 from_float(float x) { return float16(x); }
};
template <>
struct scalar_traits<bfloat16> {
  LOWBIT_HD static constexpr float to_float(bfloat16 x) { return x; }
  LOWBIT_HD static constexpr bfloat16 from_float(float x) { return bfloat16(x); }
};

/// For a trivially copyable T of the size and bits of Same (float16 or bfloat16).
template <class T, class Same>
struct same_bits_traits {
  static_assert(sizeof(T) == sizeof(Same) && std::is_trivially_copyable_v<T>,
                "lowbit::same_bits_traits: T must be trivially copyable and as large as Same");
  LOWBIT_HD static float to_float(T x) {
    Same same;
    __builtin_memcpy(&same, &x, sizeof(T));
    return same;
  }
  LOWBIT_HD static T from_float(float x) {
    const Same same(x);
    T value;
    __builtin_memcpy(&value, &same, sizeof(T));
    return value;
  }
};

// The compiler's own binary16, where there is one. Through its bits: the conversions of compilers
// are library calls that follow the rounding mode. Not under nvcc 13: device code that mentions
// _Float16 is an internal compiler error. g++ 12 for AArch64 knows its size but not its name.
#if defined(__FLT16_MANT_DIG__) && !defined(__CUDACC__) && \
    (!defined(__aarch64__) || defined(__clang__) || __GNUC__ >= 13)
template <>
struct scalar_traits<_Float16> : same_bits_traits<_Float16, float16> {};
#endif

}  // namespace lowbit::inline LOWBIT_ABI
