// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// IEEE binary16 as a storage type: two bytes that a float is rounded into and read from. All
/// arithmetic is float's, by the conversion. The same bits as _Float16 and CUDA's __half.
struct float16 {
  std::uint16_t bits;

  float16() = default;
  /// The nearest, ties to even; beyond 65504 infinity; NaN quiet, with its sign.
  LOWBIT_HD constexpr explicit float16(float x)
      : bits(std::uint16_t(number::encode_as<rounding::nearest_even, overflow::infinity_or_nan,
                                             nan_policy::signed_quiet>(x))) {}
  /// Exact.
  LOWBIT_HD constexpr operator float() const { return number::decode(bits); }

  LOWBIT_HD static constexpr float16 from_bits(std::uint16_t bits) {
    float16 x{};
    x.bits = bits;
    return x;
  }

 private:
  using number = minifloat<5, 10, flavour::ieee>;
};

}  // namespace lowbit::inline LOWBIT_ABI
