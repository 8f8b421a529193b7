// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/normal_float.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>
#include <string>
#include <vector>

#include "quantizers/golden.hpp"
#include "quantizers/laws.hpp"
#include "ranges/normal_mse.hpp"

using namespace lowbit;

namespace {

double normal_quantile_of(double p) {  // bisection on erfc
  double low = -9, high = 9;
  for (int i = 0; i < 80; ++i) {
    const double x = (low + high) / 2;
    (0.5 * std::erfc(-x / std::sqrt(2.0)) < p ? low : high) = x;
  }
  return low;
}

/// The defining formula.
std::vector<double> quantiles(int bits) {
  const double o = 1 - 0.5 * (1.0 / 30 + 1.0 / 32);
  const int n = 1 << (bits - 1);
  std::vector<double> q;
  for (int i = 0; i + 1 < n; ++i)
    q.push_back(normal_quantile_of(1 - o + (0.5 - (1 - o)) * i / (n - 1)));
  for (int i = 0; i <= n; ++i)
    q.push_back(i == 0 ? 0 : normal_quantile_of(0.5 + (o - 0.5) * i / n));
  for (double& x : q) x /= normal_quantile_of(o);
  return q;
}

template <int B>
void check_formula() {
  const std::vector<double> q = quantiles(B);
  for (code_t c = 0; c >> B == 0; ++c)
    CHECK(std::fabs(double(normal_float<B>::decode(c)) - q[c]) < 2e-7);
}

template <int B>
constexpr bool is_a_scale_from_minus_1_to_1() {
  using Q = normal_float<B>;
  constexpr code_t top = (1u << B) - 1;
  return Q::decode(0) == -1 && Q::decode(top) == 1 && Q::decode(top / 2) == 0 && peak_of<Q> == 1 &&
         Q::signed_peak == 0 && laws::levels<Q>() == 1 << B && laws::codes_round_trip<Q>();
}

}  // namespace

static_assert(is_a_scale_from_minus_1_to_1<2>() && is_a_scale_from_minus_1_to_1<3>() &&
              is_a_scale_from_minus_1_to_1<4>());
static_assert(normal_float<2>::decode(2) == 0.33791512f);
static_assert(normal_float<3>::decode(1) == -0.47862908f &&
              normal_float<3>::decode(2) == -0.21714178f &&
              normal_float<3>::decode(4) == 0.16093014f &&
              normal_float<3>::decode(5) == 0.33791512f &&
              normal_float<3>::decode(6) == 0.56261688f);
static_assert(normal_float<4>::decode(1) == -0.6961928009986877f &&
              normal_float<4>::decode(2) == -0.5250730514526367f &&
              normal_float<4>::decode(3) == -0.39491748809814453f &&
              normal_float<4>::decode(4) == -0.28444138169288635f &&
              normal_float<4>::decode(5) == -0.18477343022823334f &&
              normal_float<4>::decode(6) == -0.09105003625154495f &&
              normal_float<4>::decode(8) == 0.07958029955625534f &&
              normal_float<4>::decode(9) == 0.16093020141124725f &&
              normal_float<4>::decode(10) == 0.24611230194568634f &&
              normal_float<4>::decode(11) == 0.33791524171829224f &&
              normal_float<4>::decode(12) == 0.44070982933044434f &&
              normal_float<4>::decode(13) == 0.5626170039176941f &&
              normal_float<4>::decode(14) == 0.7229568362236023f);
static_assert(normal_float<4>::name == std::string_view("normal_float<4>"));

TEST_CASE("normal_float: the levels are the quantiles of the formula, to 2e-7") {
  check_formula<2>();
  check_formula<3>();
  check_formula<4>();
}

TEST_CASE("normal_float: bitsandbytes' decision points are the midpoints, to the last bit") {
  constexpr float points[] = {-0.8480964004993439f,   -0.6106329262256622f,  -0.4599952697753906f,
                              -0.33967943489551544f,  -0.23460740596055984f, -0.13791173323988914f,
                              -0.045525018125772476f, 0.03979014977812767f,  0.1202552504837513f,
                              0.2035212516784668f,    0.2920137718319893f,   0.3893125355243683f,
                              0.5016634166240692f,    0.6427869200706482f,   0.8614784181118011f};
  for (int i = 0; i < 15; ++i) {
    CHECK(normal_float<4>::encode(std::nextafter(points[i], -2.f)) == code_t(i));
    CHECK(normal_float<4>::encode(std::nextafter(points[i], 2.f)) == code_t(i + 1));
  }
}

TEST_CASE("normal_float: golden vector of 64 values under one scale") {
  const std::string expected = "04c16e29f3b05d17e29f3c05d18e2af4c16e18e3b05d17e29f3b05d18e2af4c1";
  for (int i = 0; i < 64; ++i)
    CHECK("0123456789abcdef"[normal_float<4>::encode(golden::x(i) / 2)] ==
          expected[std::size_t(i)]);
}

TEST_CASE("normal_float: encode finds the nearest level") {
  for (const float x : laws::sweep<normal_float<2>>(1.5f))
    REQUIRE(laws::encodes_to_nearest<normal_float<2>>(x));
  for (const float x : laws::sweep<normal_float<3>>(1.5f))
    REQUIRE(laws::encodes_to_nearest<normal_float<3>>(x));
  for (const float x : laws::sweep<normal_float<4>>(1.5f))
    REQUIRE(laws::encodes_to_nearest<normal_float<4>>(x));
}

TEST_CASE("normal_float: errors on normal data are the published ones") {
  CHECK(laws::normal_mse<normal_float<4>>(2.863) == doctest::Approx(0.0098993).epsilon(0.01));
  CHECK(laws::best_normal_mse<normal_float<3>>(1.5, 3.5) ==
        doctest::Approx(0.0407543).epsilon(0.01));
  CHECK(laws::best_normal_mse<normal_float<2>>(1, 3) == doctest::Approx(0.149641).epsilon(0.01));
}

TEST_CASE("normal_float: the same golden vector through a matrix") {
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(golden::x(i));
  const auto q = quantize<format<normal_float<4>, per_group<64, f32>>>(
      matrix_view<const float>(x.data(), 1, 64));
  CHECK(q.view().main.params(0, 0).scale[0] == 2);
  CHECK(test::digits(q) == "04c16e29f3b05d17e29f3c05d18e2af4c16e18e3b05d17e29f3b05d18e2af4c1");
}

TEST_CASE("normal_float: errors of blocks of normal data with f32 scales") {
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.01); };
  CHECK(test::normal_mse<format<normal_float<4>, per_group<64, f32>>>() == near(0.008453));
  CHECK(test::normal_mse<format<normal_float<4>, per_group<32, f32>>>() == near(0.007628));
  CHECK(test::normal_mse<format<normal_float<4>, per_group<16, f32>>>() == near(0.006538));
}
