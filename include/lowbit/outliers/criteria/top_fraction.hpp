// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The share `fraction` (default 1 %) of elements with the largest w |x|^2, rounded down to whole
/// elements: of the matrix, or of each row. w is their importance (1 unless given); ties go to the
/// earlier position. Throws bad_argument for a fraction outside 0..1.
struct top_fraction : outlier_criterion {
  double fraction;
  outlier_scope scope;
  explicit top_fraction(double share = 0.01, outlier_scope where = outlier_scope::matrix)
      : fraction(share), scope(where) {
    detail::check_fraction("top_fraction", share);
  }

  template <class V>
  std::vector<position> pick(matrix_view<const V> m, const importance* weights) const {
    return detail::best_elements(
        m.shape(), scope,
        [&](index_t r, index_t c) {
          return detail::energy(m(r, c), weights == nullptr ? 1.f : weights->at(r, c));
        },
        [&](index_t n) { return detail::share_of(fraction, n); });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
