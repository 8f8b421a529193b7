// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/portable_math.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace lowbit;

static_assert(portable_exp2(0) == 1 && portable_exp2(-3) == 0.125 && portable_exp2(10) == 1024);
static_assert(portable_log2(1) == 0 && portable_log2(8) == 3 && portable_log2(0.25) == -2);
static_assert(portable_tan(0) < 1e-15 && portable_atan(0) < 1e-15);

TEST_CASE("portable_math: agrees with the mathematical library") {
  double exp2_error = 0, log2_error = 0, tan_error = 0, atan_error = 0;
  for (int i = -4000; i <= 4000; ++i) {
    const double x = i * 0.00917, p = std::exp2(x);
    exp2_error = std::fmax(exp2_error, std::fabs(portable_exp2(x) / p - 1));
    log2_error = std::fmax(log2_error, std::fabs(portable_log2(p) - std::log2(p)));
    const double a = 1.57 * std::abs(i) / 4000, t = std::abs(i) * 0.01;
    tan_error =
        std::fmax(tan_error, std::fabs(portable_tan(a) - std::tan(a)) * std::cos(a) * std::cos(a));
    atan_error = std::fmax(atan_error, std::fabs(portable_atan(t) - std::atan(t)));
  }
  CHECK(exp2_error < 0x1p-51);
  CHECK(log2_error < 0x1p-50);
  CHECK(tan_error < 0x1p-50);
  CHECK(atan_error < 0x1p-50);
}

TEST_CASE("portable_math: far ends") {
  CHECK(portable_exp2(1000) == std::exp2(1000));
  CHECK(portable_exp2(-1000) == std::exp2(-1000));
  CHECK(portable_exp2(-0.0) == 1);
  CHECK(portable_log2(0x1p-1022) == -1022);
  CHECK(portable_log2(0x1.fffffffffffffp1023) == doctest::Approx(1024));
  CHECK(portable_atan(1e300) == doctest::Approx(1.5707963267948966).epsilon(1e-14));
  CHECK(portable_tan(1.57) == doctest::Approx(std::tan(1.57)).epsilon(1e-11));
}

// The bits themselves, whatever the compiler, its flags and the floating-point mode.
TEST_CASE("portable_math: the bits are these") {
  volatile double x = 0.3, y = 7.7, a = 1.1;
  CHECK(portable_exp2(x) == portable_exp2(0.3));
  CHECK(bits_as<std::uint64_t>(portable_exp2(x)) == 0x3ff3b2c47bff8328);
  CHECK(bits_as<std::uint64_t>(portable_log2(y)) == 0x40078f11f1e0bdfd);
  CHECK(bits_as<std::uint64_t>(portable_tan(a)) == 0x3fff6fa7d286214f);
  CHECK(bits_as<std::uint64_t>(portable_atan(y)) == 0x3ff710fe948cb4cb);
}
