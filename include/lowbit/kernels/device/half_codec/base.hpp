// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the register codecs share: levels as halves, and zeros that are subtracted in registers.
#pragma once
#include "../../../quantizers/level_table.hpp"
#include "../code_quads.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

LOWBIT_HD constexpr word twice(std::uint16_t half) { return word(half) << 16 | half; }

/// Two equal halves that are a power of two, 2^-14 .. 2^15.
LOWBIT_HD constexpr word half_power(int exponent) {
  return twice(std::uint16_t((exponent + 15) << 10));
}

/// x, which device code must not take apart again to merge it with what comes next: rows share it.
LOWBIT_HD constexpr word as_computed(word x) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) asm("" : "+r"(x));
#endif
  return x;
}

/// x is a binary16, and not -0.
constexpr bool is_half(float x) { return float(float16(x)) == x; }

/// The number behind an integer zero: how large zeros may be.
template <class Q>
constexpr float largest_zero() {
  if constexpr (requires { typename Q::zero_number; })
    if constexpr (number<typename Q::zero_number>) return peak_of<typename Q::zero_number>;
  return 0;
}

/// The zeros of the rows g and g + 8 as halves, negative.
struct half_displacement {
  arr<word, 2> minus;
};
struct no_displacement {};

/// Displacement of a set whose levels are PostScale times a half.
template <class Q, class Codec>
struct displaces {
  static constexpr bool in_registers = zero_of<Q> == zero_kind::integer;
  using displacement = std::conditional_t<in_registers, half_displacement, no_displacement>;

  /// What `fragment` takes, from the zeros of the two rows.
  LOWBIT_HD constexpr displacement displace(float zero_g = 0, float zero_g8 = 0) const {
    if constexpr (in_registers) {
      constexpr float unit = -1 / Codec::post_scale;
      return {{{twice_rounded(zero_g * unit), twice_rounded(zero_g8 * unit)}}};
    } else {
      return {};
    }
  }

 protected:
  LOWBIT_HD static constexpr word twice_rounded(float x) { return halves(x, x); }
  LOWBIT_HD static constexpr word shifted_by_zero(word two, int row, const displacement& d) {
    if constexpr (in_registers)
      return add2(two, d.minus[row]);
    else
      return two;
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
