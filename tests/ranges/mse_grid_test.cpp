// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/mse_grid.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {

/// The search by definition: every range tried to the end.
template <class Q>
group_params<Q> by_definition(const group<Q>& g, int steps = 80, int grid = 100) {
  float low = g.values[0], high = low;
  for (float x : g.values) low = std::fmin(low, x), high = std::fmax(high, x);
  group_params<Q> best{};
  double least = 0;
  for (int k = 0; k < steps; ++k) {
    const float part = float(double(grid - k) / grid);
    group_params<Q> p{};
    if constexpr (has_zero<Q>)
      p = minmax::from_range<Q>(g.view(), part * low, part * high);
    else
      p.scale[0] = g.stored_scale(
          mul_rn(part, absmax::scale_for<Q>(g.view(), absmax::largest<Q>(g.view()))));
    const double error = g.error(p);
    if (k == 0 || error < least) {
      least = error;
      best = p;
    }
  }
  return best;
}

template <class Q>
void check_definition(bool weighted) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::size_t n = 1 + std::size_t(seed * 7 % 97);
    group<Q> g{test::normal_values(n, seed, seed % 3 == 0 ? 11 : 0), {}};
    if (weighted) g.weights = test::positive_weights(n, seed);
    g.stored_scale = test::as_f16;
    const auto expected = by_definition(g), found = g.fit(mse_grid{});
    CHECK(found.scale[0] == expected.scale[0]);
    CHECK(found.zero == expected.zero);
  }
}

}  // namespace

TEST_CASE("giving up early changes no choice: the grid finds what trying everything finds") {
  check_definition<uniform<4>>(false);
  check_definition<uniform<4>>(true);
  check_definition<uniform<2, full_range>>(false);
  check_definition<uniform<3, asymmetric>>(true);
  check_definition<uniform<4, minimum>>(false);
  check_definition<uniform<3, real_zero>>(true);
  check_definition<fp4_e2m1>(false);
  check_definition<normal_float<4>>(true);
}

TEST_CASE("a hand-made group: clipping the one large value pays off at two bits") {
  // Levels -1, 0, 1. The whole range has S = 4 and makes 0 of every 1; S = 1 costs (4 - 1)^2 = 9.
  const group<uniform<2>> g{{4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1}, {}};
  const auto p = g.fit(mse_grid{});
  CHECK(g.error(g.fit(absmax{})) == 16);
  CHECK(p.scale[0] == doctest::Approx(4 * 0.29));  // k = 71: 16 (1.16 - 1)^2 + (4 - 1.16)^2
  CHECK(g.error(p) == doctest::Approx(16 * 0.16 * 0.16 + 2.84 * 2.84));
}

TEST_CASE("ties keep the larger range") {
  const group<uniform<2>> zeros{{0, 0, 0}, {}};
  CHECK(zeros.fit(mse_grid{}).scale[0] == 0);
  group<uniform<4>> g{{7, 0, 0}, {}};
  CHECK(g.fit(mse_grid{}).scale[0] == 1);  // exact from the start
  g.weights = {0, 0, 0};                   // every range is as good
  CHECK(g.fit(mse_grid{}).scale[0] == 1);
}

TEST_CASE("importance shifts the choice") {
  const std::vector<float> x = {4, 1, 1, 1, 1, 1, 1, 1, 1};
  group<uniform<2>> large{x, {1000, 1, 1, 1, 1, 1, 1, 1, 1}};
  group<uniform<2>> small{x, {0, 1, 1, 1, 1, 1, 1, 1, 1}};
  CHECK(large.fit(mse_grid{}).scale[0] > 3.9f);
  CHECK(small.fit(mse_grid{}).scale[0] == doctest::Approx(1));
}

TEST_CASE("the error never exceeds that of the whole range, under any exponent") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const group<uniform<3>> g{test::normal_values(64, seed, 16), {}};
    const auto whole_range = g.fit(absmax{}), best = g.fit(mse_grid{}),
               best24 = g.fit(mse_grid{2.4f});
    CHECK(g.error(best) < g.error(whole_range));
    const auto power_sum = [&](const group_params<uniform<3>>& p) {
      double sum = 0;
      for (std::size_t i = 0; i < g.values.size(); ++i)
        sum += std::pow(std::fabs(double(g.values[i]) - double(g.coded(i, p))), 2.4);
      return sum;
    };
    CHECK(power_sum(best24) <= power_sum(best) * (1 + 1e-5));
  }
}

TEST_CASE("a power-of-two scale is judged after it is rounded") {
  group<fp4_e2m1> g{test::normal_values(32, 5), {}};
  g.stored_scale = [](float s) { return e8m0::decode(e8m0::encode(s)); };
  const float s = g.fit(mse_grid{}).scale[0];
  CHECK(s == exp2_int(ilog2(s)));
}

TEST_CASE("groups of no and of one value") {
  CHECK(group<uniform<4>>{}.fit(mse_grid{}).scale[0] == 0);
  const group<uniform<4, asymmetric>> one{{-3}, {}};
  CHECK(one.coded(0, one.fit(mse_grid{})) == doctest::Approx(-3));
}

TEST_CASE("exponents and steps that make no sense are errors that say so") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(mse_grid{nan},
                       "lowbit: mse_grid: exponent nan, expected more than 0 and at most 4", error);
  CHECK_THROWS_WITH_AS(mse_grid{0},
                       "lowbit: mse_grid: exponent 0.000000, expected more than 0 and at most 4",
                       error);
  CHECK_THROWS_AS(mse_grid{5}, error);
  CHECK_THROWS_WITH_AS((mse_grid{2, 11, 10}),
                       "lowbit: mse_grid: 11 steps of 1 / 10, expected 1 to 10", error);
  CHECK_THROWS_AS((mse_grid{2, 0}), error);
  CHECK_NOTHROW((mse_grid{4, 10, 10}));
}
