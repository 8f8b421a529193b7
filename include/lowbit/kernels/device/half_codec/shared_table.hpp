// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// At most 256 levels in memory that all lanes read at once: a table of 256 words, 32 times, so
/// that lane l reads what no other lane's bank holds. A code of at most 4 bits is looked up
/// together with its neighbour: one load gives two halves. The table has a word for every byte,
/// whatever stands in the bits beside a code, so that nothing need be masked.
/// Levels are rounded to halves (nearest even), once.
template <class Q>
struct shared_table_half_codec : displaces<Q, shared_table_half_codec<Q>> {
  static constexpr int table_words = 256 * 32;
  static constexpr float post_scale = half_table_scale<Q>;
  using displacement = typename displaces<Q, shared_table_half_codec<Q>>::displacement;

  /// Writes the table, `threads` threads together; a barrier must follow.
  LOWBIT_HD static void fill(const state_of<Q>& state, word* table, int thread, int threads) {
    for (int i = thread; i < table_words / 4; i += threads) {
      const word x = entry(state, code_t(i / 8));
      reinterpret_cast<words4*>(table)[i] = {{{x, x, x, x}}};
    }
  }

  LOWBIT_HD shared_table_half_codec(const state_of<Q>&, const word* table, int lane)
      : table_(address(table + lane)) {}

  LOWBIT_HD arr<word, 4> fragment(const block_words<Q::bits>& words, int unit,
                                  const displacement& d) const {
    arr<word, 4> a{};
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
    for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      if constexpr (paired) {
        // Nibbles in the order of the codes: 0 1, 2 3 of one quad, then of the other.
        const word codes = q.bytes >> (q.shift & 3);
        const word pairs = select_bits(0xf0f00f0fu, codes,
                                       select_bits(0x0000f0f0u, codes >> 12, codes << 12));
        const int at = (q.shift & 4) == 0 ? 0 : 2;
        a[row] = looked_up(pairs, at);
        a[row + 2] = looked_up(pairs, at + 1);
      } else {
        a[row] = permute_bytes(looked_up(q.bytes, 0), looked_up(q.bytes, 2), 0x5410);
        a[row + 2] = permute_bytes(looked_up(q.bytes, 1), looked_up(q.bytes, 3), 0x5410);
      }
      a[row] = this->shifted_by_zero(a[row], row, d);
      a[row + 2] = this->shifted_by_zero(a[row + 2], row, d);
    }
    return a;
  }

 private:
  static constexpr bool paired = Q::bits <= 4;
  static constexpr code_t code_mask = (code_t(1) << Q::bits) - 1;
  std::uintptr_t table_;  // of this lane; on a device an address of shared memory

  LOWBIT_HD static std::uintptr_t address(const word* table) {
#if defined(__CUDA_ARCH__)
    return in_register(word(__cvta_generic_to_shared(table)));
#else
    return reinterpret_cast<std::uintptr_t>(table);
#endif
  }
  LOWBIT_HD word looked_up(word bytes, int i) const {
    const word index = permute_bytes(bytes, 0, word(0x4440 + i));
#if defined(__CUDA_ARCH__)
    word found;
    asm("{.reg .u32 a; mad.lo.u32 a, %1, 128, %2; ld.shared.u32 %0, [a];}"
        : "=r"(found)
        : "r"(index), "r"(word(table_)));
    return found;
#else
    return reinterpret_cast<const word*>(table_)[index * 32];
#endif
  }
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
