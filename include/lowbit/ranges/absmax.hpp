// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// The largest magnitude of a level above and of one below 0; of learned levels, or where there is
/// none, the peak.
template <class Q>
inline constexpr arr<float, 2> outermost = [] {
  arr<float, 2> ends{};
  if constexpr (!has_state<Q> && !has_selectors<Q> && Q::bits <= 8)
    for (code_t c = 0; c >> Q::bits == 0; ++c) {
      const float level = Q{}.decode(c);
      if (is_nan(level)) continue;
      float& end = ends[level < 0 ? 1 : 0];
      if (magnitude(level) > end) end = magnitude(level);
    }
  for (float& end : ends.items)
    if (end == 0) end = peak_of<Q>;
  return ends;
}();
/// Whether the level of largest magnitude has no twin.
template <class Q>
inline constexpr bool has_signed_peak = [] {
  if constexpr (requires { Q::signed_peak; })
    return Q::signed_peak != 0;
  else
    return false;
}();
}  // namespace detail

/// S = max|x| / peak, so that no value is clipped before the scale is rounded for storage. Where
/// the level of largest magnitude has no twin (`signed_peak`), S = x* / signed_peak with x* the
/// first value of largest magnitude, so that S may be negative; where scales are stored without a
/// sign, S puts x* on the outermost level of its side. All zero or empty: S = 0, and
/// every code decodes to 0. Cost: one pass. Importance does not matter.
struct absmax : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g)
  const {
    group_params<Q> p;
    p.scale[0] = scale_for<Q>(g, largest<Q>(g));
    return p;
  }

  /// The same of a group of which only the largest magnitude is known.
  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1 && !detail::has_signed_peak<Q>)
  LOWBIT_HD static group_params<Q> for_top(float top) {
    group_params<Q> p{};
    p.scale[0] = div_rn(top, peak_of<Q>);
    return p;
  }

  /// The first value of largest magnitude; 0 of an empty group.
  template <class Q>
  LOWBIT_HD static value_of<Q> largest(const group_values<Q>& g) {
    return detail::largest_value(g);
  }
  /// The scale that puts `top` on the outermost level.
  template <class Q>
  LOWBIT_HD static float scale_for(const group_values<Q>& g, value_of<Q> top) {
    if constexpr (detail::has_signed_peak<Q> && std::same_as<value_of<Q>, float>) {
      constexpr float above = detail::outermost<Q>[0], below = detail::outermost<Q>[1];
      return g.signed_scale ? div_rn(top, Q::signed_peak)
                            : div_rn(magnitude(top), top < 0 ? below : above);
    }
    return div_rn(magnitude(top), peak_of<Q>);
  }
  /// The scale that puts the magnitude `limit` on the outermost level, on the side where the group
  /// has its largest value.
  template <class Q>
  LOWBIT_HD static float scale_for_limit(const group_values<Q>& g, float limit) {
    const float s = div_rn(limit, peak_of<Q>);
    if constexpr (std::same_as<value_of<Q>, float>)
      if (scale_for<Q>(g, largest<Q>(g)) < 0) return -s;
    return s;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
