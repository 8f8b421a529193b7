// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/powers.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace lowbit;

namespace {

/// Every level of the first 120 octaves is the power, rounded once.
template <class Base>
constexpr bool levels_are_powers() {
  for (int k = 0; k <= 120 * Base::steps; ++k) {
    const float whole = exp2_int(-(k / Base::steps));
    const float level = detail::power_level<Base>(k);
    if (k % Base::steps == 0 ? level != whole
                             : level * level < whole * whole * 0.4999999f ||
                                   level * level > whole * whole * 0.5000001f)
      if (k < 60 * Base::steps) return false;  // squares of smaller ones underflow
    if (k > 0 && level >= detail::power_level<Base>(k - 1)) return false;
  }
  return true;
}
static_assert(levels_are_powers<base_2>() && levels_are_powers<base_sqrt2>());
static_assert(detail::power_level<base_sqrt2>(1) == 0x1.6a09e6p-1f);  // the float below sqrt 1/2

template <class Base>
int by_logarithm(double x) {
  return int(std::floor(-std::log2(x) * Base::steps + 0.5));
}
template <class Base>
int by_distance(double x) {
  int best = -4;
  double least = 1e300;
  for (int k = 40; k >= -4; --k) {  // ties go to the smaller level
    const double level = std::exp2(-double(k) / Base::steps);
    if (std::fabs(double(float(level)) - x) < least) {
      least = std::fabs(double(float(level)) - x);
      best = k;
    }
  }
  return best;
}

template <class Base, class Points, class Expected>
void check(Expected expected) {
  for (int i = 1; i < 60000; ++i) {
    const float x = float(i) / 32768;  // up to 1.83
    REQUIRE(detail::nearest_power<Base, Points>(x) == expected(double(x)));
  }
}

}  // namespace

TEST_CASE("powers: the nearest logarithm") {
  check<base_2, detail::logarithmic_points<base_2>>(by_logarithm<base_2>);
  check<base_sqrt2, detail::logarithmic_points<base_sqrt2>>(by_logarithm<base_sqrt2>);
}

TEST_CASE("powers: the nearest level") {
  check<base_2, detail::linear_points<base_2>>(by_distance<base_2>);
  check<base_sqrt2, detail::linear_points<base_sqrt2>>(by_distance<base_sqrt2>);
}

TEST_CASE("powers: zero and subnormals are beyond every power, infinity and NaN above 1") {
  using points = detail::linear_points<base_2>;
  CHECK(detail::nearest_power<base_2, points>(0) == detail::beyond_every_power);
  CHECK(detail::nearest_power<base_2, points>(1e-40f) == detail::beyond_every_power);
  CHECK(detail::nearest_power<base_2, points>(std::numeric_limits<float>::infinity()) < 0);
  CHECK(detail::nearest_power<base_2, points>(std::nanf("")) < 0);
  CHECK(detail::nearest_power<base_2, points>(0x1p-126f) == 126);
}
