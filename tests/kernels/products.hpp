// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products against exact sums, in both layouts and on every instruction set.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/lowbit.hpp>
#include <lowbit/packing/repack.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

namespace test {
namespace lb = lowbit;
using lb::index_t;

struct operands {
  random_matrix w, x;
  operands(index_t rows, index_t cols, index_t tokens) : w(rows, cols, 5), x(tokens, cols, 6) {}
};

template <lb::arch Arch, class W, class X>
std::vector<float> product(const W& w, const X& x, index_t tokens) {
  std::vector<float> y(std::size_t(tokens * w.rows()), std::numeric_limits<float>::quiet_NaN());
  lb::gemm<Arch>(w, x, lb::matrix_view<float>(y.data(), tokens, w.rows()));
  return y;
}

/// The bound of the design, with y* summed in long double.
template <class F, lb::arch Arch>
void check_real(const lb::quantized_view<F>& w, const random_matrix& x) {
  const std::vector<float> y = product<Arch>(w, x.view(), x.rows);
  std::vector<float> values(std::size_t(w.rows() * w.cols()));
  lb::dequantize(w, lb::matrix_view<float>(values.data(), w.rows(), w.cols()));
  const double bound = double((w.cols() + 15) / 16 + 16) * 0x1p-23;
  index_t wrong = 0;
  for (index_t t = 0; t < x.rows; ++t)
    for (index_t r = 0; r < w.rows(); ++r) {
      long double exact = 0, size = 0;
      for (index_t c = 0; c < w.cols(); ++c) {
        const long double p = (long double)values[std::size_t(r * w.cols() + c)] * x(t, c);
        exact += p;
        size += std::fabs(p);
      }
      const float got = y[std::size_t(t * w.rows() + r)];
      wrong += !(std::fabs(got - exact) <= bound * size);
    }
  CHECK(wrong == 0);
}

/// Integer products against the exact sum over the same levels and activations.
template <class F, lb::arch Arch>
void check_a8(const lb::quantized_view<F>& w, const random_matrix& x) {
  const std::vector<float> y = product<Arch>(w, lb::as<lb::a8>(x.view()), x.rows);
  const auto q = lb::quantize<lb::a8>(x.view());
  index_t wrong = 0;
  for (index_t t = 0; t < x.rows; ++t)
    for (index_t r = 0; r < w.rows(); ++r) {
      long double exact = 0, size = 0;
      for (index_t c = 0; c < w.cols(); ++c) {
        const long double p = (long double)w.at(r, c) * q.view().at(t, c);
        exact += p;
        size += std::fabs(p);
      }
      const float got = y[std::size_t(t * w.rows() + r)];
      wrong += !(std::fabs(got - exact) <= 4e-6 * size);
    }
  CHECK(wrong == 0);
}

/// Tiles give the same bits as canonical codes.
template <lb::arch Arch, class F>
void check_layouts(const lb::quantized_matrix<F>& q, const random_matrix& x) {
  const auto tiles = lb::repack<lb::host_layout>(q);
  CHECK(product<Arch>(tiles.view(), x.view(), x.rows) == product<Arch>(q.view(), x.view(), x.rows));
  CHECK(product<Arch>(tiles.view(), lb::as<lb::a8>(x.view()), x.rows) ==
        product<Arch>(q.view(), lb::as<lb::a8>(x.view()), x.rows));
}
/// And a token the same as alone.
template <lb::arch Arch, class F>
void check_last_token(const lb::quantized_matrix<F>& q, const random_matrix& x) {
  const auto tiles = lb::repack<lb::host_layout>(q);
  const auto all = product<Arch>(tiles.view(), lb::as<lb::a8>(x.view()), x.rows);
  const lb::matrix_view<const float> last(x.view().row(x.rows - 1), 1, x.cols);
  CHECK(product<Arch>(tiles.view(), lb::as<lb::a8>(last), 1) ==
        std::vector<float>(all.end() - q.view().rows(), all.end()));
}

template <class F>
void check(bool exact_levels = true) {
  CAPTURE(lb::format_name<F>);
  struct sizes {
    index_t rows, cols, tokens;
  };
  for (const sizes& s : {sizes{9, 64, 1}, {37, 301, 5}, {3, 1100, 9}, {1, 1, 1}}) {
    const index_t rows = s.rows, cols = s.cols, tokens = s.tokens;
    CAPTURE(rows);
    CAPTURE(cols);
    const operands o(rows, cols, tokens);
    const auto q = lb::quantize<F>(o.w.view());
    check_real<F, lb::arch::scalar>(q.view(), o.x);
    check_real<F, lb::arch::avx2>(q.view(), o.x);
    check_real<F, lb::arch::avx512>(q.view(), o.x);
    check_layouts<lb::arch::scalar>(q, o.x);
    check_layouts<lb::arch::avx2>(q, o.x);
    check_layouts<lb::arch::avx512>(q, o.x);
    check_last_token<lb::arch::scalar>(q, o.x);
    check_last_token<lb::arch::avx2>(q, o.x);
    check_last_token<lb::arch::avx512>(q, o.x);
    if (exact_levels) {
      check_a8<F, lb::arch::scalar>(q.view(), o.x);
      check_a8<F, lb::arch::avx2>(q.view(), o.x);
      check_a8<F, lb::arch::avx512>(q.view(), o.x);
    }
  }
}

}  // namespace test
