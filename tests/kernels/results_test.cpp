// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <limits>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/kernels/results.hpp>
#include <lowbit/outliers/criteria/top_fraction.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::product_results;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
using plain = format<uniform<4>, per_row>;
using apart = format<uniform<4>, per_row, sparse<>>;

const std::vector<float> weights(3 * 2, 1);
const auto matrix = quantize<plain>(matrix_view<const float>(weights.data(), 3, 2));

}  // namespace

TEST_CASE("beta 0 writes alpha times the sums and reads nothing") {
  const auto view = matrix.view();
  std::vector<float> y(2 * 5, nan);  // two tokens, five numbers apart
  const product_results results(view, {y.data(), 5}, {.alpha = -2, .beta = 0});
  const float sums[] = {1, 2, 3, 99, 4, 5, 6, 99};
  results.write(0, 3, 2, sums, 4);
  const float expected[] = {-2, -4, -6, 0, 0, -8, -10, -12};
  for (const std::size_t i : {0u, 1u, 2u, 5u, 6u, 7u}) CHECK(y[i] == expected[i]);
  for (const std::size_t i : {3u, 4u, 8u, 9u}) CHECK(y[i] != y[i]);  // not written
}

TEST_CASE("beta updates; rows begin where they are told to") {
  const auto view = matrix.view();
  std::vector<float> y = {10, 20, 30};
  const product_results results(view, {y.data(), 3}, {.alpha = 0.5f, .beta = 3});
  const float sums[] = {8, 16};
  results.write(1, 2, 1, sums, 2);
  CHECK(y == std::vector<float>{10, 64, 98});
  CHECK(update{}.alpha == 1);
  CHECK(update{}.beta == 0);
}

TEST_CASE("what is kept apart is added before alpha, for each token its own") {
  const float values[] = {1, 100, 1, 1, 1, 1, 50, 1};
  const auto w = quantize<apart>(matrix_view<const float>(values, 2, 4), top_k{2});
  const auto view = w.view();
  const float x[] = {1, 2, 3, 4, 0, -1, 2, 0};
  std::vector<float> y(4, nan);
  product_results results(view, {y.data(), 2}, {.alpha = 2, .beta = 0});
  detail::carver size;
  results.take(size, 2);
  std::vector<std::uint8_t> memory(std::size_t(size.used() + 64));
  detail::carver carver(memory.data());
  results.take(carver, 2);
  results.prepare({2, 4, 4, x});
  const float sums[] = {10, 20, 30, 40};
  results.write(0, 2, 2, sums, 2);
  // Residuals: their codes are 0, so 100 at (0, 1) and 50 at (1, 2) are stored whole.
  REQUIRE(view.main.at(0, 1) == 0);
  CHECK(y == std::vector<float>{2 * (10 + 200), 2 * (20 + 150), 2 * (30 - 100), 2 * (40 + 100)});
}

TEST_CASE("of many tokens each gets what it gets alone, outliers included") {
  const index_t rows = 21, cols = 150, tokens = 37;
  const test::random_matrix w(rows, cols, 4), x(tokens, cols, 2);
  const auto q = quantize<apart>(w.view(), top_fraction{0.05});
  for (const arch a : {arch::scalar, arch::avx2, arch::runtime}) {
    const auto product = [&](matrix_view<const float> input) {
      std::vector<float> y(std::size_t(input.rows() * rows), nan);
      const auto run = [&]<arch A>(std::integral_constant<arch, A>) {
        gemm<A>(q.view(), input, matrix_view<float>(y.data(), input.rows(), rows));
      };
      if (a == arch::scalar)
        run(std::integral_constant<arch, arch::scalar>());
      else if (a == arch::avx2)
        run(std::integral_constant<arch, arch::avx2>());
      else
        run(std::integral_constant<arch, arch::runtime>());
      return y;
    };
    const std::vector<float> all = product(x.view());
    for (index_t t = 0; t < tokens; ++t)
      CHECK(product({x.view().row(t), 1, cols}) ==
            std::vector<float>(all.begin() + t * rows, all.begin() + (t + 1) * rows));
  }
}

TEST_CASE("complex results are two numbers each") {
  const complex32 values[] = {{1, 0}, {0, 1}};
  const auto w = quantize<format<complex_unit>>(matrix_view<const complex32>(values, 2, 1));
  const auto view = w.view();
  std::vector<float> y = {1, 2, 3, 4};
  const product_results results(view, {y.data(), 4}, {.alpha = 1, .beta = 1});
  const float sums[] = {0.5f, -0.5f};
  results.write(1, 1, 1, sums, 4);
  CHECK(y == std::vector<float>{1, 2, 3.5f, 3.5f});
}
