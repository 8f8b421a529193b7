// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/power.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/portable_math.hpp>
#include <lowbit/core/random.hpp>

using namespace lowbit;

TEST_CASE("powers have a relative error below 5e-7, over all of binary32") {
  const philox random{9};
  double worst = 0;
  for (std::uint64_t i = 0; i < 200000; ++i) {
    const float x = bits_as<float>(1 + random.below(3 * i, 0x7f7fffffu));
    const float a = 8 * (random.uniform(3 * i + 1) - 0.5f);
    worst = std::fmax(worst, std::fabs(power(x, a) / std::pow(double(x), double(a)) - 1));
  }
  CHECK(worst < 5e-7);
}

TEST_CASE("powers of 2 and of 1 are exact, and so is the power 1 nearly") {
  CHECK(power(1, 0.3f) == 1);
  CHECK(power(4, 0.5f) == 2);
  CHECK(power(exp2_int(-149), 2) == std::ldexp(1.0, -298));
  CHECK(power(exp2_int(127), 4) == std::ldexp(1.0, 508));
  CHECK(power(8, -1) == 0.125);
  CHECK(power(3, 1) == doctest::Approx(3).epsilon(3e-7));
}

TEST_CASE("zero to the power zero is 1, to any other 0") {
  CHECK(power(0, 0) == 1);
  CHECK(power(0, 0.5f) == 0);
  CHECK(power(5, 0) == 1);
}

TEST_CASE("powers are constant expressions with the same bits as at run time") {
  constexpr double constant = power(0.7f, 2.4f);
  float x = 0.7f;
  __asm__("" : "+m"(x));
  CHECK(power(x, 2.4f) == constant);
  CHECK(constant == doctest::Approx(portable_exp2(2.4 * portable_log2(0.7))).epsilon(5e-7));
}
