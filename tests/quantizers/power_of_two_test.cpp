// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/power_of_two.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantizers/level_table.hpp>

#include "quantizers/golden.hpp"
#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

constexpr bool close(double a, double b) {
  return (a > b ? a - b : b - a) <= 6e-8 * (b < 0 ? -b : b);
}
constexpr double power(int k, bool root) {
  double p = 1;
  for (int i = 0; i < (root ? k / 2 : k); ++i) p /= 2;
  return root && k % 2 == 1 ? p / 1.41421356237309505 : p;
}

/// Every valid code decodes to the formula's value, there are as many as stated, all come back.
template <class Q>
constexpr bool follows_formula(int levels, int smallest_k, bool root) {
  const int zero = Q::has_zero_level ? 1 : 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c) {
    const int m = int(c) & ((1 << (Q::bits - 1)) - 1), k = m - zero;
    const bool negative = c >> (Q::bits - 1) != 0;
    if (laws::is_valid<Q>(c) != (k <= smallest_k && !(k < 0 && negative))) return false;
    if (!laws::is_valid<Q>(c)) continue;
    const double level = k < 0 ? 0 : power(k, root);
    if (!close(double(Q::decode(c)), negative ? -level : level)) return false;
    if (!root && double(magnitude(Q::decode(c))) != level) return false;
  }
  return laws::levels<Q>() == levels && laws::codes_round_trip<Q>() && peak_of<Q> == 1;
}
static_assert(follows_formula<pot<3>>(7, 2, false) && follows_formula<pot<4>>(15, 6, false));
static_assert(follows_formula<pot<5>>(31, 14, false) && follows_formula<pot<6>>(63, 30, false));
static_assert(follows_formula<pot<4, without_zero>>(16, 7, false));
static_assert(follows_formula<pot<5, without_zero>>(32, 15, false));
static_assert(follows_formula<pot<3, released>>(9, 3, false));
static_assert(follows_formula<pot<4, released>>(17, 7, false));
static_assert(follows_formula<pot<5, released>>(33, 15, false));
static_assert(follows_formula<post<3>>(7, 2, true) && follows_formula<post<4>>(15, 6, true));
static_assert(follows_formula<post<5>>(31, 14, true) && follows_formula<post<8>>(255, 126, true));
static_assert(follows_formula<post<3, without_zero>>(8, 3, true));
static_assert(follows_formula<post<4, without_zero>>(16, 7, true));
static_assert(follows_formula<post<3, released>>(9, 3, true));
static_assert(follows_formula<post<4, released>>(17, 7, true));
static_assert(follows_formula<post<7, released>>(129, 63, true));
/// `filled` is with_zero, but for the code of -0.
template <class Q, class Plain>
constexpr bool fills_the_gap(float extra) {
  constexpr code_t minus_zero = code_t(1) << (Q::bits - 1);
  for (code_t c = 0; c >> Q::bits == 0; ++c)
    if (Q::decode(c) != (c == minus_zero ? extra : Plain::decode(c))) return false;
  return laws::levels<Q>() == 1 << Q::bits && laws::codes_round_trip<Q>() &&
         std::same_as<strategy_of<Q>, table_codes> && level_of<Q>(minus_zero) == extra;
}
static_assert(fills_the_gap<pot<3, filled>, pot<3>>(0x1p-3f));
static_assert(fills_the_gap<pot<4, filled>, pot<4>>(0x1p-7f));
static_assert(fills_the_gap<post<4, filled>, post<4>>(0x1.6a09e6p-4f));
static_assert(fills_the_gap<post<5, filled>, post<5>>(0x1.6a09e6p-8f));
static_assert(fills_the_gap<post<8, filled>, post<8>>(0x1.6a09e6p-64f));
static_assert(post<4, filled>::encode(0x1.6a09e6p-5f) == 0 &&
              post<4, filled>::encode(0x1.6a09e8p-5f) == 8);  // a tie goes to 0
