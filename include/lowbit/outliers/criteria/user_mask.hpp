// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "selection.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The elements that the caller marks: not 0 in a matrix of the same shape, which must outlive the
/// call. Throws shape_mismatch.
struct user_mask : outlier_criterion {
  matrix_view<const std::uint8_t> mask;
  explicit user_mask(matrix_view<const std::uint8_t> m) : mask(m) {}

  template <class V>
  std::vector<position> pick(matrix_view<const V> m, const importance*) const {
    detail::check_shape("user_mask", mask.shape(), m.shape());
    std::vector<position> kept;
    for (index_t r = 0; r < m.rows(); ++r)
      for (index_t c = 0; c < m.cols(); ++c)
        if (mask(r, c) != 0) kept.push_back({r, c});
    return kept;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
