// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/permute.hpp>
#include <lowbit/transforms/weights.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

TEST_CASE("rows get what activations get, columns what results lose again") {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6};
  const matrix_view<const float> m(w.data(), 2, 3);
  CHECK(transform_rows(permute({2, 0, 1}), m).values == std::vector<float>{3, 1, 2, 6, 4, 5});
  CHECK(transform_columns(permute({1, 0}), m).values == std::vector<float>{4, 5, 6, 1, 2, 3});
}

TEST_CASE("a Hadamard transform on both sides keeps the sum of squares") {
  const auto w = normal_values(24 * 20);
  const auto rows = transform_rows(hadamard{.seed = 1}, matrix_view<const float>(w.data(), 24, 20));
  const auto both = transform_columns(hadamard{.seed = 2}, rows.view());
  CHECK(both.shape == extent{32, 32});
  CHECK(product(both.values, both.values) == doctest::Approx(product(w, w)).epsilon(1e-6));
}

TEST_CASE("strided weights, and none at all") {
  const std::vector<float> w = {1, 2, 99, 3, 4, 99};
  CHECK(transform_rows(permute({1, 0}), matrix_view<const float>(w.data(), 2, 2, 3)).values ==
        std::vector<float>{2, 1, 4, 3});
  CHECK(transform_rows(hadamard{}, matrix_view<const float>(nullptr, 0, 5)).shape == extent{0, 8});
  CHECK(transform_columns(hadamard{}, matrix_view<const float>(nullptr, 5, 0)).shape ==
        extent{8, 0});
}
