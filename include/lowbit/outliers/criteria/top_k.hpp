// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The `count` elements of largest w |x|^2, with w their importance (1 unless given): of the
/// matrix, or of each row. Ties go to the earlier position. More than there are: all. Throws
/// bad_argument for a negative count.
struct top_k : outlier_criterion {
  index_t count;
  outlier_scope scope;
  explicit top_k(index_t n, outlier_scope where = outlier_scope::matrix) : count(n), scope(where) {
    if (n < 0) fail(errc::bad_argument, "top_k", message("count ", n, ", expected at least 0"));
  }

  template <class V>
  std::vector<position> pick(matrix_view<const V> m, const importance* weights) const {
    return detail::best_elements(
        m.shape(), scope,
        [&](index_t r, index_t c) {
          return detail::energy(m(r, c), weights == nullptr ? 1.f : weights->at(r, c));
        },
        [&](index_t) { return count; });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
