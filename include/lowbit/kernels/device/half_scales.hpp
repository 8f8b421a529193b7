// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales that meet codes in registers, as halves.
#pragma once
#include "half_codec.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// What binary numbers of some values have: bits from the highest to the lowest of one value, and
/// the exponents of the lowest of all and of the power of two above all.
struct bit_range {
  int bits = 0, lowest = 1000, above = -1000;
};
constexpr bit_range bit_range_of(const float* values, int count) {
  bit_range r;
  for (int i = 0; i < count; ++i) {
    const float v = magnitude(values[i]);
    if (!is_finite(v) || v == 0) continue;
    int lowest = ilog2(v);
    const int above = lowest + 1;
    while (v != float(std::int64_t(v * exp2_int(-lowest))) * exp2_int(lowest)) --lowest;
    r.bits = above - lowest > r.bits ? above - lowest : r.bits;
    r.lowest = lowest < r.lowest ? lowest : r.lowest;
    r.above = above > r.above ? above : r.above;
  }
  return r;
}
template <class Q>
constexpr bit_range bit_range_of_levels() {
  if constexpr (requires { level_table<Q>[0]; } && !has_state<Q>) {
    constexpr int count = 1 << Q::bits;
    float values[count] = {};
    for (int c = 0; c < count; ++c) values[c] = level_table<Q>[c];
    return bit_range_of(values, count);
  } else {
    return {};
  }
}

}  // namespace detail

/// Whether every level of Q times every level of the scales' number N is a half, so that tensor
/// cores may multiply by codes that have met their scales: NVFP4 (4 + 2 bits), few-bit scales of
/// few-bit codes. A scale is taken times 2^exponent.
template <class Q, class N>
struct half_scales {
  static constexpr int exponent = [] {
    if constexpr (has_half_codec<Q> && N::bits >= 1 && N::bits <= 8) {
      const int lowest = detail::bit_range_of_levels<Q>().lowest - ilog2(half_codec<Q>::post_scale),
                scale = detail::bit_range_of_levels<N>().lowest;
      return lowest < 0 ? -24 - lowest - scale : -24 - scale;
    } else {
      return 0;
    }
  }();
  static constexpr bool exact = [] {
    if constexpr (has_half_codec<Q> && N::bits >= 1 && N::bits <= 8) {
      if constexpr (has_half_levels<Q> && zero_of<Q> == zero_kind::none) {
        const detail::bit_range level = detail::bit_range_of_levels<Q>(),
                                scale = detail::bit_range_of_levels<N>();
        const int post = ilog2(half_codec<Q>::post_scale);
        return level.bits > 0 && scale.bits > 0 && level.bits + scale.bits <= 11 &&
               scale.above + exponent <= 15 && level.above - post + scale.above + exponent <= 15;
      }
    }
    return false;
  }();
};

}  // namespace lowbit::inline LOWBIT_ABI
