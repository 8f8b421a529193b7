// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "policy.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace offline {

/// What a group of values is like: its least and largest value (of equal ones the first), the sum
/// of its values and of their squares. All 0 of an empty group.
struct statistics {
  float low = 0, high = 0;
  double sum = 0, squares = 0;
  /// max|x|.
  LOWBIT_HD float top() const {
    return magnitude(low) > magnitude(high) ? magnitude(low) : magnitude(high);
  }
};

namespace detail {
struct find_statistics {
  matrix_view<const float> values;
  index_t width, groups;  // columns of a group, groups of a row
  statistics* out;

  LOWBIT_HD void operator()(index_t i) const {
    const index_t first = i % groups * width, left = values.cols() - first;
    const float* const x = values.row(i / groups) + first;
    const index_t n = left < width ? left : width;
    statistics s;
    if (n > 0) s.low = s.high = x[0];
    for (index_t k = 1; k < n; ++k) {
      if (x[k] < s.low) s.low = x[k];
      if (x[k] > s.high) s.high = x[k];
    }
    s.sum = ordered_sum(n, [&](index_t k) { return double(x[k]); });
    s.squares = ordered_sum(n, [&](index_t k) { return double(x[k]) * double(x[k]); });
    out[i] = s;
  }
};
}  // namespace detail

/// The statistics of the groups of `width` columns of each row, row by row: rows * ceil(cols /
/// width) of them; the last group of a row may be short. Values, out: memory that the policy can
/// reach.
///
/// Extremes do not depend on an order. Both sums do; they are `ordered_sum`s, so that their bits
/// are the same on every system, and those that range searches find. Cost: one pass, a thread for
/// each group.
/// Throws error not_finite naming row and column, bad_argument for a width below 1 or an `out` of
/// another size, before anything is written.
template <class Policy>
void group_statistics(const Policy& policy, matrix_view<const float> values, index_t width,
                      span<statistics> out) {
  if (width < 1)
    fail(errc::bad_argument, "width", message(width, " columns, expected at least 1"));
  const index_t groups = ceil_div(values.cols(), width), all = values.rows() * groups;
  if (out.size() != all)
    fail(errc::bad_argument, "out", message(out.size(), " elements, expected ", all));
  detail::check_finite(policy, values);
  const float_mode_guard mode;
  detail::for_each(policy, all, detail::find_statistics{values, width, groups, out.data()});
}

}  // namespace offline
}  // namespace lowbit::inline LOWBIT_ABI
