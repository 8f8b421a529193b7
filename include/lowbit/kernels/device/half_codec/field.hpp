// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "base.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Small floats: their fields are moved into those of a half, subnormal ones included, and the
/// difference of the biases is left to post_scale. A code of at most two mantissa bits fits into
/// the upper byte of a half, so that whole words are arranged (a sign and a magnitude for each
/// byte) before they are taken apart; others are arranged in pairs. Codes of NaN and infinity,
/// which no valid matrix holds, count as the numbers that their bits would be (E5M2: stay what
/// they are).
template <class Q>
struct field_half_codec : displaces<Q, field_half_codec<Q>> {
  static constexpr int exponent = Q::exponent_bits, mantissa = Q::mantissa_bits;
  static constexpr float post_scale =
      Q::bias >= -60 && Q::bias <= 60 ? exp2_int(15 - Q::bias) : 1.f;
  using displacement = typename displaces<Q, field_half_codec<Q>>::displacement;

  static constexpr bool fits = [] {
    if (exponent > 5 || Q::bias < -60 || Q::bias > 60) return false;
    for (code_t c = 0; c >> Q::bits == 0; ++c) {
      const code_t magnitude_bits = c & ((1u << (exponent + mantissa)) - 1);
      const auto half = std::uint16_t(magnitude_bits << (10 - mantissa) |
                                      (c >> (exponent + mantissa)) << 15);
      const float level = Q::decode(c);
      if (is_finite(level) && post_scale * float(float16::from_bits(half)) != level) return false;
    }
    return true;
  }();

  constexpr field_half_codec() = default;
  LOWBIT_HD constexpr explicit field_half_codec(const state_of<Q>&, const word* = nullptr,
                                                int = 0) {}

  LOWBIT_HD constexpr arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                            const displacement& d) const {
    arr<word, 4> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      if constexpr (mantissa <= 2) {
        const word upper = arranged(q.bytes, 2 - mantissa - q.shift, 7 - sign_bit - q.shift,
                                    0x80808080u);
        a[row] = upper << 8 & mask;
        a[row + 2] = upper & mask;
      } else {
        a[row] = arranged(q.bytes, 10 - mantissa - q.shift, 15 - sign_bit - q.shift) & mask;
        a[row + 2] = arranged(q.bytes, 2 - mantissa - q.shift, 7 - sign_bit - q.shift) & mask;
      }
      a[row] = this->shifted_by_zero(a[row], row, d);
      a[row + 2] = this->shifted_by_zero(a[row + 2], row, d);
    }
    return a;
  }

 private:
  static constexpr int sign_bit = exponent + mantissa;
  static constexpr word mask =
      twice(std::uint16_t(((1 << sign_bit) - 1) << (10 - mantissa) | int(Q::is_signed) << 15));

  /// The magnitude moved by one count and the sign by another.
  LOWBIT_HD static constexpr word arranged(word bytes, int by, int sign_by,
                                           word signs = 0x80008000u) {
    if (!Q::is_signed || by == sign_by) return moved(bytes, by);
    return select_bits(signs, moved(bytes, sign_by), moved(bytes, by));
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
