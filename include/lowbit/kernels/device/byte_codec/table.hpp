// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../../quantizers/level_table.hpp"
#include "../../exec/warp.hpp"
#include "../../int8_scale.hpp"
#include "../code_quads.hpp"
#include "../lane_table.hpp"
#include "../nibble_table.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Levels as int8, computed by the compiler where they are in the type.
template <class Q>
inline constexpr kernels::int8_scale byte_scale =
    kernels::find_int8_scale(level_table<Q>, 1 << Q::bits, has_zero<Q>);
template <class Q>
inline constexpr arr<std::int8_t, (1 << Q::bits)> byte_levels = [] {
  arr<std::int8_t, (1 << Q::bits)> values{};
  for (int c = 0; c >> Q::bits == 0; ++c) values[c] = byte_scale<Q>.value(level_table<Q>[c]);
  return values;
}();

template <class Q>
struct levels_of_state {
  const state_of<Q>& state;
  LOWBIT_HD constexpr float operator[](int c) const { return state.decode(code_t(c)); }
};

/// The scale of a set's int8 levels; a state's is found by each lane, from all levels.
template <class Q>
LOWBIT_HD constexpr kernels::int8_scale byte_scale_of(const state_of<Q>& state) {
  if constexpr (has_state<Q>) {
    return kernels::find_int8_scale(levels_of_state<Q>{state}, 1 << Q::bits, has_zero<Q>);
  } else {
    constexpr kernels::int8_scale scale = byte_scale<Q>;
    return scale;
  }
}

/// What both tables of int8 levels have.
template <class Q>
struct scaled_bytes {
  static constexpr mma_kind kind = mma_kind::s8s8;
  constexpr scaled_bytes() = default;
  LOWBIT_HD constexpr explicit scaled_bytes(const state_of<Q>& state)
      : scale_(byte_scale_of<Q>(state)) {}
  LOWBIT_HD constexpr float unit() const { return scale_.unit; }
  LOWBIT_HD constexpr float bias() const { return scale_.zero_shift; }

 protected:
  kernels::int8_scale scale_{};
};

/// At most 16 levels in registers.
template <class Q>
struct table_byte_codec : scaled_bytes<Q> {
  static constexpr int table_words = 0;

  constexpr table_byte_codec() = default;
  LOWBIT_HD constexpr explicit table_byte_codec(const state_of<Q>& state, const word* = nullptr,
                                                int = 0)
      : scaled_bytes<Q>(state) {
    LOWBIT_UNROLL for (int i = 0; i < nibble_table<Q::bits>::words; ++i) {
      word four = 0;
      for (int c = 0; c < 4 && (4 * i + c) >> Q::bits == 0; ++c)
        four |= word(level(state, 4 * i + c)) << (8 * c);
      bytes_.set(i, four);
    }
  }

  LOWBIT_HD constexpr arr<word, 2> fragment(const block_words<Q::bits>& words, int unit) const {
    arr<word, 2> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const code_quad q = find_quad<Q::bits>(words, unit, row);
      const nibble_codes<Q::bits> codes(q.bytes >> (q.shift & 3));  // two quads
      a[row] = permute_bytes(bytes_[codes.of_bytes(0, 1)], bytes_[codes.of_bytes(2, 3)],
                             (q.shift & 4) == 0 ? 0x6420 : 0x7531);
    }
    return a;
  }

 private:
  nibble_table<Q::bits> bytes_{};

  LOWBIT_HD constexpr std::uint8_t level(const state_of<Q>& state, int c) const {
    if constexpr (has_state<Q>) {
      return std::uint8_t(this->scale_.value(state.decode(code_t(c))));
    } else {
      constexpr auto values = byte_levels<Q>;
      return std::uint8_t(values.items[c]);
    }
  }
};

/// At most 256 levels in shared memory, one lookup for each code.
template <class Q>
struct shared_table_byte_codec : scaled_bytes<Q> {
  static constexpr int table_words = lane_table<256>::words;

  LOWBIT_HD static void fill(const state_of<Q>& state, word* table, int thread, int threads) {
    const kernels::int8_scale scale = byte_scale_of<Q>(state);
    lane_table<256>::fill(table, thread, threads, [&](int byte) {
      const int c = byte & ((1 << Q::bits) - 1);
      if constexpr (has_state<Q>) {
        return word(std::uint8_t(scale.value(state.decode(code_t(c)))));
      } else {
        static constexpr auto values = byte_levels<Q>;
        return word(std::uint8_t(values.items[c]));
      }
    });
  }

  shared_table_byte_codec() = default;
  LOWBIT_HD shared_table_byte_codec(const state_of<Q>& state, const word* table, int lane)
      : scaled_bytes<Q>(state), table_(table, lane) {}

  LOWBIT_HD arr<word, 2> fragment(const block_words<Q::bits>& words, int unit) const {
    arr<word, 2> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const word codes = find_quad<Q::bits>(words, unit, row).bytes;
      const word low = permute_bytes(table_.at_byte(codes, 0), table_.at_byte(codes, 1), 0x40);
      const word high = permute_bytes(table_.at_byte(codes, 2), table_.at_byte(codes, 3), 0x40);
      a[row] = permute_bytes(low, high, 0x5410);
    }
    return a;
  }

 private:
  lane_table<256> table_;
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
