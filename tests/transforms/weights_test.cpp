// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/weights.hpp>

#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/permute.hpp>

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

TEST_CASE("restoring undoes it, padding included, whether the transform is orthogonal or not") {
  const auto w = normal_values(6 * 10);
  const matrix_view<const float> m(w.data(), 6, 10);
  const hadamard h{.seed = 1};
  CHECK(distance(restore_rows(h, transform_rows(h, m), 10).values, w) < 1e-6);
  CHECK(distance(restore_columns(h, transform_columns(h, m), 6).values, w) < 1e-6);
  const permute p({9, 0, 8, 1, 7, 2, 6, 3, 5, 4}), q({5, 3, 4, 0, 1, 2});
  CHECK(restore_rows(p, transform_rows(p, m), 10).values == w);
  CHECK(restore_columns(q, transform_columns(q, m), 6).values == w);
  const channel_scale s({1, 2, 4, 8, 0.5f, 1, 2, 4, 8, 16}), t({2, 4, 8, 1, 0.25f, 2});
  CHECK(restore_rows(s, transform_rows(s, m), 10).values == w);
  CHECK(restore_columns(t, transform_columns(t, m), 6).values == w);
}
