// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of a codebook in registers: the left operand of a tensor core's product from words of
// mma16.
#pragma once
#include <type_traits>

#include "../../concepts.hpp"
#include "../exec/warp.hpp"
#include "../int8_scale.hpp"
#include "code_quads.hpp"
#include "lane_table.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The words of a lane for a block of codes of up to 16 bits: more than 8 are two planes of tiles,
/// the low 8 bits and the rest.
template <int Bits>
struct wide_block_words {
  block_words<(Bits < 8 ? Bits : 8)> low{};
  block_words<(Bits > 8 ? Bits - 8 : 1)> high{};
};

/// Code i (0..3) of the quad of a unit and a row.
template <int Bits>
LOWBIT_HD constexpr word find_code(const wide_block_words<Bits>& words, int unit, int row, int i) {
  const int byte = i == 1 ? 2 : i == 2 ? 1 : i;
  const auto in_quad = [&](const code_quad& q, int bits) {
    return bits == 8 ? permute_bytes(q.bytes, 0, word(0x4440 + byte))
                     : q.bytes >> (8 * byte + q.shift) & ((1u << bits) - 1);
  };
  if constexpr (Bits <= 8)
    return in_quad(find_quad<Bits>(words.low, unit, row), Bits);
  else
    return in_quad(find_quad<8>(words.low, unit, row), 8) |
           in_quad(find_quad<Bits - 8>(words.high, unit, row), Bits - 8) << 8;
}

/// Codebooks whose entries fit into shared memory: real vectors of 4, 8 or a multiple of 8 values,
/// one scale, no zero, and at most 64 KB of entries as halves.
template <class Q>
inline constexpr bool has_entry_codec = [] {
  if constexpr (dim_of<Q> == 1 || Q::bits > 12)
    return false;
  else
    return std::same_as<value_of<Q>, float> && scales_of<Q> == 1 && !has_zero<Q> &&
           !has_selectors<Q> && (dim_of<Q> == 4 || dim_of<Q> % 8 == 0) &&
           (index_t(1) << Q::bits) * dim_of<Q> <= 32768;
}();

/// As int8 too: not sums of two sets, each of which the host rounds by itself.
template <class Q>
inline constexpr bool has_entry_byte_codec = has_entry_codec<Q> && !requires {
  typename Q::first_set;
};

namespace detail {
/// Entries in shared memory, in pieces of at most 16 bytes; 128 bytes for each piece while all take
/// no more than 64 KB, else fewer copies.
template <class Q, int EntryWords>
struct entry_table {
  static constexpr int words = EntryWords < 4 ? EntryWords : 4, pieces = EntryWords / words;
  static constexpr int rows = (1 << Q::bits) * pieces;
  static constexpr int copies = [] {
    int n = 32 / words;
    while (rows * words * n > 16384 && words * n > 4) n /= 2;
    return n;
  }();
  using type = lane_table<rows, words, copies>;
};

template <class Q>
LOWBIT_HD block_of<Q> entry_of(const state_of<Q>& state, int code) {
  if constexpr (has_state<Q>)
    return state.decode(code_t(code));
  else
    return Q::decode(code_t(code));
}
}  // namespace detail

/// Entries as halves:
///
///   static constexpr int table_words      words of shared memory for `fill`
///   static void fill(state, table, thread, threads)
///                                         all threads together; a barrier must follow. Or
///                                         fill_with(table, thread, threads, entry(code))
///   entry_codec(table, lane)              after the barrier
///   arr<word, dim> fragment(words, unit, i)
///                                         code i of the quads of rows g and g + 8: for each four
///                                         of its values A of mma.m16n8k16, row g and row g + 8
///                                         (values 0, 1), then 2, 3
///
/// Codes lie in mma16 as numbers do: code i of the quad of lane t in unit u has the columns
/// dim (16 u + 4 t + i) .. of its row, so that B of product j of this code is x at
/// dim (16 u + 4 t + i) + 4 j .. + 3. One load of shared memory for up to 8 values, and nothing to
/// decode: entries are rounded to halves (nearest even; beyond 65504 to infinity) when the table is
/// filled. 128 bytes of shared memory for each entry, fewer when all would take more than 64 KB.
template <class Q>
  requires has_entry_codec<Q>
class entry_codec {
  using place = detail::entry_table<Q, dim_of<Q> / 2>;
  using table_type = typename place::type;

 public:
  static constexpr int dim = dim_of<Q>;
  static constexpr int table_words = table_type::words;

