// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// S = sum w|x| / sum w: the scale of least squared error for +-1 (XNOR-Net, arXiv 1603.05279),
/// because with the signs fixed the error is sum w (|x| - S)^2. All zero or empty: S = 0, exact.
/// All weights zero: the plain mean. Cost: one pass.
struct mean_magnitude : range_search {
  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1 && std::same_as<value_of<Q>, float>)
  group_params<Q> fit(const group_values<Q>& g) const {
    const index_t n = g.values.size();
    double weights = ordered_sum(n, [&](index_t i) { return double(g.weight(i)); });
    double sum = ordered_sum(
        n, [&](index_t i) { return double(g.weight(i)) * double(magnitude(g.values[i])); });
    if (weights == 0) {
      weights = double(n);
      sum = ordered_sum(n, [&](index_t i) { return double(magnitude(g.values[i])); });
    }
    group_params<Q> p;
    p.scale[0] = n == 0 ? 0 : float(sum / weights);
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
