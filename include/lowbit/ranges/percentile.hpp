// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/sort_stably.hpp"
#include "extremes.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The range that holds a share of the values, the rest is clipped: S = q / peak with q the
/// `fraction`-quantile of |x|; for quantizers with a zero, the range from the (1 - fraction)- to
/// the `fraction`-quantile, scale and zero as in minmax. A quantile is the smallest value such that
/// it and all below hold at least that share of the total weight (numpy's inverted_cdf): never
/// between two values, and weighted by importance. fraction is in (0, 1], 1 is the whole range.
/// Throws bad_argument. Cost: sorts each group. Source: RepQ-ViT, Quamba (their quantiles
/// interpolate linearly, which matters in short groups only).
struct percentile : range_search {
  double fraction;
  explicit constexpr percentile(double f = 0.999) : fraction(f) {
    if (!(f > 0 && f <= 1))
      fail(errc::bad_argument, "percentile",
           message("fraction ", f, ", expected more than 0 and at most 1"));
  }

  template <class Q>
    requires(range_for<extremes, Q>)
  group_params<Q> fit(const group_values<Q>& g)
  const {
    std::vector<sample> sorted;
    sorted.reserve(std::size_t(g.values.size()));
    for (index_t i = 0; i < g.values.size(); ++i) {
      if constexpr (has_zero<Q>)
        sorted.push_back({g.values[i], g.weight(i)});
      else
        sorted.push_back({magnitude(g.values[i]), g.weight(i)});
    }
    sort_stably(sorted, [](const sample& a, const sample& b) { return a.value < b.value; });
    if constexpr (has_zero<Q>) {
      if (sorted.empty()) return {};
      return minmax::from_range<Q>(g, quantile<true>(sorted), quantile(sorted));
    } else {
      group_params<Q> p;
      if (!sorted.empty()) p.scale[0] = absmax::scale_for_limit<Q>(g, quantile(sorted));
      return p;
    }
  }

 private:
  struct sample {
    float value, weight;
  };
  /// The first value, from below or from above, with which the share is reached; the last of all
  /// weights 0.
  template <bool FromAbove = false, class Samples>
  float quantile(const Samples& sorted) const {
    const auto at = [&](std::size_t i) { return sorted[FromAbove ? sorted.size() - 1 - i : i]; };
    double total = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) total += double(at(i).weight);
    // a hair less, so that 0.98 of 100 values is 98 although binary64 has no 0.98
    const double share = mul_rn(mul_rn(fraction, total), 1 - 1e-12);
    double sum = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      sum += double(at(i).weight);
      if (sum > 0 && sum >= share) return at(i).value;
    }
    return at(sorted.size() - 1).value;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
