// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "base.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Levels that are whole steps apart, without a conversion. The lowest eleven bits of a half count
/// evenly (subnormals, and the exponent after them), so that bits p .. p + Bits - 1 among them are,
/// taken alone, the number q 2^(p - 24). One mask takes two codes out of a word; one fused
/// multiply-add by 2^(15 - p) makes them q 2^-9, wherever they were, and adds the intercept and the
/// zero, all exact. Codes further up are brought down by a shift of the whole word, which serves
/// every quad in it.
template <class Q>
struct affine_half_codec : displaces<Q, affine_half_codec<Q>> {
  static constexpr float unit = 0x1p-9f;  // a step, as a half
  static constexpr float post_scale = Q::slope / unit;
  static constexpr float offset = Q::intercept / Q::slope * unit;
  using displacement = typename displaces<Q, affine_half_codec<Q>>::displacement;

  /// Every sum q + intercept / slope is a half.
  static constexpr bool fits = [] {
    if (!is_power_of_two(Q::slope) || Q::slope > 0x1p60f || Q::slope < 0x1p-60f) return false;
    for (int q = 0; q >> Q::bits == 0; ++q)
      if (!is_half(float(q) * unit + offset)) return false;
    return true;
  }();

  constexpr affine_half_codec() = default;
  LOWBIT_HD constexpr explicit affine_half_codec(const state_of<Q>&, const word* = nullptr,
                                                 int = 0) {}

  LOWBIT_HD constexpr displacement displace(float zero_g = 0, float zero_g8 = 0) const {
    if constexpr (zero_of<Q> == zero_kind::integer) {
      constexpr float step = unit / Q::slope;
      return {{{this->twice_rounded(offset - zero_g * step),
                this->twice_rounded(offset - zero_g8 * step)}}};
    } else {
      return {};
    }
  }

  LOWBIT_HD constexpr arr<word, 4> fragment(const block_words<Q::bits>& words, int unit_index,
                                            const displacement& d) const {
    arr<word, 4> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad_in_ring<Q::bits>(words, unit_index, row);
      word add = twice(float16(offset).bits);
      if constexpr (zero_of<Q> == zero_kind::integer) add = d.minus[row];
      a[row] = steps(q.bytes, q.shift, add);
      a[row + 2] = q.shift + 8 + Q::bits <= 11 ? steps(q.bytes, q.shift + 8, add)
                                               : steps(upper(q.bytes), q.shift, add);
    }
    return a;
  }

 private:
  LOWBIT_HD static constexpr word steps(word codes, int at, word add) {
    constexpr word mask = twice((1 << Q::bits) - 1);
    return fma2(codes & mask << at, half_power(15 - at), add);
  }
  /// The codes 2, 3 where 0, 1 were. A ring is turned, whether this quad runs on or not: all quads
  /// of a word share the instruction.
  LOWBIT_HD static constexpr word upper(word bytes) {
    return Q::bits == 3 ? funnel_right(bytes, bytes, 8) : bytes >> 8;
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
