// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/uniform.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantize.hpp>

#include "quantizers/golden.hpp"
#include "quantizers/laws.hpp"
#include "ranges/normal_mse.hpp"

using namespace lowbit;

namespace {

/// level = code + first, for every code; and the code comes back.
template <class Q>
constexpr bool counts_from(float first, code_t lowest = 0) {
  for (code_t c = 0; c >> Q::bits == 0; ++c)
    if (Q::decode(c) != first + float(c) || Q::slope * float(c) + Q::intercept != Q::decode(c) ||
        (c >= lowest && Q::encode(Q::decode(c)) != c))
      return false;
  return true;
}

template <int B>
constexpr bool all_kinds() {
  constexpr float n = float(1 << B), top = n - 1;
  static_assert(counts_from<uniform<B, symmetric>>(-n / 2, 1));
  static_assert(counts_from<uniform<B, full_range>>(-n / 2));
  static_assert(counts_from<uniform<B, centred>>(-top / 2));
  static_assert(counts_from<uniform<B, asymmetric>>(0));
  static_assert(counts_from<uniform<B, real_zero>>(0));
  static_assert(counts_from<uniform<B, minimum>>(0));
  static_assert(counts_from<uniform<B, nonnegative>>(0));
  // Clamping: symmetric never gives code 0.
  static_assert(uniform<B, symmetric>::encode(-1e30f) == 1);
  static_assert(uniform<B, full_range>::encode(-1e30f) == 0);
  static_assert(uniform<B, centred>::encode(-1e30f) == 0);
  static_assert(uniform<B, asymmetric>::encode(-1e30f) == 0);
  static_assert(uniform<B, symmetric>::encode(1e30f) == code_t(top));
  static_assert(uniform<B, full_range>::encode(1e30f) == code_t(top));
  static_assert(uniform<B, centred>::encode(1e30f) == code_t(top));
  static_assert(uniform<B, minimum>::encode(1e30f) == code_t(top));
  // What absmax divides by, and where its sign goes.
  static_assert(peak_of<uniform<B>> == n / 2 - 1 && uniform<B>::signed_peak == 0);
  static_assert(peak_of<uniform<B, full_range>> == n / 2);
  static_assert(uniform<B, full_range>::signed_peak == -n / 2);
  static_assert(peak_of<uniform<B, centred>> == top / 2);
  static_assert(peak_of<uniform<B, real_zero>> == top);
  static_assert(zero_of<uniform<B>> == zero_kind::none);
  static_assert(zero_of<uniform<B, asymmetric>> == zero_kind::integer);
  static_assert(zero_of<uniform<B, real_zero>> == zero_kind::real);
  static_assert(zero_of<uniform<B, minimum>> == zero_kind::minimum);
  static_assert(
      std::same_as<typename uniform<B, asymmetric>::zero_number, uniform<B, nonnegative>>);
  static_assert(number<uniform<B, nonnegative>> && !number<uniform<B, asymmetric>>);
  return true;
}
static_assert(all_kinds<2>() && all_kinds<3>() && all_kinds<4>() && all_kinds<5>() &&
              all_kinds<6>() && all_kinds<7>() && all_kinds<8>());
static_assert(counts_from<uniform<1, nonnegative>>(0) && counts_from<uniform<12, nonnegative>>(0));
static_assert(uniform<16, nonnegative>::encode(65535) == 65535);
static_assert(uniform<4>::name == std::string_view("uniform<4,symmetric>"));

// Ties go to the even level; on the centred set to the even multiple of a step.
static_assert(uniform<4>::decode(uniform<4>::encode(0.5f)) == 0);
static_assert(uniform<4>::decode(uniform<4>::encode(1.5f)) == 2);
static_assert(uniform<4>::decode(uniform<4>::encode(-0.5f)) == 0);
static_assert(uniform<4>::decode(uniform<4>::encode(-2.5f)) == -2);
static_assert(uniform<4, nonnegative>::encode(2.5f) == 2 && uniform<4, minimum>::encode(3.5f) == 4);
static_assert(uniform<4, centred>::decode(uniform<4, centred>::encode(0)) == -0.5f);
static_assert(uniform<4, centred>::decode(uniform<4, centred>::encode(1)) == 1.5f);
static_assert(uniform<4, centred>::decode(uniform<4, centred>::encode(2)) == 1.5f);
static_assert(uniform<4, centred>::decode(uniform<4, centred>::encode(-1)) == -0.5f);

template <class Q>
void check_sweep() {
  float before = -std::numeric_limits<float>::infinity();
  for (int i = -40000; i <= 40000; ++i) {
    const float x = float(i) / 40000 * (peak_of<Q> + 3), y = Q::decode(Q::encode(x));
    REQUIRE(laws::encodes_to_nearest<Q>(
        std::same_as<Q, uniform<Q::bits>> && x < -peak_of<Q> ? -peak_of<Q> : x));
    REQUIRE(y >= before);
    before = y;
  }
}

}  // namespace

