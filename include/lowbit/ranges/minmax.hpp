// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/minifloat.hpp"
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The range from the least to the largest value, for quantizers with a zero:
/// S = (max - min) / peak, then Z = round(-min / S) (integer), -min / S (real) or min (minimum),
/// with S as it will be stored. Where the zero is stored without a sign (integer zeros, real zeros
/// and minima inside two_level), min and max are widened to 0. A constant group is exact: real or
/// integer zeros widen to 0 as well, a minimum is the value itself with S = 0. A real zero keeps
/// clear of the largest number that stores it: S is at least 2 |min| / largest, else a narrow group
/// far from 0 would be lost. All zero or empty: S = 0, Z = 0.
struct minmax : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(has_zero<Q> && scales_of<Q> == 1 && std::same_as<value_of<Q>, float>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    if (g.values.empty()) return {};
    const detail::extremes_of<Q> ends(g);
    return from_range<Q>(g, ends.low, ends.high);
  }

  /// The parameters of the range [low, high]; searches over ranges use it too.
  template <class Q>
  LOWBIT_HD static group_params<Q> from_range(const group_values<Q>& g, float low, float high) {
    if (g.contains_zero || (zero_of<Q> == zero_kind::real && low == high)) {
      if (low > 0) low = 0;
      if (high < 0) high = 0;
    }
    float s = div_rn(sub_rn(high, low), peak_of<Q>);
    if constexpr (zero_of<Q> == zero_kind::real) {
      const float least = div_rn(magnitude(low), mul_rn(0.5f, g.stored_zero(f32::peak)));
      if (s < least) s = least;
    }
    group_params<Q> p;
    p.scale[0] = s = g.stored_scale(s);
    if constexpr (zero_of<Q> == zero_kind::minimum) p.zero = g.stored_zero(low);
    else if constexpr (zero_of<Q> == zero_kind::real)
      p.zero = g.stored_zero(s == 0 ? 0 : div_rn(-low, s));
    else {
      const float z = s == 0 ? 0 : float(round_int(div_rn(-low, s)));
      p.zero = z > peak_of<Q> ? peak_of<Q> : z;
    }
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
