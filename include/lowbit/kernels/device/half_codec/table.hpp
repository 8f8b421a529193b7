// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
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
  for (int i = 0; i >> Q::bits == 0; ++i) table[i] = float16(level_table<Q>[i] / scale).bits;
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

/// At most 16 levels in registers, as bytes: four registers hold the lower bytes of all levels and
/// four the upper ones. One instruction looks four codes up among eight bytes, a third one chooses
/// between the results of two; at the end lower and upper bytes are put together.
/// Levels are rounded to halves (nearest even), once.
template <class Q>
struct table_half_codec : displaces<Q, table_half_codec<Q>> {
  static_assert(Q::bits <= 4);
  static constexpr float post_scale = half_table_scale<Q>;
  using displacement = typename displaces<Q, table_half_codec<Q>>::displacement;

  LOWBIT_HD constexpr explicit table_half_codec(const state_of<Q>& state, const word* = nullptr,
                                                int = 0) {
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
    for (int i = 0; i < words_of_bytes; ++i) {
      const int c = 4 * i;
      const word a = two_levels<Q>(state, c),
                 b = Q::bits == 1 ? a : two_levels<Q>(state, Q::bits == 1 ? c : c + 2);
      lower_[i] = in_register(permute_bytes(a, b, 0x6420));
      upper_[i] = in_register(permute_bytes(a, b, 0x7531));
    }
  }

  LOWBIT_HD constexpr arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                            const displacement& d) const {
    arr<word, 4> a{};
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
    for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      const word codes = q.bytes >> (q.shift & 3);  // codes of two quads, one in each nibble
      const word picks = codes & 0x11111111u * ((1u << (Q::bits < 3 ? Q::bits : 3)) - 1);
      const word halves_of_table = and_or(codes >> 1, 0x44444444u, 0x32321010u);
      for (int pair = 0; pair < 2; ++pair) {
        const word bytes = pair == 0 ? 0x20 : 0x31;  // the codes 0, 1 or 2, 3
        const word pick = permute_bytes(picks, 0, bytes);
        const word half = permute_bytes(halves_of_table, 0, bytes);
        const word low = looked_up(lower_, pick, half), high = looked_up(upper_, pick, half);
        a[row + 2 * pair] = this->shifted_by_zero(
            permute_bytes(low, high, (q.shift & 4) == 0 ? 0x6240u : 0x7351u), row, d);
      }
    }
    return a;
  }

 private:
  static constexpr int words_of_bytes = Q::bits <= 2 ? 1 : 1 << (Q::bits - 2);
  arr<word, words_of_bytes> lower_{}, upper_{};

  LOWBIT_HD static constexpr word looked_up(const arr<word, words_of_bytes>& bytes, word pick,
                                            word half) {
    if constexpr (Q::bits <= 2)
      return permute_bytes(bytes[0], 0, pick);
    else if constexpr (Q::bits == 3)
      return permute_bytes(bytes[0], bytes[1], pick);
    else
      return permute_bytes(permute_bytes(bytes[0], bytes[1], pick),
                           permute_bytes(bytes[2], bytes[3], pick), half);
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
