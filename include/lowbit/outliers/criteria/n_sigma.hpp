// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The elements more than `multiple` (default 3) standard deviations away from the mean: of the
/// matrix, or of their row. Importance does not matter. Throws bad_argument for a multiple that is
/// negative or not finite.
struct n_sigma : outlier_criterion {
  float multiple;
  outlier_scope scope;
  explicit n_sigma(float n = 3, outlier_scope where = outlier_scope::matrix)
      : multiple(n), scope(where) {
    if (!is_finite(n) || n < 0)
      fail(errc::bad_argument, "n_sigma",
           message("multiple ", n, ", expected a finite one of at least 0"));
  }

  std::vector<position> pick(matrix_view<const float> m, const importance*) const {
    const index_t cols = m.cols(), run = scope == outlier_scope::row ? 1 : m.rows();
    std::vector<position> kept;
    for (index_t first = 0; first < m.rows() && cols > 0; first += run) {
      const index_t n = run * cols;
      const auto value = [&](index_t i) { return m(first + i / cols, i % cols); };
      const float mean =
          float(ordered_sum(n, [&](index_t i) { return double(value(i)); }) / double(n));
      const auto distance = [&](index_t i) { return magnitude(sub_rn(value(i), mean)); };
      const double variance = ordered_sum(n,
                                          [&](index_t i) {
                                            const float d = distance(i);
                                            return double(d) * double(d);
                                          }) /
                              double(n);
      const float limit = mul_rn(multiple, float(sqrt_rn(variance)));
      for (index_t i = 0; i < n; ++i)
        if (distance(i) > limit) kept.push_back({first + i / cols, i % cols});
    }
    return kept;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
