// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes to bytes in registers: the left operand of mma.m16n8k32 from words of mma16.
#pragma once
#include "byte_codec/affine.hpp"
#include "byte_codec/table.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Sets that have a codec: real, one value for a code of at most 8 bits, one scale, no selectors.
template <class Q>
inline constexpr bool has_byte_codec = [] {
  if constexpr (dim_of<Q> != 1 || Q::bits < 1 || Q::bits > 8 || scales_of<Q> != 1 ||
                selectors_of<Q> != 0)
    return false;
  else
    return std::same_as<value_of<Q>, float> && !std::same_as<strategy_of<Q>, any_codes>;
}();

namespace detail {
/// Affine sets whose int8 levels would be exact are taken as they are; that is exact as well.
template <class Q>
inline constexpr bool has_plain_bytes = [] {
  if constexpr (std::same_as<strategy_of<Q>, affine_codes>)
    return byte_scale<Q>.exact;
  else
    return false;
}();
template <class Q>
constexpr auto choose_byte_codec() {
  if constexpr (has_plain_bytes<Q>)
    return std::type_identity<affine_byte_codec<Q>>{};
  else if constexpr (Q::bits <= 4)
    return std::type_identity<table_byte_codec<Q>>{};
  else
    return std::type_identity<shared_table_byte_codec<Q>>{};
}
}  // namespace detail

/// From the words of a lane for one block of mma16 to bytes, by decode strategy and bits alone:
///
///   static constexpr mma_kind kind        u8s8: codes as they are; s8s8: levels as int8
///   static constexpr int table_words      words of shared memory for `fill`, 0 for most sets
///   byte_codec(state[, table, lane])      state: what decodes; levels in the type ignore it.
///                                         With a table: after the barrier that follows `fill`
///   float unit(), bias()                  level = unit * (byte + bias)
///   arr<word, 2> fragment(words, unit)    the quads of rows g and g + 8 in unit 0..7 of the block,
///                                         bytes in the stored order 0, 2, 1, 3: half of the
///                                         registers of A for mma.m16n8k32, all for m16n8k16
///   scaled_fragment(words, unit)          the same with bytes of row g + 8 `upper_factor` times as
///                                         large (1, 2, 4 or 16; at most 240), which costs least:
///                                         for who divides that row's sums in the end. Sums of
///                                         69 000 products still fit an int32
///   static constexpr int upper_factor     of scaled_fragment
///   static void fill(state, table, thread, threads)
///                                         where table_words is not 0
///
/// Affine codes are taken as they are; `bias`, the intercept in steps, is made good with sums of
/// activations. Other levels become the int8 of the host's products (see int8_scale): exact where a
/// power of two makes integers of them, else rounded to peak / 127. So integer sums are equal on
/// host and device. Sets of up to 4 bits have their table in registers, others 32 KB of shared
/// memory.
template <class Q>
  requires has_byte_codec<Q>
struct byte_codec : decltype(detail::choose_byte_codec<Q>())::type {
  using base = typename decltype(detail::choose_byte_codec<Q>())::type;
  using base::base;
  byte_codec() = default;

  static constexpr int upper_factor = [] {
    if constexpr (detail::has_plain_bytes<Q>)
      return base::upper_factor;
    else
      return 1;
  }();
  LOWBIT_HD constexpr arr<word, 2> scaled_fragment(const block_words<Q::bits>& words,
                                                   int unit) const {
    if constexpr (detail::has_plain_bytes<Q>)
      return base::scaled_fragment(words, unit);
    else
      return base::fragment(words, unit);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
