// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/std_const.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
template <class Q>
double normal_mse(const std_const& range) {
  const group<Q> g{test::normal_values(1 << 16, 3), {}};
  return g.error(g.fit(range)) / double(g.values.size());
}
}  // namespace

TEST_CASE("the outermost level stands at a multiple of the RMS") {
  const group<uniform<4>> g{{3, -4, 0, 0}, {}};  // RMS 2.5
  CHECK(g.fit(std_const{2.8f}).scale[0] == 1);
  const group<uniform<4, full_range>> up{{4, -3, 0, 0}, {}};
  CHECK(up.fit(std_const{3.2f}).scale[0] == -1);
  CHECK(group<uniform<4>>{}.fit(std_const{2}).scale[0] == 0);
  CHECK(group<uniform<4>>{{0, 0}, {}}.fit(std_const{2}).scale[0] == 0);
}

TEST_CASE("the constants of the documentation have the squared error of the theory") {
  CHECK(normal_mse<uniform<4>>(std_const{2.4739f}) == doctest::Approx(.0128894).epsilon(.01));
  CHECK(normal_mse<ternary>(std_const{1.224006f}) == doctest::Approx(.190174).epsilon(.01));
  CHECK(normal_mse<fp4_e2m1>(std_const{2.9225f}) == doctest::Approx(.0126849).epsilon(.01));
  CHECK(normal_mse<normal_float<4>>(std_const{2.863f}) == doctest::Approx(.0098993).epsilon(.01));
}

TEST_CASE("a multiple that is negative or no number is an error that says so") {
  CHECK_THROWS_WITH_AS(
      std_const{-1},
      "lowbit: std_const: clip at -1.000000 standard deviations, expected a finite number >= 0",
      error);
  CHECK_THROWS_AS(std_const{std::numeric_limits<float>::infinity()}, error);
  CHECK_THROWS_AS(std_const{std::numeric_limits<float>::quiet_NaN()}, error);
}
