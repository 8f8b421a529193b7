// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/matrix_view.hpp>
#include <lowbit/core/thread_pool.hpp>
#include <vector>

namespace tiny_lm {

namespace lb = lowbit;
using lb::index_t;

/// A float32 matrix ordered for products: the output matrix of every model, and the projections of
/// the f32 row that the formats are compared with. Panels of 32 rows are stored column by column,
/// the last one filled up with zeros.
class dense_matrix {
 public:
  dense_matrix() = default;
  explicit dense_matrix(lb::matrix_view<const float> values);

  lb::extent shape() const { return shape_; }
  index_t bytes() const { return static_cast<index_t>(panels_.size() * sizeof(float)); }

  /// Y = X W^T. Each element is summed in order of column: the same bits for any number of rows of
  /// X and of threads.
  void multiply(lb::matrix_view<const float> x, lb::matrix_view<float> y,
                const lb::thread_pool& threads) const;

 private:
  lb::extent shape_;
  std::vector<float> panels_;
};

}  // namespace tiny_lm
