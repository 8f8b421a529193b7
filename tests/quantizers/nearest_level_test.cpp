// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/nearest_level.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace lowbit;

namespace {
inline constexpr arr<float, 2> two{{-1, 3}};
inline constexpr arr<float, 5> five{{-2, -1, 0.5f, 1, 8}};
inline constexpr arr<float, 8> eight{{-4, -2.5f, -1, 0, 0.25f, 1, 3, 9}};
inline constexpr auto two_points = decision_points(two);
inline constexpr auto five_points = decision_points(five);
inline constexpr auto eight_points = decision_points(eight);

template <int N>
int by_distance(const arr<float, N>& levels, float x) {
  int best = 0;
  for (int i = 1; i < N; ++i)
    if (std::fabs(double(levels[i]) - double(x)) < std::fabs(double(levels[best]) - double(x)))
      best = i;
  return best;
}
}  // namespace

static_assert(two_points[0] == 1);
static_assert(count_below<two_points>(1) == 0 && count_below<two_points>(1.0000001f) == 1);
static_assert(nearest_level(five, 5, -1.5f) == 0 && nearest_level(five, 5, -1.4f) == 1);

TEST_CASE("nearest_level: both searches find the level of least distance, ties the lower one") {
  for (int i = -4000; i <= 4000; ++i) {
    const float x = float(i) / 256;  // hits every midpoint
    CHECK(count_below<two_points>(x) == by_distance(two, x));
    CHECK(count_below<five_points>(x) == by_distance(five, x));
    CHECK(count_below<eight_points>(x) == by_distance(eight, x));
    for (int n = 1; n <= 5; ++n) {
      int best = 0;
      for (int k = 1; k < n; ++k)
        if (std::fabs(five[k] - x) < std::fabs(five[best] - x)) best = k;
      CHECK(nearest_level(five, n, x) == best);
    }
    CHECK(nearest_level(eight, 8, x) == by_distance(eight, x));
  }
}

TEST_CASE("nearest_level: infinities go to the ends, NaN to the lowest level") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(count_below<five_points>(-infinity) == 0);
  CHECK(count_below<five_points>(infinity) == 4);
  CHECK(count_below<five_points>(std::nanf("")) == 0);
  CHECK(nearest_level(five, 5, infinity) == 4);
  CHECK(nearest_level(five, 5, std::nanf("")) == 0);
}

TEST_CASE("nearest_level: a decision point is the last float that belongs to the lower level") {
  const float levels[][2] = {
      {-1, -0.6961928f}, {-0.09105004f, 0}, {0, 0.0795803f}, {0.5626170f, 0.7229568f}};
  for (const auto& [a, b] : levels) {
    const float p = decision_point(a, b), next = std::nextafter(p, 9.f);
    CHECK(double(p) - double(a) <= double(b) - double(p));
    CHECK(double(next) - double(a) > double(b) - double(next));
  }
}

TEST_CASE("nearest_level: the midpoint of the largest levels does not overflow") {
  const float top = std::numeric_limits<float>::max();
  CHECK(decision_point(top, top) == top);
  CHECK(decision_point(-top, top) == 0);
}
