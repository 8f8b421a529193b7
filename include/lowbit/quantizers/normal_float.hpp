// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
template <int Bits>
struct normal_float_levels;
template <>
struct normal_float_levels<2> {
  static constexpr float levels[] = {-1, 0, 0.33791512f, 1};
};
template <>
struct normal_float_levels<3> {
  static constexpr float levels[] = {-1,          -0.47862908f, -0.21714178f, 0,
                                     0.16093014f, 0.33791512f,  0.56261688f,  1};
};
template <>
struct normal_float_levels<4> {  // as published, to the last bit of a binary32
  static constexpr float levels[] = {-1,
                                     -0.6961928009986877f,
                                     -0.5250730514526367f,
                                     -0.39491748809814453f,
                                     -0.28444138169288635f,
                                     -0.18477343022823334f,
                                     -0.09105003625154495f,
                                     0,
                                     0.07958029955625534f,
                                     0.16093020141124725f,
                                     0.24611230194568634f,
                                     0.33791524171829224f,
                                     0.44070982933044434f,
                                     0.5626170039176941f,
                                     0.7229568362236023f,
                                     1};
};
}  // namespace detail

/// NormalFloat of 2, 3 or 4 bits: quantiles of the normal distribution, scaled to +-1, with an
/// exact zero and one level more above it than below. With o = 1 - (1/30 + 1/32) / 2 the levels are
///   the normal quantiles at 2^(Bits-1) equal steps from 1 - o to 1/2 (1/2 left out)
///   and at 2^(Bits-1) + 1 equal steps from 1/2 to o, all divided by the largest.
/// Code = index of the ascending level. Encodes by the midpoints, a tie goes to the lower level;
/// bitsandbytes' constants are the same midpoints, rounded to binary32. NaN gives the lowest level.
/// Int8 products round the levels. Strategy: table.
/// Source: QLoRA (arXiv 2305.14314) and bitsandbytes for 4 bits; LQ-LoRA (arXiv 2311.12023) for the
/// others, which keep the 4-bit o.
template <int Bits>
struct normal_float : table<detail::normal_float_levels<Bits>> {
  static_assert(Bits >= 2 && Bits <= 4, "lowbit::normal_float: 2, 3 or 4 bits");
  static constexpr auto name = "normal_float<" + (number_text<Bits>() + ">");
};

}  // namespace lowbit::inline LOWBIT_ABI
