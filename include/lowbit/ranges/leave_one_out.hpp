// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "extremes.hpp"
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The whole range, or that of all values but the outermost one, if clipping that one lowers the
/// squared error of the group (itself included, weighted by importance). Quantizers with a zero try
/// to leave out the least and the largest value. Ties keep the larger range. A group of one value
/// keeps it. SpQR asks the same question of every value to find its outliers.
struct leave_one_out : range_search {
  template <class Q>
    requires(range_for<extremes, Q> && dim_of<Q> == 1 && !has_state<Q> && selectors_of<Q> == 0)
  group_params<Q> fit(const group_values<Q>& g) const {
    const index_t n = g.values.size();
    group_params<Q> best = extremes{}.fit<Q>(g);
    best.scale[0] = g.stored_scale(best.scale[0]);
    if (n < 2) return best;
    double least = group_error(g, best);
    const auto consider = [&](group_params<Q> p) {
      const double error = group_error(g, p);
      if (error >= least) return;
      least = error;
      best = p;
    };
    if constexpr (has_zero<Q>) {
      float low = g.values[0], low2 = g.values[1], high = low, high2 = low2;
      if (low2 < low) std::swap(low, low2);
      if (high2 > high) std::swap(high, high2);
      for (index_t i = 2; i < n; ++i) {
        const float x = g.values[i];
        if (x < low)
          low2 = low, low = x;
        else if (x < low2)
          low2 = x;
        if (x > high)
          high2 = high, high = x;
        else if (x > high2)
          high2 = x;
      }
      consider(minmax::from_range<Q>(g, low, high2));
      consider(minmax::from_range<Q>(g, low2, high));
    } else {
      value_of<Q> top = g.values[0], second = g.values[1];
      if (magnitude(second) > magnitude(top)) std::swap(top, second);
      for (index_t i = 2; i < n; ++i) {
        const value_of<Q> x = g.values[i];
        if (magnitude(x) > magnitude(top))
          second = top, top = x;
        else if (magnitude(x) > magnitude(second))
          second = x;
      }
      group_params<Q> p;
      p.scale[0] = g.stored_scale(absmax::scale_for<Q>(g, second));
      consider(p);
    }
    return best;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
