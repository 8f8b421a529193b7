// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/rounding.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>

using namespace lowbit;

template <rounding R, class Rule>
static void check(Rule rule) {
  CAPTURE(int(R));
  for (int n = 1; n <= 25; ++n)
    for (std::uint32_t i = 0; i < 600; ++i) {
      // small numbers, ties and their neighbours, random ones
      std::uint32_t m = i;
      if (i >= 200) m = (i << (n - 1)) + (i % 3) - 1;
      if (i >= 400) m = philox{1}.word(i);
      m &= 0x00ffffffu;
      const double exact = std::ldexp(double(m), -n);
      REQUIRE(double(shift_right<R>(m, n, false)) == rule(exact));
      REQUIRE(-double(shift_right<R>(m, n, true)) == rule(-exact));
    }
}

TEST_CASE("shift_right rounds as the standard library's functions do") {
  check<rounding::nearest_even>([](double x) { return std::nearbyint(x); });
  check<rounding::nearest_away>([](double x) { return std::round(x); });
  check<rounding::toward_zero>([](double x) { return std::trunc(x); });
  check<rounding::up>([](double x) { return std::ceil(x); });
  check<rounding::down>([](double x) { return std::floor(x); });
}
