// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/factored.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/storage/any_matrix.hpp>
#include <lowbit/storage/quantize_linear.hpp>
#include <lowbit/transforms/hadamard.hpp>

#include "storage/laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

namespace {

using halves = format<f16, unscaled>;
using bytes = format<uniform<8>, per_row>;
using w3 = format<uniform<3>, per_group<32>>;

/// Two strong directions and noise.
dense_matrix<float> nearly_rank_two(index_t rows, index_t cols) {
  const test::random_matrix l(rows, 2, 1), r(2, cols, 2), noise(rows, cols, 3);
  dense_matrix<float> w(extent{rows, cols});
  for (index_t i = 0; i < rows; ++i)
    for (index_t c = 0; c < cols; ++c)
      w.view()(i, c) = 3 * (l(i, 0) * r(0, c) + l(i, 1) * r(1, c)) + 0.1f * noise(i, c);
  return w;
}

}  // namespace

TEST_CASE("the product of two matrices, as values and as gemm") {
  const test::random_matrix l(20, 3, 4), r(3, 50, 5), x(4, 50, 6);
  const factored m{quantize<bytes>(l.view()), quantize<halves>(r.view())};
  CHECK(m.shape() == extent{20, 50});
  CHECK(m.rank() == 3);
  CHECK(m.bytes() == 20 * 3 + 20 * 2 + 3 * 50 * 2 + 4);
  const auto left = values_of(m.left()), right = values_of(m.right()), all = values_of(m);
  for (index_t i = 0; i < 20; ++i) {
    for (index_t c = 0; c < 50; ++c) {
      double sum = 0;
      for (index_t k = 0; k < 3; ++k) sum += double(left.view()(i, k)) * double(right.view()(k, c));
      CHECK(all.view()(i, c) == float(sum));
    }
  }
  check_products(m, 4e-6);
  // Int8 activations are for R alone.
  const auto inner = product(m.right(), as<a8>(x.view()), 4);
  CHECK(product(m, as<a8>(x.view()), 4) ==
        product(m.left(), matrix_view<const float>(inner.data(), 4, 3), 4));
}

TEST_CASE("quantized weights and a low-rank branch in one linear") {
  const auto w = nearly_rank_two(40, 64);
  const matrix_view<const float> weights = w.view();
  const auto branch = quantize_factored<halves>(weights, 2);
  auto rest = values_of(branch);
  for (std::size_t i = 0; i < rest.values.size(); ++i)
    rest.values[i] = w.values[i] - rest.values[i];
  const linear l{quantize<w3>(std::as_const(rest).view()), branch};
  CHECK(compare(weights, l).sqnr_db > compare(weights, quantize<w3>(weights)).sqnr_db + 15);
  CHECK(l.bytes() == 40 * 64 * 3 / 8 + 40 * 2 * 2 + branch.bytes());
  CHECK(any_matrix(l).format() ==
        "linear<;uniform<3,symmetric>/per_group<32,f16>,"
        "factored<f16/unscaled,f16/unscaled>;>");
  const any_matrix any = l;
  std::string names;
  for (const stored_array& a : any.arrays()) names += a.name + " ";
  CHECK(names ==
        "terms.0.codes terms.0.scales terms.1.rank terms.1.left.codes "
        "terms.1.right.codes ");

  // From its parts it is the same.
  std::vector<part> parts;
  const auto arrays = any.arrays();
  for (const stored_array& a : arrays) parts.push_back({a.name, a.bytes, a.type});
  using M = std::remove_cvref_t<decltype(l)>;
  CHECK(values_of(matrix_traits<M>::from_parts(l.shape(), parts)).values == values_of(l).values);
  const std::uint32_t three = 3;
  for (part& p : parts)
    if (p.name == "terms.1.rank") p.bytes = {reinterpret_cast<const std::uint8_t*>(&three), 4};
  CHECK_THROWS_WITH_AS(matrix_traits<M>::from_parts(l.shape(), parts),
                       "lowbit: terms.1.left.codes: 160 elements, expected 240", error);
}

TEST_CASE("behind a Hadamard transform, with threads and a workspace") {
  const auto w = nearly_rank_two(16, 48);
  const test::random_matrix x(5, 48, 7);
  const hadamard rotation{.seed = 1};
  auto rotated = transform_rows(rotation, std::as_const(w).view());
  const linear m{extent{16, 48}, rotation, quantize_factored<bytes>(rotated.view(), 4)};
  CHECK(compare(w.view(), m).sqnr_db > 25);
  const auto y = product(m, x.view(), 5);
  workspace memory;
  std::vector<float> z(y.size());
  gemm(m, x.view(), matrix_view<float>(z.data(), 5, 16), memory, thread_pool{2});
  CHECK(z == y);
}

TEST_CASE("rank 0, and sizes that do not fit") {
  const test::random_matrix l(6, 3, 8), r(2, 10, 9), w(6, 10, 10);
  CHECK_THROWS_WITH_AS(factored(quantize<bytes>(l.view()), quantize<bytes>(r.view())),
                       "lowbit: factored: 6 x 3 times 2 x 10, expected inner sizes that agree",
                       error);
  CHECK_THROWS_WITH_AS(quantize_factored<bytes>(w.view(), -1),
                       "lowbit: rank: -1, expected 0 to 2^32 - 1", error);
  const auto zero = quantize_factored<bytes>(w.view(), 0);
  CHECK(values_of(zero).values == std::vector<float>(60, 0.f));
  std::vector<float> x(10, 1.f), y(6, 9.f);
  gemv(zero, x, y);
  CHECK(y == std::vector<float>(6, 0.f));
}
