// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/complex.hpp>

#include <doctest/doctest.h>

#include <complex>
#include <limits>
#include <type_traits>

using namespace lowbit;

static_assert(std::is_trivial_v<complex32> && sizeof(complex32) == 8 && alignof(complex32) == 4);
static_assert(complex32{1, 2} + complex32{3, 5} == complex32{4, 7});

TEST_CASE("arithmetic is std::complex's, on numbers where every step is exact") {
  for (int i = 0; i < 625; ++i) {
    const complex32 a{float(i % 5 - 2), float(i / 5 % 5 - 2)};
    const complex32 b{float(i / 25 % 5 - 2), float(i / 125 - 2)};
    const std::complex<float> x(a.re, a.im), y(b.re, b.im);
    const auto same = [](complex32 z, std::complex<float> w) {
      return z.re == w.real() && z.im == w.imag();
    };
    REQUIRE(same(a + b, x + y));
    REQUIRE(same(a - b, x - y));
    REQUIRE(same(a * b, x * y));
    REQUIRE(same(conjugate_of(a), std::conj(x)));
    REQUIRE(same(mul_rn(b.re, a), b.re * x));
    REQUIRE(same(add_rn(a, b), x + y));
    REQUIRE(same(sub_rn(a, b), x - y));
    REQUIRE((a == b) == (x == y));
  }
}

TEST_CASE("magnitude is the larger of the axes") {
  CHECK(magnitude(complex32{3, -4}) == 4);
  CHECK(magnitude(complex32{-5, 4}) == 5);
  CHECK(magnitude(complex32{0, -0.0f}) == 0);
}

TEST_CASE("a complex number is finite when both parts are") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(is_finite(complex32{1, 2}));
  CHECK(!is_finite(complex32{inf, 0}));
  CHECK(!is_finite(complex32{0, -inf}));
  CHECK(!is_finite(complex32{nan, 0}));
  CHECK(!is_finite(complex32{0, nan}));
}
