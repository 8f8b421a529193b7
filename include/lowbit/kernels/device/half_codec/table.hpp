// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../nibble_table.hpp"
#include "base.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// The power of two by which levels are divided before they are rounded to halves: 1, unless one of
/// them would leave the normal range of a half.
constexpr float table_scale(const float* levels, int count) {
  float most = 0, least = 1;
  for (int i = 0; i < count; ++i) {
    const float m = magnitude(levels[i]);
    if (!is_finite(m) || m == 0) continue;
    most = m > most ? m : most;
    least = m < least ? m : least;
  }
  return most <= 65504 && least >= 0x1p-14f ? 1 : exp2_int(ilog2(most) - 14);
}
template <class Q>
inline constexpr float half_table_scale = [] {
  if constexpr (has_state<Q>)
    return 1.f;
  else
    return table_scale(level_table<Q>.items, 1 << Q::bits);
}();
/// Level i of a stateless set is half i of the table times `half_table_scale`.
template <class Q>
inline constexpr arr<std::uint16_t, (1 << Q::bits)> half_table = [] {
  arr<std::uint16_t, (1 << Q::bits)> table{};
  const float scale = half_table_scale<Q>;
  for (int i = 0; i >> Q::bits == 0; ++i) {
    const float level = level_table<Q>[i];  // a NaN is kept: clang computes none in constants
    table[i] = float16(is_nan(level) ? level : level / scale).bits;
  }
  return table;
}();

/// Levels of codes c and c + 1 as halves.
template <class Q>
LOWBIT_HD constexpr word two_levels(const state_of<Q>& state, int c) {
  if constexpr (has_state<Q>) {
    return halves(state.decode(code_t(c)), state.decode(code_t(c + 1)));
  } else {
    constexpr auto table = half_table<Q>;
    return table.items[c] | word(table.items[c + 1]) << 16;
  }
}

/// Whether the upper half of 16 levels is the negative of the lower one: a sign bit, that is.
template <class Q>
inline constexpr bool is_mirrored = [] {
  if constexpr (!has_state<Q> && Q::bits == 4)
    for (int c = 0; c < 8; ++c)
      if (half_table<Q>[c + 8] != (half_table<Q>[c] ^ 0x8000)) return false;
  return !has_state<Q> && Q::bits == 4;
}();

/// At most 16 levels in registers: a table of the lower bytes of all levels and one of the upper.
/// Four codes are looked up at once; at the end lower and upper bytes are put together. Of levels
/// with a sign bit only the magnitudes are looked up.
/// Levels are rounded to halves (nearest even), once.
template <class Q>
struct table_half_codec : displaces<Q, table_half_codec<Q>> {
  static_assert(Q::bits <= 4);
  static constexpr float post_scale = half_table_scale<Q>;
  using displacement = typename displaces<Q, table_half_codec<Q>>::displacement;

  constexpr table_half_codec() = default;
  LOWBIT_HD constexpr explicit table_half_codec(const state_of<Q>& state, const word* = nullptr,
                                                int = 0) {
    LOWBIT_UNROLL for (int i = 0; i < nibble_table<table_bits>::words; ++i) {
      const int c = 4 * i;
      const word a = two_levels<Q>(state, c),
                 b = Q::bits == 1 ? a : two_levels<Q>(state, Q::bits == 1 ? c : c + 2);
      lower_.set(i, permute_bytes(a, b, 0x6420));
      upper_.set(i, permute_bytes(a, b, 0x7531));
    }
  }

  LOWBIT_HD constexpr arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                            const displacement& d) const {
    arr<word, 4> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      const nibble_codes<Q::bits> codes(q.bytes >> (q.shift & 3));  // two quads
      const word zipped = (q.shift & 4) == 0 ? 0x6240 : 0x7351;
      const four_picks first = codes.of_bytes(0, 2), second = codes.of_bytes(1, 3);
      a[row] = permute_bytes(lower_[first], upper_bytes(first), zipped);
      a[row + 2] = permute_bytes(lower_[second], upper_bytes(second), zipped);
      a[row] = this->shifted_by_zero(a[row], row, d);
      a[row + 2] = this->shifted_by_zero(a[row + 2], row, d);
    }
    return a;
  }

 private:
  static constexpr bool mirrored = is_mirrored<Q>;
  static constexpr int table_bits = mirrored ? 3 : Q::bits;
  nibble_table<table_bits> lower_{}, upper_{};

  LOWBIT_HD constexpr word upper_bytes(const four_picks& codes) const {
    return mirrored ? upper_[codes] ^ (codes.upper & 0x80808080u) : upper_[codes];
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
