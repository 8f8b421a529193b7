// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/transposed.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/metrics/compare.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/storage/any_matrix.hpp>
#include <lowbit/storage/linear.hpp>
#include <lowbit/transforms/permute.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

dense_matrix<float> values(index_t rows, index_t cols, std::uint64_t seed) {
  dense_matrix<float> m(extent{rows, cols});
  const philox random{seed};
  for (std::size_t i = 0; i < m.values.size(); ++i) m.values[i] = random.normal(i);
  return m;
}

/// y = W x in binary64, for the W that a matrix stands for.
template <class M>
void check_products(const M& m, matrix_view<const float> x, matrix_view<const float> y) {
  const extent e = matrix_traits<M>::shape(m);
  dense_matrix<float> w(e);
  dequantize(m, w.view());
  for (index_t t = 0; t < x.rows(); ++t)
    for (index_t r = 0; r < e.rows; ++r) {
      double sum = 0, size = 0;
      for (index_t c = 0; c < e.cols; ++c) {
        const double product = double(w.view()(r, c)) * double(x(t, c));
        sum += product;
        size += std::fabs(product);
      }
      CHECK(std::fabs(double(y(t, r)) - sum) <= 1.2e-7 * size);
    }
}

using w4 = format<uniform<4>, per_group<32>>;
using w4_apart = format<uniform<4>, per_row, sparse<>>;
using vq = format<vector_codebook<4, 5>, per_row>;

}  // namespace

TEST_CASE("codes are those of the transpose") {
  const dense_matrix<float> w = values(50, 70, 1);
  const auto m = quantize_transposed<w4>(w.view());
  CHECK(m.shape() == extent{50, 70});
  CHECK(m.matrix().shape() == extent{70, 50});
  CHECK(m.bytes() == m.matrix().bytes());
  dense_matrix<float> decoded(m.shape());
  dequantize(m, decoded.view());
  for (index_t r = 0; r < 50; ++r)
    for (index_t c = 0; c < 70; ++c) CHECK(decoded.view()(r, c) == m.matrix().view().at(c, r));
}

TEST_CASE_TEMPLATE("products are those of the decoded values", F, w4, w4_apart, vq) {
  // More outputs than one task has, more tokens than one piece.
  const dense_matrix<float> w = values(1100, 37, 2), x = values(19, 37, 3);
  const auto m = quantize_transposed<F>(w.view());
  dense_matrix<float> y(extent{19, 1100}), again = y;
  gemm(m, x.view(), y.view());
  check_products(m, x.view(), std::as_const(y).view());
  gemm(m, x.view(), again.view(), thread_pool{2});
  CHECK(again.values == y.values);
  const any_matrix any = m;
  gemm(any, x.view(), again.view());
  CHECK(again.values == y.values);
  gemm(m, x.view(), again.view(), update{2, -1});
  for (std::size_t i = 0; i < y.values.size(); ++i)
    CHECK(again.values[i] == 2 * y.values[i] - y.values[i]);
}

TEST_CASE("quantized activations are multiplied as the numbers that they stand for") {
  const dense_matrix<float> w = values(30, 64, 4), x = values(2, 64, 5);
  const auto m = quantize_transposed<w4>(w.view());
  const auto q = quantize<a8>(x.view());
  dense_matrix<float> rounded(x.shape), y(extent{2, 30});
  dequantize(q.view(), rounded.view());
  gemm(m, as<a8>(x.view()), y.view());
  check_products(m, std::as_const(rounded).view(), std::as_const(y).view());
}

TEST_CASE("a term of a linear; its arrays are those of the transpose, its name says so") {
  const dense_matrix<float> w = values(24, 8, 6), x = values(1, 8, 7);
  const linear l{permute({3, 1, 0, 2, 7, 6, 5, 4}), quantize_transposed<w4>(w.view())};
  dense_matrix<float> y(extent{1, 24});
  gemm(l, x.view(), y.view());
  check_products(l, x.view(), std::as_const(y).view());
  const any_matrix any = l;
  CHECK(any.format() == "linear<permute;transposed<uniform<4,symmetric>/per_group<32,f16>>;>");

  const any_matrix alone = quantize_transposed<w4>(w.view());
  std::vector<part> parts;
  const std::vector<stored_array> arrays = alone.arrays();
  for (const stored_array& a : arrays) parts.push_back({a.name, a.bytes, a.type});
  const auto back = matrix_traits<transposed<w4>>::from_parts({24, 8}, parts);
  dense_matrix<float> first(extent{24, 8}), second = first;
  alone.dequantize(first.view());
  dequantize(back, second.view());
  CHECK(first.values == second.values);
}

TEST_CASE("nothing to multiply") {
  const dense_matrix<float> none_of_either(extent{0, 0});
  const auto m = quantize_transposed<w4>(none_of_either.view());
  dense_matrix<float> x(extent{3, 0}), y(extent{3, 0});
  gemm(m, std::as_const(x).view(), y.view());
  const auto no_inputs = quantize_transposed<w4>(dense_matrix<float>(extent{5, 0}).view());
  std::vector<float> zeros(5, 7);
  gemv(no_inputs, span<const float>(), zeros);
  CHECK(zeros == std::vector<float>(5, 0));
}
