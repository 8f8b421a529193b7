// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "../core/float_mode.hpp"
#include "../storage/dense_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The weights that belong before transformed activations: every row w becomes w' = T^-T w, so that
/// W' (T x) = W x up to rounding. The same bits on every compiler.
template <class V, row_transform_of<V> T>
dense_matrix<V> transform_rows(const T& t, matrix_view<const V> weights) {
  const float_mode_guard mode;
  dense_matrix<V> out(extent{weights.rows(), t.transformed_size(weights.cols())});
  for (index_t r = 0; r < weights.rows(); ++r) {
    const span<const V> row(weights.row(r), weights.cols());
    const span<V> to(out.view().row(r), out.shape.cols);
    if constexpr (orthogonal_transform<T>)
      t.apply(row, to);
    else
      t.apply_to_row(row, to);
  }
  return out;
}

/// The weights whose results T^-1 takes back: every column w becomes T w, so that T^-1 (W' x) = W x
/// up to rounding. The same bits on every compiler.
template <class V, transform_of<V> T>
  requires std::same_as<transformed<T, V>, V> dense_matrix<V> transform_columns(
      const T& t, matrix_view<const V> weights) {
    const float_mode_guard mode;
    dense_matrix<V> out(extent{t.transformed_size(weights.rows()), weights.cols()});
    std::vector<V> column(std::size_t(weights.rows())), changed(std::size_t(out.shape.rows));
    for (index_t c = 0; c < weights.cols(); ++c) {
      for (index_t r = 0; r < weights.rows(); ++r) column[std::size_t(r)] = weights(r, c);
      t.apply(span<const V>(column), span<V>(changed));
      for (index_t r = 0; r < out.shape.rows; ++r) out.view()(r, c) = changed[std::size_t(r)];
    }
    return out;
  }

/// The weights that transform_rows was given, of `cols` columns: every row w' becomes T^T w'.
template <class V, row_transform_of<V> T>
dense_matrix<V> restore_rows(const T& t, dense_matrix<V> weights, index_t cols) {
  const float_mode_guard mode;
  dense_matrix<V> out(extent{weights.shape.rows, cols});
  for (index_t r = 0; r < weights.shape.rows; ++r) {
    const span<V> row(weights.view().row(r), weights.shape.cols);
    const span<V> to(out.view().row(r), cols);
    if constexpr (orthogonal_transform<T>)
      t.inverse(row, to);
    else
      t.restore_row(row, to);
  }
  return out;
}

/// The weights that transform_columns was given, of `rows` rows: every column c becomes T^-1 c.
template <class V, transform_of<V> T>
  requires std::same_as<transformed<T, V>, V> dense_matrix<V> restore_columns(
      const T& t, const dense_matrix<V>& weights, index_t rows) {
    const float_mode_guard mode;
    dense_matrix<V> out(extent{rows, weights.shape.cols});
    std::vector<V> changed(std::size_t(weights.shape.rows)), column(std::size_t(rows), V{});
    for (index_t c = 0; c < weights.shape.cols; ++c) {
      for (index_t r = 0; r < weights.shape.rows; ++r)
        changed[std::size_t(r)] = weights.view()(r, c);
      t.inverse(span<V>(changed), span<V>(column));
      for (index_t r = 0; r < rows; ++r) out.view()(r, c) = column[std::size_t(r)];
    }
    return out;
  }

}  // namespace lowbit::inline LOWBIT_ABI
