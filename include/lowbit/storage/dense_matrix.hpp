// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/complex.hpp"
#include "../core/matrix_view.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A row-major matrix that owns its values: what offline steps hand to each other.
template <class V>
struct dense_matrix {
  std::vector<V> values;
  extent shape{};

  dense_matrix() = default;
  explicit dense_matrix(extent e) : values(std::size_t(e.rows * e.cols)), shape(e) {}
  explicit dense_matrix(matrix_view<const V> m) : dense_matrix(m.shape()) {
    for (index_t r = 0; r < shape.rows; ++r)
      for (index_t c = 0; c < shape.cols; ++c) view()(r, c) = m(r, c);
  }

  matrix_view<V> view() { return {values.data(), shape.rows, shape.cols}; }
  matrix_view<const V> view() const { return {values.data(), shape.rows, shape.cols}; }
};

}  // namespace lowbit::inline LOWBIT_ABI
