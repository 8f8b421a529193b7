// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/top_fraction.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace lowbit;
using positions = std::vector<position>;

namespace {
const std::vector<float> values{1, -8, 3, 4, 2, -4, 5, 6};
const matrix_view<const float> m(values.data(), 2, 4);
positions pick(const top_fraction& c, const importance* weights = nullptr) {
  return detail::checked(c.pick(m, weights), m.shape());
}
}  // namespace

TEST_CASE("a share of the elements, rounded down") {
  CHECK(pick(top_fraction()) == positions{});  // 1 % of 8
  CHECK(pick(top_fraction(0.125)) == positions{{0, 1}});
  CHECK(pick(top_fraction(0.3)) == positions{{0, 1}, {1, 3}});  // 2.4
  CHECK(pick(top_fraction(1)).size() == 8);
}

TEST_CASE("of each row") {
  CHECK(pick(top_fraction(0.25, outlier_scope::row)) == positions{{0, 1}, {1, 3}});
  CHECK(pick(top_fraction(0.2, outlier_scope::row)) == positions{});  // 0.8 of an element
}

TEST_CASE("importance weighs the squares") {
  std::vector<float> all(8, 1.f);
  all[4] = 17;  // 4 * 17 > 8 * 8
  const importance w{matrix_view<const float>(all.data(), 2, 4)};
  CHECK(pick(top_fraction(0.125), &w) == positions{{1, 0}});
}

TEST_CASE("a fraction outside 0..1 is an error") {
  CHECK_THROWS_WITH_AS(top_fraction(1.5),
                       "lowbit: top_fraction: fraction 1.500000, expected 0 to 1", error);
  CHECK_THROWS_AS(top_fraction(-0.1), error);
  CHECK_THROWS_AS(top_fraction{std::numeric_limits<double>::quiet_NaN()}, error);
}