TEST_CASE("uniform: encode finds the nearest level and never decreases") {
  check_sweep<uniform<2>>();
  check_sweep<uniform<3>>();
  check_sweep<uniform<7>>();
  check_sweep<uniform<4, full_range>>();
  check_sweep<uniform<2, centred>>();
  check_sweep<uniform<5, centred>>();
  check_sweep<uniform<3, asymmetric>>();
  check_sweep<uniform<6, nonnegative>>();
}

TEST_CASE("uniform: the symmetric set is odd") {
  for (const float x : laws::sweep<uniform<4>>(9, 2000)) CHECK(laws::is_odd<uniform<4>>(x));
  for (const float x : laws::sweep<uniform<7>>(70, 2000)) CHECK(laws::is_odd<uniform<7>>(x));
}

TEST_CASE("uniform: infinities clamp, NaN gives an end") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(uniform<4>::encode(infinity) == 15);
  CHECK(uniform<4>::encode(-infinity) == 1);
  const code_t c = uniform<4, centred>::encode(std::nanf(""));
  CHECK((c == 0 || c == 15));
}

TEST_CASE("uniform: golden vector of QuEST, 4 bits") {
  constexpr int n = 16;
  constexpr code_t expected[n] = {2, 6, 10, 3, 7, 11, 4, 8, 12, 5, 9, 3, 6, 10, 4, 7};
  using Q = uniform<4, centred>;
  const double sigma = std::sqrt(golden::mean(n, [](double x) { return x * x; }));
  CHECK(sigma == doctest::Approx(1.1828355761));
  const float step = float(2 * (2.5139305786 * sigma + 1e-8) / 15);
  double error = 0;
  for (int i = 0; i < n; ++i) {
    const code_t c = Q::encode(golden::x(i) / step);
    CHECK(c == expected[i]);
    error += std::pow(double(golden::x(i)) - double(step) * double(Q::decode(c)), 2) / n;
  }
  CHECK(error == doctest::Approx(0.0168185865));
}

TEST_CASE("uniform: golden vector of StatsQ, 2 bits, whose ties are the centred set's mirrored") {
  constexpr int n = 16;
  constexpr int expected[n] = {-2, -1, 0, -2, -1, 1, -2, 0, 1, -1, 0, -2, -1, 1, -2, 0};
  using Q = uniform<2, centred>;
  const float s = float(2 * golden::mean(n, [](double x) { return std::fabs(x); }));
  CHECK(s == doctest::Approx(2.015));
  for (int i = 0; i < n; ++i) {
    const int mirrored = 3 - int(Q::encode(-golden::x(i) / (s / 2)));
    CHECK(mirrored - 2 == expected[i]);
    if (golden::x(i) != 0) CHECK(int(Q::encode(golden::x(i) / (s / 2))) - 2 == expected[i]);
  }
}

TEST_CASE("uniform: errors on normal data are the published ones") {
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.01); };
  CHECK(laws::normal_mse<uniform<4>>(2.4739) == near(0.0128894));
  CHECK(laws::best_normal_mse<uniform<4>>(2, 3) == near(0.0128894));
  CHECK(laws::best_normal_mse<uniform<4, full_range>>(2, 3.5) == near(0.011864));
  CHECK(laws::normal_mse<uniform<2, centred>>(1.493530) == near(0.118846));
  CHECK(laws::normal_mse<uniform<3, centred>>(2.051068) == near(0.0374397));
  CHECK(laws::normal_mse<uniform<4, centred>>(2.514005) == near(0.01154288));
  CHECK(laws::normal_mse<uniform<5, centred>>(2.916151) == near(0.00349521));
  CHECK(laws::normal_mse<uniform<6, centred>>(3.277985) == near(0.00104005));
  CHECK(laws::normal_mse<uniform<7, centred>>(3.611097) == near(3.04333e-4));
  CHECK(laws::normal_mse<uniform<8, centred>>(3.922204) == near(8.7686e-5));
  CHECK(laws::best_normal_mse<uniform<4, centred>>(2, 3) == near(0.0115429));
}

TEST_CASE("uniform: errors of blocks of normal data with f32 scales") {
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.01); };
  CHECK(test::normal_mse<format<uniform<4>, per_group<32, f32>>>() == near(0.009402));
  CHECK(test::normal_mse<format<uniform<4>, per_group<16, f32>>>() == near(0.007255));
}
