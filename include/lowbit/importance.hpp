// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "core/matrix_view.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Weights of the squared error, one per column (1 x cols) or one per element: what ranges,
/// solvers, outlier criteria and codebooks minimise. Values must be finite and not negative.
struct importance {
  matrix_view<const float> weights;
  explicit importance(matrix_view<const float> w) : weights(w) {}
  explicit importance(span<const float> columns) : weights(columns.data(), 1, columns.size()) {}
  LOWBIT_HD float at(index_t r, index_t c) const { return weights(weights.rows() == 1 ? 0 : r, c); }
};

namespace detail {

/// Throws error shape_mismatch.
inline void check_importance_shape(extent weights, extent matrix) {
  if (weights.cols != matrix.cols || (weights.rows != 1 && weights.rows != matrix.rows))
    fail(errc::shape_mismatch, "importance",
         message(weights.rows, " x ", weights.cols, " weights for a matrix of ", matrix.rows, " x ",
                 matrix.cols, ", expected one per column or one per element"));
}

/// What is known about the values beside the values.
struct value_hints {
  const importance* weights = nullptr;
  span<const std::uint8_t> left_out{};  // one flag per element: kept apart, or empty

  bool skips(index_t i) const { return !left_out.empty() && left_out[i] != 0; }
  float weight(index_t r, index_t c) const { return weights == nullptr ? 1.f : weights->at(r, c); }
};

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
