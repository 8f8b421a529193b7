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
    group_params<Q> p;
    p.scale[0] = scale_for<Q>(largest<Q>(g));
    return p;
  }

  /// The first value of largest magnitude; 0 of an empty group.
  template <class Q>
  static value_of<Q> largest(const group_values<Q>& g) {
    value_of<Q> top{};
    for (const value_of<Q>& x : g.values)
      if (magnitude(x) > magnitude(top)) top = x;
    return top;
  }
  /// The scale that puts `top` on the outermost level.
  template <class Q>
  static float scale_for(value_of<Q> top) {
    if constexpr (requires { Q::signed_peak; } && std::same_as<value_of<Q>, float>)
      if (Q::signed_peak != 0) return div_rn(top, Q::signed_peak);
    return div_rn(magnitude(top), peak_of<Q>);
  }
  /// The scale that puts the magnitude `limit` on the outermost level, on the side where the group
  /// has its largest value.
  template <class Q>
  static float scale_for_limit(const group_values<Q>& g, float limit) {
    const float s = div_rn(limit, peak_of<Q>);
    if constexpr (std::same_as<value_of<Q>, float>)
      if (scale_for<Q>(largest<Q>(g)) < 0) return -s;
    return s;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