static_assert(post<4, filled>::encode(-0x1.6a09e8p-5f) == 0 && post<4, filled>::encode(-0.f) == 0);
static_assert(post<4>::bits == 4 && post<4, released>::bits == 5);
static_assert(post<4>::name == std::string_view("power_of_two<4,sqrt2,with_zero>"));
static_assert(pot<4>::encode(0.75f) == 2, "a tie goes to the smaller magnitude");
static_assert(pot<4>::encode(-0x1p-7f) == 0 && pot<4>::encode(0x1.000002p-7f) == 7);
static_assert(post<4, without_zero>::encode(0) == 7 && post<4, without_zero>::encode(-0.f) == 7);

template <class Q>
void check_sweep(bool odd = true) {
  for (const float x : laws::sweep<Q>(1.5f)) {
    REQUIRE(laws::encodes_to_nearest<Q>(x));
    if (x != 0 && odd) REQUIRE(laws::is_odd<Q>(x));
  }
  float before = -2;
  for (int i = -50000; i <= 50000; ++i) {
    const float y = Q::decode(Q::encode(float(i) / 40000));
    REQUIRE(y >= before);
    before = y;
  }
}

}  // namespace

TEST_CASE("power_of_two: encode finds the nearest level, never decreases, and is odd") {
  check_sweep<pot<3>>();
  check_sweep<pot<4, without_zero>>();
  check_sweep<pot<5, released>>();
  check_sweep<post<3>>();
  check_sweep<post<4>>();
  check_sweep<post<4, without_zero>>();
  check_sweep<post<4, released>>();
  check_sweep<post<6>>();
  check_sweep<pot<4, filled>>(false);
  check_sweep<post<3, filled>>(false);
  check_sweep<post<5, filled>>(false);
}

TEST_CASE("power_of_two: infinities, NaN and tiny values") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(post<4>::encode(infinity) == 1);
  CHECK(post<4>::encode(-infinity) == 9);
  CHECK(post<4>::encode(std::nanf("")) == 1);
  CHECK(post<4>::encode(1e-42f) == 0);
  CHECK(post<4, without_zero>::encode(-1e-42f) == 15);
}

TEST_CASE("power_of_two: golden vector of the 15-level POST, alpha = 2") {
  constexpr code_t codes[] = {9, 13, 3, 10, 0, 2, 11, 7, 1, 12, 4, 9, 14, 3, 10, 0};
  for (int i = 0; i < 16; ++i) CHECK(post<4>::encode(golden::x(i) / 2) == codes[i]);
}

TEST_CASE("power_of_two: errors on normal data are the published ones") {
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.01); };
  CHECK(laws::best_normal_mse<pot<4, released>>() == near(0.037731));
  CHECK(laws::best_normal_mse<pot<5, released>>() == near(0.0377));
  CHECK(laws::normal_mse<post<4, released>>(2.927) == near(0.011236));
  CHECK(laws::normal_mse<post<4>>(2.7104) == near(0.012977));
  CHECK(laws::best_normal_mse<post<4>>(2, 3.5) == near(0.012977));
  CHECK(laws::best_normal_mse<post<4, without_zero>>(2, 3.5) == near(0.014081));
  CHECK(laws::best_normal_mse<post<5, released>>(2, 4) == near(0.00989));
  CHECK(laws::best_normal_mse<post<3, released>>(1.5, 3) == near(0.04008));
  CHECK(laws::best_normal_mse<post<3>>(1.2, 3) == near(0.068419));
  // The level in the place of -0 is worth 6 %.
  CHECK(laws::best_normal_mse<post<4, filled>>(2, 3.5) == near(0.012155));
}

TEST_CASE("power_of_two: the shift-and-constant formula of the strategy is decode") {
  using Q = post<4>;
  for (code_t c = 0; c < 16; ++c) {
    if (!Q::valid(c)) continue;
    const int m = int(c & 7), k = m - Q::first_magnitude;
    float level = 0;
    if (m != Q::zero_magnitude)
      level = std::ldexp(k % Q::steps != 0 ? Q::odd_factor : 1.f, -(k + Q::steps - 1) / Q::steps);
    CHECK(Q::decode(c) == (c & 8 ? -level : level));
  }
}
