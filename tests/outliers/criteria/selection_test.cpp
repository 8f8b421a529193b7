// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/selection.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <lowbit/core/random.hpp>
#include <lowbit/outliers/criteria/n_sigma.hpp>
#include <lowbit/outliers/criteria/top_columns.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>

using namespace lowbit;
using positions = std::vector<position>;

// What fits what.
static_assert(element_criterion<top_k, float> && element_criterion<top_k, complex32>);
static_assert(element_criterion<n_sigma, float> && !element_criterion<n_sigma, complex32>);
static_assert(column_criterion<top_columns, float> && !column_criterion<top_k, float>);
static_assert(!element_criterion<top_columns, float>);

TEST_CASE("energy is importance times the squared magnitude, both parts of a complex value") {
  CHECK(detail::energy(-3.f, 2.f) == 18);
  CHECK(detail::energy(complex32{3, -4}, 0.5f) == 12.5);
  CHECK(detail::energy(0x1p-149f, 1) == 0x1p-298);  // nothing underflows
  CHECK(detail::energy(0x1p127f, 1) == 0x1p254);
}

TEST_CASE("the best scores win, of equal ones the earlier places") {
  const std::vector<double> scores{1, 5, 5, 2, 5};
  using places = std::vector<index_t>;
  CHECK(detail::best_places(scores, index_t(0)) == places{});
  CHECK(detail::best_places(scores, index_t(2)) == places{1, 2});
  CHECK(detail::best_places(scores, index_t(4)) == places{1, 2, 3, 4});
  CHECK(detail::best_places(scores, index_t(9)).size() == 5);
  CHECK(detail::best_places({}, index_t(3)) == places{});
}

TEST_CASE("the n-th best of any scores, negative and infinite ones too") {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> scores{-infinity, infinity, -0., 0, 1e-310, -1e-310, 0x1p1000, -0x1p1000};
  for (std::uint64_t i = 0; i < 500; ++i)
    scores.push_back(std::ldexp(double(philox{3}.normal(i)), int(i % 70) - 35));
  for (std::uint64_t i = 0; i < 50; ++i) scores.push_back(scores[std::size_t(i)]);
  std::vector<double> sorted = scores;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  int wrong = 0;
  for (std::size_t n = 1; n <= scores.size(); ++n)
    wrong += detail::nth_best(scores, index_t(n)) != sorted[n - 1];
  CHECK(wrong == 0);
}

TEST_CASE("elements compete in the whole matrix or in their row") {
  const float score[2][3] = {{9, 8, 7}, {1, 3, 2}};
  const auto pick = [&](outlier_scope scope, index_t n) {
    return detail::checked(
        detail::best_elements(
            {2, 3}, scope, [&](index_t r, index_t c) { return double(score[r][c]); },
            [&](index_t) { return n; }),
        {2, 3});
  };
  CHECK(pick(outlier_scope::matrix, 2) == positions{{0, 0}, {0, 1}});
  CHECK(pick(outlier_scope::row, 1) == positions{{0, 0}, {1, 1}});
}

TEST_CASE("a share is rounded down, but for what only rounding keeps below an integer") {
  CHECK(detail::share_of(0.01, 1650) == 16);
  CHECK(detail::share_of(0.29, 100) == 29);  // 0.29 * 100 = 28.999...96
  CHECK(detail::share_of(0, 100) == 0);
  CHECK(detail::share_of(1, 100) == 100);
  for (index_t n = 1; n <= 1000; ++n)
    for (index_t k = 0; k <= n; k += 1 + n / 7)
      if (detail::share_of(double(k) / double(n), n) != k) FAIL_CHECK(k << " of " << n);
}

TEST_CASE("what a criterion chose is sorted, each position once and inside the matrix") {
  CHECK(detail::checked(positions{{1, 0}, {0, 1}, {1, 0}}, {2, 2}) == positions{{0, 1}, {1, 0}});
  for (const position wrong : {position{2, 0}, position{0, 2}, position{-1, 0}, position{0, -1}})
    CHECK_THROWS_AS(detail::checked(positions{{0, 0}, wrong}, {2, 2}), error);
  CHECK_THROWS_WITH_AS(detail::checked(positions{{0, 2}}, {2, 2}),
                       "lowbit: outlier_criterion: chose (0, 2) of a matrix of 2 x 2", error);
}
