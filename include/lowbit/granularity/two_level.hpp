// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "per.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// A scale has no sign: symmetric codes inside count from 0.
template <class Q>
struct parameter_codes {
  using type = Q;
};
template <int Bits>
struct parameter_codes<uniform<Bits, symmetric>> {
  using type = uniform<Bits, nonnegative>;
};
template <class Q>
using parameter_codes_of = typename parameter_codes<Q>::type;
}  // namespace detail

/// Groups of G values along a row whose scales are themselves quantized, to codes Q2 with one
/// `SuperScale` for every `Super` consecutive groups of the row. uniform<B> for Q2 means codes
/// 0 .. 2^B - 1 (scales have no sign); any other code set stays as it is.
///
/// Real zeros and minima are quantized in the same way, integer zeros as the quantizer says; `Zero`
/// says otherwise. Unsigned minima are at most 0, because one super scale with one sign serves all
/// groups: the ranges contain 0.
///
///   two_level<32, 8, uniform<6>>             K-quants: with uniform<4, minimum> it is Q4_K,
///                                            value = d sc q - dmin m, 4.5 bits
///   two_level<16, 16, uniform<8, full_range>>  Q6_K: signed scales
///   two_level<16, 16, uniform<3, real_zero>> SpQR's 3-bit statistics over 16 column groups
template <int G, int Super, class Q2, class Zero = zero_like_scale, class SuperScale = f16>
using two_level =
    per_group<G, scaled<detail::parameter_codes_of<Q2>, per_group<Super, SuperScale>>, Zero>;

/// The same with one super scale for `Rows` rows of one column of groups. SpQR's layout is
/// two_level_rows<16, 16, uniform<3, real_zero>>.
template <int G, int Rows, class Q2, class Zero = zero_like_scale, class SuperScale = f16>
using two_level_rows =
    per_group<G, scaled<detail::parameter_codes_of<Q2>, per_block<Rows, 1, SuperScale>>, Zero>;

}  // namespace lowbit::inline LOWBIT_ABI
