// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The share `fraction` (default 1 %) of elements with the largest scores that the caller gives,
/// one per element: |gradient| (GWQ), err^2 / U^2 (SpQR), Fisher information times err^2 ...
/// Rounded down to whole elements, ties to the earlier position. The matrix of scores must outlive
/// the call. Throws shape_mismatch, not_finite, bad_argument for a fraction outside 0..1.
struct user_score : outlier_criterion {
  matrix_view<const float> scores;
  double fraction;
  outlier_scope scope;
  explicit user_score(matrix_view<const float> s, double share = 0.01,
                      outlier_scope where = outlier_scope::matrix)
      : scores(s), fraction(share), scope(where) {
    detail::check_fraction("user_score", share);
    for (index_t r = 0; r < s.rows(); ++r)
      for (index_t c = 0; c < s.cols(); ++c)
        if (!is_finite(s(r, c)))
          fail(errc::not_finite, "user_score",
               message("the score at row ", r, ", column ", c, " is not finite"));
  }

  template <class V>
  std::vector<position> pick(matrix_view<const V> m, const importance*) const {
    detail::check_shape("user_score", scores.shape(), m.shape());
    return detail::best_elements(
        m.shape(), scope, [&](index_t r, index_t c) { return double(scores(r, c)); },
        [&](index_t n) { return detail::share_of(fraction, n); });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
