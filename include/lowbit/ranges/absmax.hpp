// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// S = max|x| / peak, so that no value is clipped before the scale is rounded for storage. Where
/// the level of largest magnitude has no twin (`signed_peak`), S = x* / signed_peak with x* the
/// first value of largest magnitude, so that S may be negative. All zero or empty: S = 0, and every
/// code decodes to 0. Cost: one pass. Importance does not matter.
struct absmax : range_search {
  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1)
  group_params<Q> fit(const group_values<Q>& g) const {
    value_of<Q> top{};
    for (const value_of<Q>& x : g.values)
      if (magnitude(x) > magnitude(top)) top = x;
    group_params<Q> p;
    if constexpr (requires { Q::signed_peak; } && std::same_as<value_of<Q>, float>) {
      p.scale[0] = Q::signed_peak != 0 ? div_rn(top, Q::signed_peak)
                                       : div_rn(magnitude(top), peak_of<Q>);
    } else {
      p.scale[0] = div_rn(magnitude(top), peak_of<Q>);
    }
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
