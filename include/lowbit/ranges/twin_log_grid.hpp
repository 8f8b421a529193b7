// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/portable_math.hpp"
#include "../core/sort_stably.hpp"
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The magnitudes of the values of one sign in a group, ascending, with their weights.
class half_group {
 public:
  template <class Q>
  half_group(const group_values<Q>& g, bool negative) {
    for (index_t i = 0; i < g.values.size(); ++i)
      if ((g.values[i] < 0) == negative) values_.push_back({magnitude(g.values[i]), g.weight(i)});
    sort_stably(values_, [](const value& a, const value& b) { return a.size < b.size; });
  }
  struct value {
    float size, weight;
  };
  const std::vector<value>& values() const { return values_; }
  bool all_zero() const { return values_.empty() || values_.back().size == 0; }
  /// The least magnitude above 0, of some.
  float least_positive() const {
    for (const value& v : values_)
      if (v.size > 0) return v.size;
    return 0;
  }
  /// The nearest of the values to a quantile.
  float quantile(double p) const {
    return values_[std::size_t(mul_rn(p, double(values_.size() - 1)) + 0.5)].size;
  }

 private:
  std::vector<value> values_;
};

/// Lowest level and ratio of one sign.
struct log_range {
  float low = 0, ratio = 1;
};

/// The search of twin_log_grid for groups of a matrix whose offset eta is known.
struct twin_log_plan {
  float eta;

  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> p;
    p.zero = eta;
    for (const bool negative : {false, true}) {
      const log_range best = best_range<Q>(g, half_group(g, negative)).range;
      p.scale[2 * int(negative)] = best.low;
      p.scale[2 * int(negative) + 1] = best.ratio;
    }
    return p;
  }

  struct judged {
    log_range range;
    double error;
  };
  template <class Q>
  judged best_range(const group_values<Q>& g, const half_group& half) const {
    judged best{{}, -1};
    if (half.all_zero()) return {{}, 0};
    float low_before = -1;
    for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      float low = half.quantile(part / (Q::top + 1));
      if (eta == 0 && low == 0) low = half.least_positive();  // 0 has no logarithm
      low = g.stored_scale(low);
      const double floor = double(low) + double(eta);
      if (low == low_before || floor == 0) continue;
      low_before = low;
      float top_before = -1;
      for (const double share : {1.0, 0.9999, 0.999, 0.99, 0.98}) {
        const float top = half.quantile(share);
        if (top == top_before) continue;
        top_before = top;
        const double ratio = portable_log2((double(top) + double(eta)) / floor) / Q::top;
        const log_range r{low, g.stored_scale(ratio > 0 ? float(portable_exp2(ratio)) : 1)};
        const double error = error_of<Q>(half, r);
        if (best.error < 0 || error < best.error) best = {r, error};
      }
    }
    if (best.error < 0) best = {{}, error_of<Q>(half, {})};  // nothing that can be stored
    return best;
  }

  /// The values ascend, so that the step does.
  template <class Q>
  double error_of(const half_group& half, log_range r) const {
    const arr<float, 4> scale{{r.low, r.ratio, 0, 1}};
    const auto& values = half.values();
    typename Q::steps step(r.low, r.ratio, eta);
    float level = Q::scaled(1, scale, eta);
    return ordered_sum(index_t(values.size()), [&](index_t i) {
      const auto& v = values[std::size_t(i)];
      const int before = step.q;
      step.advance(v.size);
      if (step.q != before) level = Q::scaled(float(1 + step.q), scale, eta);
      const float d = sub_rn(v.size, level);
      return double(mul_rn(v.weight, d)) * double(d);
    });
  }
};

}  // namespace detail

/// The range of twin_log. For each sign of each group, of all pairs of
///   a lowest magnitude: the quantiles 0, 1/4, 1/2, 3/4 and 1 times 1 / steps of the magnitudes
///   a top: the quantiles 1, .9999, .999, .99 and .98 (nearest values)
/// the one of least squared error, weighted by importance, as it will be stored. For the matrix, of
/// the offsets 0 and 1/32, 1/16 ... 8 times the root mean square the one of least squared error, on
/// at most 64 rows, each as one group, without importance.
///
/// On normal data the error is 0.0355 at 3 bits and 0.0096 at 4 per row of 1024, where symmetric
/// uniform codes have 0.0468 and 0.0127. (The released program starts at the least magnitude, takes
/// quantiles over values of the other sign too, as if their logarithm were 0, and has one quantile
/// per sign for the matrix: it loses more than twice as much.)
/// All zero or empty: every value decodes to 0. Cost: sorts each group; 25 passes over it.
struct twin_log_grid : range_search {
  template <class Q>
    requires requires { Q::is_twin_log; }
  detail::twin_log_plan for_matrix(matrix_view<const float> m) const {
    const index_t rows = min_of(m.rows(), 64);
    if (rows == 0 || m.cols() == 0) return {0};
    const auto row = [&](index_t i) {
      group_values<Q> g;
      g.values = span<const float>(m.row(i * m.rows() / rows), m.cols());
      return g;
    };
    double sum = 0;
    for (index_t i = 0; i < rows; ++i)
      for (const float x : row(i).values) sum += double(x) * double(x);
    const float rms = sqrt_rn(float(sum / double(rows * m.cols())));
    float best = 0;
    double least = -1;
    for (int k = -6; k <= 3; ++k) {
      const float eta = k == -6 ? 0 : mul_rn(rms, exp2_int(k));
      const detail::twin_log_plan plan{eta};
      double error = 0;
      for (index_t i = 0; i < rows; ++i)
        for (const bool negative : {false, true})
          error += plan.template best_range<Q>(row(i), detail::half_group(row(i), negative)).error;
      if (least < 0 || error < least) {
        least = error;
        best = eta;
      }
    }
    return {best};
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
