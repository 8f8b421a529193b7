// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// bfloat16, the upper half of a binary32, as a storage type: two bytes that a float is rounded
/// into and read from. All arithmetic is float's, by the conversion. The same bits as CUDA's
/// __nv_bfloat16.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  /// The nearest, ties to even; beyond the largest infinity; NaN quiet, with its sign.
  LOWBIT_HD constexpr explicit bfloat16(float x)
      : bits(std::uint16_t(number::encode_as<rounding::nearest_even, overflow::infinity_or_nan,
                                             nan_policy::signed_quiet>(x))) {}
  /// Exact; a NaN becomes quiet.
  LOWBIT_HD constexpr operator float() const { return number::decode(bits); }

  LOWBIT_HD static constexpr bfloat16 from_bits(std::uint16_t bits) {
    bfloat16 x{};
    x.bits = bits;
    return x;
  }

 private:
  using number = minifloat<8, 7, flavour::ieee>;
};

}  // namespace lowbit::inline LOWBIT_ABI
