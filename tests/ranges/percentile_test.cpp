// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/percentile.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
/// -1 2 -3 4 ... -99 100
std::vector<float> one_to_100() {
  std::vector<float> x;
  for (int i = 1; i <= 100; ++i) x.push_back(float(i % 2 == 0 ? i : -i));
  return x;
}
}  // namespace

TEST_CASE("a quantile is the smallest value that has its share at or below it") {
  const group<uniform<4>> g{one_to_100(), {}};
  CHECK(g.fit(percentile{0.5}).scale[0] * 7 == doctest::Approx(50));
  CHECK(g.fit(percentile{0.505}).scale[0] * 7 == doctest::Approx(51));
  CHECK(g.fit(percentile{0.98}).scale[0] * 7 == doctest::Approx(98));
  CHECK(g.fit(percentile{1}).scale[0] == g.fit(absmax{}).scale[0]);
  CHECK(g.fit(percentile{1e-6}).scale[0] * 7 == doctest::Approx(1));
}

TEST_CASE("with a zero, both ends move in") {
  std::vector<float> x;
  for (int i = -100; i < 100; ++i) x.push_back(float(i));
  const group<uniform<4, minimum>> g{x, {}};
  const auto p = g.fit(percentile{0.9});
  CHECK(p.zero == -80);  // 180 values are at least -80, 180 at most 79
  CHECK(p.scale[0] * 15 == doctest::Approx(79 + 80));
  CHECK(g.fit(percentile{1}).zero == -100);
}

TEST_CASE("importance counts as so many values") {
  group<uniform<4>> heavy{{1, 2, 3, 4}, {1, 1, 1, 97}};
  CHECK(heavy.fit(percentile{0.5}).scale[0] * 7 == doctest::Approx(4));
  group<uniform<4>> light{{1, 2, 3, 4}, {97, 1, 1, 1}};
  CHECK(light.fit(percentile{0.5}).scale[0] * 7 == doctest::Approx(1));
  group<uniform<4>> none{{1, 2, 3, 4}, {0, 0, 0, 0}};
  CHECK(none.fit(percentile{0.5}).scale[0] * 7 == doctest::Approx(4));
}

TEST_CASE("full_range keeps the sign of its largest value") {
  CHECK(group<uniform<4, full_range>>{{1, 16, -2}, {}}.fit(percentile{0.6}).scale[0] == -0.25f);
}

TEST_CASE("nothing has the range 0; fractions outside 0..1 are errors that say so") {
  CHECK(group<uniform<4>>{}.fit(percentile{}).scale[0] == 0);
  CHECK(group<uniform<4, asymmetric>>{}.fit(percentile{}).scale[0] == 0);
  CHECK_THROWS_WITH_AS(percentile{0},
                       "lowbit: percentile: fraction 0.000000, expected more than 0 and at most 1",
                       error);
  CHECK_THROWS_AS(percentile{1.5}, error);
  CHECK_THROWS_AS(percentile{-1.}, error);
}
