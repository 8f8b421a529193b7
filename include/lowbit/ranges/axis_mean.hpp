// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Scales of complex_unit: the mean |Re| of the values that become +-1, the mean |Im| of those that
/// become +-i, weighted (where an axis has only weights of 0: the plain mean). Each is the scale of
/// least squared error for its own values, because the phase alone decides the code. As published
/// (iFairy), a mean below 1e-5 becomes 1e-5; but where all of an axis' values are 0, or there are
/// none, its scale is 0, so that zeros stay zeros. Cost: a few passes.
struct axis_mean : range_search {
  template <class Q>
    requires(scales_of<Q> == 2 && std::same_as<value_of<Q>, complex32>)
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> p;
    for (int axis = 0; axis < 2; ++axis) {
      const auto belongs = [&](index_t i) {
        return (Q::decode(Q::encode(g.values[i])).im == 0) == (axis == 0);
      };
      const auto part = [&](index_t i) {
        return double(magnitude(axis == 0 ? g.values[i].re : g.values[i].im));
      };
      const auto mean = [&](auto weight) {
        const index_t n = g.values.size();
        const double weights = ordered_sum(n, weight);
        return weights == 0
                   ? -1
                   : ordered_sum(n, [&](index_t i) { return weight(i) * part(i); }) / weights;
      };
      double size = mean([&](index_t i) { return belongs(i) ? double(g.weight(i)) : 0.0; });
      if (size < 0) size = mean([&](index_t i) { return belongs(i) ? 1.0 : 0.0; });
      p.scale[axis] = size <= 0 ? 0 : float(size) < 1e-5f ? 1e-5f : float(size);
    }
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
