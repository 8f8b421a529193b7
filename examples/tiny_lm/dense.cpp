// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dense.hpp"

#include "kernels.hpp"

namespace tiny_lm {

dense_matrix::dense_matrix(lb::matrix_view<const float> values)
    : shape_(values.shape()),
      panels_(static_cast<std::size_t>(padded(values.rows()) * values.cols())) {
  for (index_t r = 0; r < shape_.rows; ++r) {
    float* panel = panels_.data() + r / row_padding * row_padding * shape_.cols;
    for (index_t c = 0; c < shape_.cols; ++c)
      panel[c * row_padding + r % row_padding] = values(r, c);
  }
}

void dense_matrix::multiply(lb::matrix_view<const float> x, lb::matrix_view<float> y,
                            const lb::thread_pool& threads) const {
  const kernels& host = host_kernels();
  threads.for_each(lb::ceil_div(shape_.rows, row_padding), [&](index_t panel) {
    const index_t first = panel * row_padding;
    host.multiply(x.rows(), lb::min_of(row_padding, shape_.rows - first), shape_.cols, x.data(),
                  x.stride(), panels_.data() + first * shape_.cols, row_padding, y.data() + first,
                  y.stride());
  });
}

}  // namespace tiny_lm
