// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What holds for every matrix, for tests of all of them.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/metrics/compare.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

namespace lowbit_test {

using namespace lowbit;

template <class M>
using value_type_of = typename matrix_traits<M>::value_type;

template <class M>
dense_matrix<value_type_of<M>> values_of(const M& m) {
  dense_matrix<value_type_of<M>> out(matrix_traits<M>::shape(m));
  dequantize(m, out.view());
  return out;
}
template <class M, class X, class... How>
std::vector<float> product(const M& m, const X& x, index_t tokens, How&&... how) {
  const index_t rows = matrix_traits<M>::shape(m).rows;
  std::vector<float> y(std::size_t(tokens * rows), std::numeric_limits<float>::quiet_NaN());
  gemm(m, x, matrix_view<float>(y.data(), tokens, rows), how...);
  return y;
}

/// sum of w(r, c) x(t, c), and of the magnitudes of its terms.
struct exact_product {
  double sum = 0, size = 0;
  exact_product(matrix_view<const float> w, index_t r, matrix_view<const float> x, index_t t) {
    for (index_t c = 0; c < w.cols(); ++c) {
      sum += double(w(r, c)) * double(x(t, c));
      size += std::fabs(double(w(r, c)) * double(x(t, c)));
    }
  }
};
/// Products are those of the matrix that dequantize writes, for all terms together within
/// `tolerance` of the sum of magnitudes.
template <class M>
void check_products(const M& m, double tolerance = 2e-6) {
  const extent shape = matrix_traits<M>::shape(m);
  const test::random_matrix x(5, shape.cols, 9);
  const auto values = values_of(m);
  const auto y = product(m, x.view(), 5);
  index_t wrong = 0;
  for (index_t t = 0; t < 5; ++t)
    for (index_t r = 0; r < shape.rows; ++r) {
      const exact_product e(values.view(), r, x.view(), t);
      wrong += !(std::fabs(e.sum - double(y[std::size_t(t * shape.rows + r)])) <=
                 tolerance * (e.size + 1));
    }
  CHECK(wrong == 0);
}
inline double relative_error(matrix_view<const float> original, const auto& m) {
  return compare(original, m).relative_mse;
}

}  // namespace lowbit_test
