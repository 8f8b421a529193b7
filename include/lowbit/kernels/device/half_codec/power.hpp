// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "base.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Powers of two, with and without zero and sign: a larger code is a smaller level, so that the
/// magnitude's complement is the exponent of a half. Where the smallest magnitude is zero its
/// negative is, which one subtraction makes of all codes of a word; otherwise all bits are inverted
/// by the operation that masks them. A set without zero has one more exponent bit, which is 1, so
/// that no exponent is 0.
template <class Q>
struct power_half_codec : displaces<Q, power_half_codec<Q>> {
  static constexpr int size = Q::bits - int(Q::is_signed);  // bits of a magnitude
  static constexpr bool negated = Q::zero_magnitude == 0;
  static constexpr int base = Q::zero_magnitude < 0 ? 1 << size : 0;
  static constexpr float post_scale = size <= 4 ? exp2_int(16 - (1 << size) - base) : 1.f;
  using displacement = typename displaces<Q, power_half_codec<Q>>::displacement;

  static constexpr bool fits = [] {
    if (size > 4 || Q::bits == 1) return false;
    for (code_t c = 0; c >> Q::bits == 0; ++c) {
      const int m = int(c & code_t((1 << size) - 1));
      const int e = ((negated ? -m : ~m) & ((1 << size) - 1)) + base;
      const float half = float(float16::from_bits(std::uint16_t(e << 10)));
      if (e > 30 || half * post_scale != magnitude(Q::decode(c))) return false;
    }
    return true;
  }();

  constexpr power_half_codec() = default;
  LOWBIT_HD constexpr explicit power_half_codec(const state_of<Q>&, const word* = nullptr,
                                                int = 0) {}

  LOWBIT_HD constexpr arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                            const displacement& d) const {
    arr<word, 4> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      word sizes = q.bytes;
      if constexpr (negated) {
        const word ones = (Q::bits == 3 || Q::bits == 4 ? 0x11111111u : 0x01010101u << q.shift);
        sizes = as_computed((ones << size) - (q.bytes & ones * ((1u << size) - 1)));
      }
      word upper = moved(sizes, 2 - q.shift);  // the upper bytes of halves
      if constexpr (Q::is_signed)
        upper = select_bits(0x80808080u, moved(q.bytes, 7 - size - q.shift), upper);
      a[row] = (upper << 8 & mask) ^ flipped;
      a[row + 2] = (upper & mask) ^ flipped;
      a[row] = this->shifted_by_zero(a[row], row, d);
      a[row + 2] = this->shifted_by_zero(a[row + 2], row, d);
    }
    return a;
  }

 private:
  static constexpr int magnitudes = ((1 << size) - 1) << 10;
  static constexpr word mask = twice(std::uint16_t(magnitudes | int(Q::is_signed) << 15));
  static constexpr word flipped = twice(std::uint16_t((negated ? 0 : magnitudes) | base << 10));
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
