// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/random.hpp>
#include <lowbit/quantize.hpp>

namespace test {

/// Mean squared error of a format on 2^18 normal values.
template <class F, class... How>
double normal_mse(const How&... how) {
  constexpr lowbit::index_t rows = 256, cols = 1024;
  const lowbit::philox random{42};
  std::vector<float> x(std::size_t(rows * cols));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normal(i);
  const lowbit::matrix_view<const float> m(x.data(), rows, cols);
  const auto q = lowbit::quantize<F>(m, how...);
  double sum = 0;
  for (lowbit::index_t r = 0; r < rows; ++r)
    for (lowbit::index_t c = 0; c < cols; ++c) {
      const double d = double(q.view().at(r, c)) - double(m(r, c));
      sum += d * d;
    }
  return sum / double(rows * cols);
}

/// The 4-bit codes of a row as hexadecimal digits, first column first.
template <class Matrix>
std::string digits(const Matrix& q, lowbit::index_t row = 0) {
  std::string s;
  for (lowbit::index_t c = 0; c < q.shape().cols; ++c)
    s += "0123456789abcdef"[q.view().main.code(row, c)];
  return s;
}

}  // namespace test
