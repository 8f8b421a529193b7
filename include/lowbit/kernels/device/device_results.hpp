// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../results.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Where the results of a product on the device lie: element (token, row) at
/// data[token * stride + row], or, of two axes, those of tokens 2 t and 2 t + 1 side by side, as
/// the parts of complex numbers.
struct result_place {
  float* data;
  index_t stride;  // in floats
  result_place(float* first, index_t row_stride) : data(first), stride(row_stride) {}
  result_place(matrix_view<float> y) : result_place(y.data(), y.stride()) {}
  result_place(matrix_view<complex32> y)
      : result_place(reinterpret_cast<float*>(y.data()), 2 * y.stride()) {}

  template <int Axes>
  LOWBIT_HD float& at(index_t token, index_t row) const {
    return Axes == 1 ? data[token * stride + row] : data[token / 2 * stride + 2 * row + token % 2];
  }
};
/// How many axes the results of a view's products have.
template <class View>
inline constexpr int axes_of_results = requires { typename View::whole_format; } ? 2 : 1;

/// Where a product on the device leaves its results, and where partial sums go when several blocks
/// share a tile.
struct device_results {
  result_place place;
  update factors;
  float* partial;      // [tile of rows][split][row][column]
  unsigned* counters;  // one for each tile of rows, zero between calls
};

/// The last step: the factor of a token, alpha and beta. With beta = 0, y is only written.
template <int Axes>
LOWBIT_HD void write(const device_results& y, const float* token_factors, index_t token,
                     index_t row, float sum) {
  if (token_factors != nullptr) sum *= token_factors[token];
  sum *= y.factors.alpha;
  float& to = y.place.template at<Axes>(token, row);
  to = y.factors.beta == 0 ? sum : sum + y.factors.beta * to;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
