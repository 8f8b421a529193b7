// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "extremes.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The whole range, but no wider than +-limit: values beyond are clipped to it. One limit for all
/// groups, or one per group (a matrix of the shape of the grid of groups, or 1 x 1), as AWQ's and
/// OmniQuant's searches find them; the matrix must outlive the call.
///
/// Clipping is a range search, not a way to keep outliers: what is clipped is nowhere stored, and
/// decoding knows nothing of it, so that it cannot be part of a format's type. percentile,
/// std_const, leave_one_out and mse_grid clip too, each by its own rule.
/// A limit must be finite and not negative; error bad_argument, or shape_mismatch.
struct clip : range_search {
  explicit clip(float limit) : one_(limit) { check(limit); }
  explicit clip(matrix_view<const float> limits_of_groups) : limits_(limits_of_groups) {
    for (index_t r = 0; r < limits_.rows(); ++r)
      for (index_t c = 0; c < limits_.cols(); ++c) check(limits_(r, c));
  }

  template <class Q>
    requires(range_for<extremes, Q>)
  group_params<Q> fit(const group_values<Q>& g) const {
    const float limit = limit_of(g.group);
    if (g.values.empty()) return {};
    if constexpr (has_zero<Q>) {
      float low = g.values[0], high = low;
      for (float x : g.values) {
        if (x < low) low = x;
        if (x > high) high = x;
      }
      return minmax::from_range<Q>(g, inside(low, limit), inside(high, limit));
    } else {
      const float top = detail::largest_magnitude(g);
      group_params<Q> p;
      p.scale[0] = absmax::scale_for_limit<Q>(g, top < limit ? top : limit);
      return p;
    }
  }

 private:
  static void check(float limit) {
    if (!is_finite(limit) || limit < 0)
      fail(errc::bad_argument, "clip",
           message("limit ", limit, ", expected a finite one of at least 0"));
  }
  static float inside(float x, float limit) { return x > limit ? limit : x < -limit ? -limit : x; }
  float limit_of(position group) const {
    if (limits_.data() == nullptr) return one_;
    if (group.row >= limits_.rows() || group.col >= limits_.cols())
      fail(errc::shape_mismatch, "clip",
           message(limits_.rows(), " x ", limits_.cols(), " limits, and there is a group (",
                   group.row, ", ", group.col, ")"));
    return limits_(group.row, group.col);
  }

  float one_ = 0;
  matrix_view<const float> limits_;
};

}  // namespace lowbit::inline LOWBIT_ABI
