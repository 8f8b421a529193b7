// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/n_sigma.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace lowbit;
using positions = std::vector<position>;

TEST_CASE("values far from the mean, in standard deviations") {
  // Mean 3, deviations -1 (nine times) and 9: variance (9 + 81) / 10 = 9, sigma 3.
  const std::vector<float> x{2, 2, 2, 2, 2, 12, 2, 2, 2, 2};
  const matrix_view<const float> m(x.data(), 2, 5);
  CHECK(n_sigma(2.9f).pick(m, nullptr) == positions{{1, 0}});
  CHECK(n_sigma(3).pick(m, nullptr) == positions{});  // more than, not at least
  CHECK(n_sigma(0.3f).pick(m, nullptr).size() == 10);
}

TEST_CASE("the mean may be that of a row, and values below it count too") {
  const std::vector<float> x{100, 100, 100, 99, 0, 0, 0, 1};
  const matrix_view<const float> m(x.data(), 2, 4);
  CHECK(n_sigma(1.5f, outlier_scope::row).pick(m, nullptr) == positions{{0, 3}, {1, 3}});
  CHECK(n_sigma(1.5f).pick(m, nullptr) == positions{});
}

TEST_CASE("constant and empty matrices have no outliers") {
  const std::vector<float> x(6, 0.1f);
  CHECK(n_sigma(0).pick(matrix_view<const float>(x.data(), 2, 3), nullptr) == positions{});
  CHECK(n_sigma().pick(matrix_view<const float>(nullptr, 0, 3), nullptr) == positions{});
  CHECK(n_sigma(1, outlier_scope::row).pick(matrix_view<const float>(nullptr, 3, 0), nullptr) ==
        positions{});
}

TEST_CASE("large values do not overflow") {
  const float top = std::numeric_limits<float>::max();
  const std::vector<float> x{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, top};
  CHECK(n_sigma(3).pick(matrix_view<const float>(x.data(), 1, 12), nullptr) == positions{{0, 11}});
}

TEST_CASE("a multiple that is negative or not finite is an error") {
  CHECK_THROWS_WITH_AS(n_sigma(-1),
                       "lowbit: n_sigma: multiple -1.000000, expected a finite one of "
                       "at least 0",
                       error);
  CHECK_THROWS_AS(n_sigma{std::numeric_limits<float>::quiet_NaN()}, error);
  CHECK_THROWS_AS(n_sigma{std::numeric_limits<float>::infinity()}, error);
}
