// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/logarithmic.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

constexpr double power(int q, bool root) {  // 2^-q or 2^(-q/2)
  double p = 1;
  for (int i = 0; i < (root ? q / 2 : q); ++i) p /= 2;
  return root && q % 2 == 1 ? p / 1.41421356237309505 : p;
}
constexpr bool close(double a, double b) {
  return (a > b ? a - b : b - a) <= 6e-8 * (b < 0 ? -b : b);
}

/// Every code decodes to the formula's value, and comes back.
template <int B, class Base, class Sign, class Zero>
constexpr bool follows_formula() {
  using Q = logarithmic<B, Base, Sign, Zero>;
  constexpr int n = std::same_as<Sign, symmetric> ? B - 1 : B;
  constexpr bool zero = std::same_as<Zero, with_zero>;
  for (code_t c = 0; c >> B == 0; ++c) {
    const int q = int(c & ((1u << n) - 1));
    const bool negative = c >> n != 0, is_zero = zero && q + 1 == 1 << n;
    const double level = is_zero ? 0 : power(q, std::same_as<Base, base_sqrt2>);
    if (!close(double(Q::decode(c)), negative ? -level : level)) return false;
    if (std::same_as<Base, base_2> && double(magnitude(Q::decode(c))) != level) return false;
    if (laws::is_valid<Q>(c) == (is_zero && negative)) return false;
  }
  return laws::codes_round_trip<Q>() && peak_of<Q> == 1;
}
template <int B, class Base>
constexpr bool all_variants() {
  return follows_formula<B, Base, nonnegative, with_zero>() &&
         follows_formula<B, Base, nonnegative, without_zero>() &&
         follows_formula<B + 1, Base, symmetric, with_zero>() &&
         follows_formula<B + 1, Base, symmetric, without_zero>();
}
static_assert(all_variants<2, base_2>() && all_variants<3, base_2>() && all_variants<4, base_2>());
static_assert(all_variants<5, base_2>() && all_variants<6, base_2>());
static_assert(all_variants<2, base_sqrt2>() && all_variants<3, base_sqrt2>());
static_assert(all_variants<4, base_sqrt2>() && all_variants<5, base_sqrt2>());
static_assert(all_variants<6, base_sqrt2>() && all_variants<7, base_sqrt2>());
static_assert(std::same_as<strategy_of<logarithmic<4>>, field_constant_codes>);
static_assert(logarithmic<4, base_sqrt2>::name ==
              std::string_view("logarithmic<4,sqrt2,nonnegative,with_zero>"));

/// q = round(-log x / log base), with the flush to zero.
template <class Q>
float by_logarithm(float x, bool root) {
  const double log = -std::log2(std::fabs(double(x))) * (root ? 2 : 1);
  const int q = int(std::fmin(std::fmax(std::floor(log + 0.5), 0), 1000));
  const float sign = x < 0 ? -1.f : 1.f;
  if (Q::has_zero_level && q > Q::last) return 0;
  return sign * Q::decode(code_t(q > Q::last ? Q::last : q));
}
template <class Q>
void check_rounding(bool root) {
  for (int i = 1; i <= 30000; ++i)
    for (const float scale : {1.f, 0.01f, 1e-4f}) {
      const float x = scale * 1.2f * float(i) / 30000;
      REQUIRE(Q::decode(Q::encode(x)) == by_logarithm<Q>(x, root));
      if (Q::is_signed) REQUIRE(Q::decode(Q::encode(-x)) == by_logarithm<Q>(-x, root));
    }
}

}  // namespace

TEST_CASE("logarithmic: golden vector, 4 bits of base sqrt 2") {
  using Q = logarithmic<4, base_sqrt2>;
  constexpr float x[] = {1, 0.9f, 0.7f, 0.5f, 0.36f, 0.25f, 0.1f, 0.05f, 0.01f, 0.004f, 0.001f};
  constexpr code_t codes[] = {0, 0, 1, 2, 3, 4, 7, 9, 13, 15, 15};
  for (int i = 0; i < 11; ++i) CHECK(Q::encode(x[i]) == codes[i]);
  CHECK(Q::decode(Q::encode(0.004f)) == 0);  // the last two are flushed to zero
  CHECK(Q::decode(Q::encode(0.001f)) == 0);
  CHECK(logarithmic<4, base_sqrt2, nonnegative, without_zero>::decode(15) ==
        doctest::Approx(std::exp2(-7.5)));
}

TEST_CASE("logarithmic: the code is the rounded logarithm, small values are flushed or clamped") {
  check_rounding<logarithmic<4>>(false);
  check_rounding<logarithmic<3, base_2, nonnegative, without_zero>>(false);
  check_rounding<logarithmic<4, base_2, symmetric>>(false);
  check_rounding<logarithmic<4, base_sqrt2>>(true);
  check_rounding<logarithmic<5, base_sqrt2, symmetric>>(true);
  check_rounding<logarithmic<4, base_sqrt2, symmetric, without_zero>>(true);
}

TEST_CASE("logarithmic: no code is nearer in the logarithm than the chosen one") {
  using Q = logarithmic<4, base_sqrt2, nonnegative, without_zero>;
  for (int i = 1; i < 20000; ++i) {
    const float x = float(i) / 20000;
    const auto distance = [&](code_t c) {
      return std::fabs(std::log2(double(Q::decode(c))) - std::log2(double(x)));
    };
    for (code_t c = 0; c < 16; ++c) REQUIRE(distance(c) >= distance(Q::encode(x)) - 1e-7);
  }
}

TEST_CASE("logarithmic: zero, negative values, values above 1, infinity and NaN") {
  const float infinity = std::numeric_limits<float>::infinity();
  using U = logarithmic<4>;
  CHECK(U::encode(0) == 15);
  CHECK(U::encode(-3) == 15);
  CHECK(U::encode(1e-40f) == 15);
  CHECK(U::encode(5) == 0);
  CHECK(U::encode(infinity) == 0);
  CHECK(U::encode(std::nanf("")) == 0);
  using S = logarithmic<4, base_2, symmetric>;
  CHECK(S::encode(0) == 7);
  CHECK(S::encode(-0.f) == 7);
  CHECK(S::encode(-1e-9f) == 7);
  CHECK(S::encode(-5) == 8);
  CHECK(S::encode(-infinity) == 8);
  using N = logarithmic<4, base_2, symmetric, without_zero>;
  CHECK(N::encode(0) == 7);
  CHECK(N::encode(-1e-9f) == 15);
}

TEST_CASE("logarithmic: signed sets are odd") {
  for (const float x : laws::sweep<logarithmic<4, base_sqrt2, symmetric>>(1.5f)) {
    REQUIRE(laws::is_odd<logarithmic<4, base_sqrt2, symmetric>>(x));
    if (x != 0) REQUIRE(laws::is_odd<logarithmic<4, base_2, symmetric, without_zero>>(x));
  }
}