  LOWBIT_HD static void fill(const state_of<Q>& state, word* table, int thread, int threads) {
    fill_with(table, thread, threads,
              [&](int code) { return detail::entry_of<Q>(state, code); });
  }
  /// With what entry(code) returns.
  template <class Entry>
  LOWBIT_HD static void fill_with(word* table, int thread, int threads, Entry entry_of_code) {
    table_type::fill(table, thread, threads, [&](int row) {
      const block_of<Q> entry = entry_of_code(row / place::pieces);
      arr<word, place::words> piece{};
      for (int k = 0; k < place::words; ++k) {
        const int first = (row % place::pieces * place::words + k) * 2;
        piece[k] = halves(entry[first], entry[first + 1]);
      }
      return piece;
    });
  }

  entry_codec() = default;
  LOWBIT_HD entry_codec(const word* table, int lane) : table_(table, lane) {}

  LOWBIT_HD arr<word, dim> fragment(const wide_block_words<Q::bits>& words, int unit, int i) const {
    arr<word, dim> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const word code = find_code<Q::bits>(words, unit, row, i);
      LOWBIT_UNROLL for (int p = 0; p < place::pieces; ++p) {
        const auto piece = table_[code * word(place::pieces) + word(p)];
        for (int k = 0; k < place::words; ++k) a[(p * place::words + k) * 2 + row] = piece[k];
      }
    }
    return a;
  }

 private:
  table_type table_;
};

/// Entries as int8, rounded by the host's rule to unit = the largest magnitude / 127:
///
///   static float unit_of(state)           the unit, by one thread; or its largest magnitude in
///   static float peak_of_part(state, thread, threads)
///                                         parts: unit = div_rn(the largest, 127), 1 if that is 0
///   fill(state, unit, table, thread, threads), entry_byte_codec(table, lane), kind: as above
///   arr<word, dim / 2> fragment(words, unit, i)
///                                         for each four values row g, row g + 8, bytes in the
///                                         order 0, 2, 1, 3: half of A of mma.m16n8k32
template <class Q>
  requires has_entry_byte_codec<Q>
class entry_byte_codec {
  using place = detail::entry_table<Q, dim_of<Q> / 4>;
  using table_type = typename place::type;

 public:
  static constexpr mma_kind kind = mma_kind::s8s8;
  static constexpr int dim = dim_of<Q>;
  static constexpr int table_words = table_type::words;

  LOWBIT_HD static float peak_of_part(const state_of<Q>& state, int thread, int threads) {
    float top = 0;
    for (int c = thread; c < 1 << Q::bits; c += threads) {
      const block_of<Q> entry = detail::entry_of<Q>(state, c);
      for (int i = 0; i < dim; ++i)
        if (is_finite(entry[i]) && magnitude(entry[i]) > top) top = magnitude(entry[i]);
    }
    return top;
  }
  LOWBIT_HD static float unit_of(const state_of<Q>& state) {
    const float top = peak_of_part(state, 0, 1);
    return top > 0 ? div_rn(top, 127.f) : 1.f;
  }

  LOWBIT_HD static void fill(const state_of<Q>& state, float unit, word* table, int thread,
                             int threads) {
    const kernels::int8_scale scale{unit};
    table_type::fill(table, thread, threads, [&](int row) {
      const block_of<Q> entry = detail::entry_of<Q>(state, row / place::pieces);
      arr<word, place::words> piece{};
      for (int k = 0; k < place::words; ++k) {
        const int first = (row % place::pieces * place::words + k) * 4;
        const auto byte = [&](int i) { return word(std::uint8_t(scale.value(entry[first + i]))); };
        piece[k] = byte(0) | byte(2) << 8 | byte(1) << 16 | byte(3) << 24;
      }
      if constexpr (place::words == 1)
        return piece[0];
      else
        return piece;
    });
  }

  entry_byte_codec() = default;
  LOWBIT_HD entry_byte_codec(const word* table, int lane) : table_(table, lane) {}

  LOWBIT_HD arr<word, dim / 2> fragment(const wide_block_words<Q::bits>& words, int unit,
                                        int i) const {
    arr<word, dim / 2> a{};
    LOWBIT_UNROLL for (int row = 0; row < 2; ++row) {
      const word code = find_code<Q::bits>(words, unit, row, i);
      LOWBIT_UNROLL for (int p = 0; p < place::pieces; ++p) {
        const auto piece = table_[code * word(place::pieces) + word(p)];
        if constexpr (place::words == 1)
          a[row] = piece;
        else
          for (int k = 0; k < place::words; ++k) a[(p * place::words + k) * 2 + row] = piece[k];
      }
    }
    return a;
  }

 private:
  table_type table_;
};

}  // namespace lowbit::inline LOWBIT_ABI
