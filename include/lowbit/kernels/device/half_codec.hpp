// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes to halves in registers: the left operand of mma.m16n8k16 from words of mma16.
#pragma once
#include "half_codec/affine.hpp"
#include "half_codec/field.hpp"
#include "half_codec/power.hpp"
#include "half_codec/shared_table.hpp"
#include "half_codec/table.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Where a codec has its table: in registers (sets of at most 16 levels), or in shared memory.
enum class table_place { registers, shared };

/// Sets that have a codec: real, one value for a code of at most 8 bits, one scale, no selectors,
/// any zero. An integer zero is subtracted in registers, exactly, where it is at most 1024.
template <class Q>
inline constexpr bool has_half_codec = [] {
  if constexpr (dim_of<Q> != 1 || Q::bits < 1 || Q::bits > 8 || scales_of<Q> != 1 ||
                selectors_of<Q> != 0)
    return false;
  else
    return std::same_as<value_of<Q>, float> && !std::same_as<strategy_of<Q>, any_codes> &&
           (zero_of<Q> != zero_kind::integer || detail::largest_zero<Q>() <= 1024);
}();

namespace detail {
template <class Q>
inline constexpr bool decodes_as_affine = [] {
  if constexpr (std::same_as<strategy_of<Q>, affine_codes>)
    return affine_half_codec<Q>::fits;
  else
    return false;
}();
template <class Q>
inline constexpr bool decodes_as_field = [] {
  if constexpr (std::same_as<strategy_of<Q>, field_codes>)
    return field_half_codec<Q>::fits;
  else
    return false;
}();
template <class Q>
inline constexpr bool decodes_as_power = [] {
  if constexpr (std::same_as<strategy_of<Q>, field_constant_codes>) {
    if constexpr (Q::steps == 1) return power_half_codec<Q>::fits;
  }
  return false;
}();
template <class Q, table_place Place>
constexpr auto choose_half_codec() {
  if constexpr (decodes_as_affine<Q>)
    return std::type_identity<affine_half_codec<Q>>{};
  else if constexpr (decodes_as_field<Q>)
    return std::type_identity<field_half_codec<Q>>{};
  else if constexpr (decodes_as_power<Q>)
    return std::type_identity<power_half_codec<Q>>{};
  else if constexpr (Q::bits <= 4 && Place == table_place::registers)
    return std::type_identity<table_half_codec<Q>>{};
  else
    return std::type_identity<shared_table_half_codec<Q>>{};
}
}  // namespace detail

/// From the words of a lane for one block of mma16 to halves, by decode strategy and bits alone:
///
///   static constexpr float post_scale     level = post_scale * half: a power of two
///   static constexpr int table_words      words of shared memory for `fill`, 0 for most sets
///   half_codec(state[, table, lane])      state: what decodes; levels in the type ignore it.
///                                         With a table: after the barrier that follows `fill`
///   displacement displace(z_g, z_g8)      integer zeros of the rows g and g + 8, which `fragment`
///                                         subtracts, exactly; other sets: displace(), empty
///   arr<word, 4> fragment(words, unit, displacement)
///                                         A of mma.m16n8k16 for unit 0..7 of the block: row g,
///                                         row g + 8 (codes 0, 1 of the quad), then codes 2, 3
///   static void fill(state, table, thread, threads)
///                                         where table_words is not 0
///
/// Zeros of other kinds are added by the kernel. Levels that are no halves (NF4, a user's table)
/// are rounded to the nearest, ties to even, after a division by post_scale; post_scale is 1 unless
/// a level of the type would leave the normal range of halves (2^-14 .. 65504); then the largest is
/// 2^14 .. 2^15 and what is 2^-39 of it or less becomes 0. Levels of a state are rounded as they
/// are: beyond 65504 to infinity.
///
///   | strategy | how | exact |
///   |---|---|---|
///   | affine | subnormal halves, one multiply-add | yes |
///   | field, up to 5 exponent bits | fields moved into a half's | yes |
///   | powers of two, up to 4 bits and a sign | fields moved, and inverted | yes |
///   | any other up to 4 bits | table in registers, by bytes | as rounded |
///   | any other | table in shared memory, 32 KB | as rounded |
///
/// With table_place::shared tables of few levels are in shared memory too: half the instructions
/// for 32 KB.
template <class Q, table_place Place = table_place::registers>
  requires has_half_codec<Q>
struct half_codec : decltype(detail::choose_half_codec<Q, Place>())::type {
  using base = typename decltype(detail::choose_half_codec<Q, Place>())::type;
  using base::base;
  half_codec() = default;
  static constexpr int table_words = [] {
    if constexpr (requires { base::table_words; })
      return base::table_words;
    else
      return 0;
  }();
};

/// Whether the halves of a codec are its levels, not rounded ones.
template <class Q>
inline constexpr bool has_half_levels = [] {
  if constexpr (detail::decodes_as_affine<Q> || detail::decodes_as_field<Q>) {
    return true;
  } else if constexpr (has_state<Q>) {
    return false;
  } else {
    for (int c = 0; c >> Q::bits == 0; ++c)
      if (!detail::is_half(level_table<Q>[c] / detail::half_table_scale<Q>)) return false;
    return true;
  }
}();

}  // namespace lowbit::inline LOWBIT_ABI
