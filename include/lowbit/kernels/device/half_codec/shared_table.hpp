// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../lane_table.hpp"
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// At most 256 levels in shared memory. A code of at most 4 bits is looked up together with its
/// neighbour: one load gives two halves. The table has a row for every byte, whatever stands in the
/// bits beside a code, so that nothing need be masked.
/// Levels are rounded to halves (nearest even), once.
template <class Q>
struct shared_table_half_codec : displaces<Q, shared_table_half_codec<Q>> {
  static constexpr int table_words = lane_table<256>::words;
  static constexpr float post_scale = half_table_scale<Q>;
  using displacement = typename displaces<Q, shared_table_half_codec<Q>>::displacement;

  /// Writes the table, `threads` threads together; a barrier must follow.
  LOWBIT_HD static void fill(const state_of<Q>& state, word* table, int thread, int threads) {
    lane_table<256>::fill(table, thread, threads,
                          [&](int byte) { return entry(state, code_t(byte)); });
  }

  shared_table_half_codec() = default;
  LOWBIT_HD shared_table_half_codec(const state_of<Q>&, const word* table, int lane)
      : table_(table, lane) {}

  LOWBIT_HD arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                  const displacement& d) const {
    arr<word, 4> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      if constexpr (paired) {
        // Nibbles in the order of the codes: 0 1, 2 3 of one quad, then of the other.
        const word codes = q.bytes >> (q.shift & 3);
        const word pairs = select_bits(0xf0f00f0fu, codes,
                                       select_bits(0x0000f0f0u, codes >> 12, codes << 12));
        const int at = (q.shift & 4) == 0 ? 0 : 2;
        a[row] = table_.at_byte(pairs, at);
        a[row + 2] = table_.at_byte(pairs, at + 1);
      } else {
        a[row] = permute_bytes(table_.at_byte(q.bytes, 0), table_.at_byte(q.bytes, 2), 0x5410);
        a[row + 2] = permute_bytes(table_.at_byte(q.bytes, 1), table_.at_byte(q.bytes, 3), 0x5410);
      }
      a[row] = this->shifted_by_zero(a[row], row, d);
      a[row + 2] = this->shifted_by_zero(a[row + 2], row, d);
    }
    return a;
  }

 private:
  static constexpr bool paired = Q::bits <= 4;
  static constexpr code_t code_mask = (code_t(1) << Q::bits) - 1;
  lane_table<256> table_;

  LOWBIT_HD static word entry(const state_of<Q>& state, code_t byte) {
    const code_t first = byte & code_mask;
    return paired ? level(state, first) | word(level(state, byte >> 4 & code_mask)) << 16
                  : word(level(state, first));
  }
  LOWBIT_HD static std::uint16_t level(const state_of<Q>& state, code_t code) {
    if constexpr (has_state<Q>) {
      return std::uint16_t(halves(state.decode(code), 0));
    } else {
      static constexpr auto table = half_table<Q>;
      return table.items[code];
    }
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
