// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// The positive half of the levels, ascending.
template <int Bits>
inline constexpr arr<float, (1 << (Bits - 1))> lloyd_max_half{};
template <>
inline constexpr arr<float, 2> lloyd_max_half<2>{{0.452780035f, 1.51041761f}};
template <>
inline constexpr arr<float, 4> lloyd_max_half<3>{
    {0.245094179f, 0.756005281f, 1.34390928f, 2.1519457f}};
template <>
inline constexpr arr<float, 8> lloyd_max_half<4>{{0.12839503f, 0.388048299f, 0.656759119f,
                                                  0.942340456f, 1.2562312f, 1.61804639f,
                                                  2.06901723f, 2.73258957f}};
template <>
inline constexpr arr<float, 16> lloyd_max_half<5>{
    {0.0658896598f, 0.19805183f, 0.331378306f, 0.466699523f, 0.604933624f, 0.747135704f,
     0.894565117f, 1.04878332f, 1.21180438f, 1.38634034f, 1.57622808f, 1.78723322f, 2.0287284f,
     2.3177394f, 2.69111958f, 3.26073249f}};

template <int Bits>
struct lloyd_max_levels {
  static constexpr auto levels = [] {
    constexpr int half = 1 << (Bits - 1);
    arr<float, 2 * half> all{};
    for (int i = 0; i < half; ++i) {
      all[half + i] = lloyd_max_half<Bits>[i];
      all[half - 1 - i] = -lloyd_max_half<Bits>[i];
    }
    return all;
  }();
};
}  // namespace detail

/// The 2^Bits levels of least mean squared error on the standard normal distribution, 2 to 5 bits
/// (Lloyd 1957, Max 1960): the error is .11748, .034548, .0095010, .0025047 of the variance. With a
/// scale of one standard deviation no other scalar level set of that size does better on normal
/// data. Symmetric, no zero level: 0 is a tie and encodes to the negative one. Code = index of the
/// ascending level. Ties and NaN: see `table`.
template <int Bits>
struct lloyd_max : table<detail::lloyd_max_levels<Bits>> {
  static_assert(Bits >= 2 && Bits <= 5, "lowbit::lloyd_max: 2 to 5 bits; beyond, learned_table");
  static constexpr auto name = "lloyd_max<" + (number_text<Bits>() + ">");
};

}  // namespace lowbit::inline LOWBIT_ABI
