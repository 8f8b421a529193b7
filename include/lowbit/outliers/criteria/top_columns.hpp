// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The `count` columns with the largest sum of w |x|^2, with w the importance of an element (1
/// unless given: mean squared activations make it the share of the output). Ties go to the earlier
/// column. More than there are: all. Throws bad_argument for a negative count.
struct top_columns : outlier_criterion {
  index_t count;
  explicit top_columns(index_t n = 1) : count(n) {
    if (n < 0)
      fail(errc::bad_argument, "top_columns", message("count ", n, ", expected at least 0"));
  }

  template <class V>
  std::vector<index_t> pick_columns(matrix_view<const V> m, const importance* weights) const {
    std::vector<double> scores;
    for (index_t c = 0; c < m.cols(); ++c)
      scores.push_back(ordered_sum(m.rows(), [&](index_t r) {
        return detail::energy(m(r, c), weights == nullptr ? 1.f : weights->at(r, c));
      }));
    return detail::best_places(scores, count);
  }
};

/// The columns that the caller names.
struct user_columns : outlier_criterion {
  std::vector<index_t> columns;
  explicit user_columns(std::vector<index_t> c) : columns(std::move(c)) {}

  template <class V>
  std::vector<index_t> pick_columns(matrix_view<const V>, const importance*) const {
    return columns;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
