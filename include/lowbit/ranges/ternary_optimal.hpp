// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/sort_stably.hpp"
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The scale of least squared error for the levels -1, 0, +1, found exactly. Whatever the scale S,
/// the values that do not become 0 are those of |x| > S / 2, hence the k largest; and for those the
/// best S is their weighted mean magnitude A_k / W_k, which lowers the error by A_k^2 / W_k. So:
/// sort by magnitude, take the best k, of equals the smallest. (TWN, arXiv 1605.04711, approximates
/// this k.) All zero or empty: S = 0, exact; all weights zero count as all equal.
/// Cost: a sort of the group and a copy of its magnitudes.
struct ternary_optimal : range_search {
  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1 && std::same_as<value_of<Q>, float>)
  group_params<Q> fit(const group_values<Q>& g)
  const {
    struct weighted {
      float size, weight;
    };
    std::vector<weighted> values;
    values.reserve(std::size_t(g.values.size()));
    bool some_weight = false;
    for (index_t i = 0; i < g.values.size(); ++i) {
      values.push_back({magnitude(g.values[i]), g.weight(i)});
      some_weight = some_weight || g.weight(i) != 0;
    }
    if (!some_weight)
      for (weighted& v : values) v.weight = 1;
    // Stable, so that the order of the sums, and with it the last bit, is the same everywhere.
    sort_stably(values, [](const weighted& a, const weighted& b) { return a.size > b.size; });
    double sum = 0, weights = 0, best_gain = 0;
    group_params<Q> p;
    for (const weighted& v : values) {
      sum += double(v.weight) * double(v.size);  // an exact product: fused or not, the same
      weights += double(v.weight);
      if (weights == 0) continue;
      const double mean = sum / weights, gain = sum * mean;
      if (gain > best_gain) {
        best_gain = gain;
        p.scale[0] = float(mean);
      }
    }
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
