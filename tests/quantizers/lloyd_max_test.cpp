// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/lloyd_max.hpp>

#include <doctest/doctest.h>

#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

template <int B>
constexpr bool is_symmetric() {
  constexpr code_t top = (1u << B) - 1;
  for (code_t c = 0; c <= top; ++c)
    if (lloyd_max<B>::decode(c) != -lloyd_max<B>::decode(top - c)) return false;
  return true;
}

/// The positive levels as published (Max 1960, table I).
template <int B, int N>
constexpr bool is_published(const arr<float, N>& published) {
  for (int i = 0; i < N; ++i) {
    const float off = lloyd_max<B>::decode(code_t(N + i)) - published[i];
    if (off > 0.0025f || off < -0.0025f) return false;  // its last digits are not exact
  }
  return 2 * N == 1 << B;
}
static_assert(is_published<2, 2>({{.4528f, 1.510f}}));
static_assert(is_published<3, 4>({{.2451f, .7560f, 1.344f, 2.152f}}));
static_assert(is_published<4, 8>({{.1284f, .3881f, .6568f, .9424f, 1.256f, 1.618f, 2.069f,
                                   2.733f}}));
static_assert(is_published<5, 16>({{.06590f, .1981f, .3314f, .4668f, .6050f, .7473f, .8947f, 1.049f,
                                    1.212f, 1.387f, 1.577f, 1.788f, 2.029f, 2.319f, 2.692f,
                                    3.263f}}));

/// Every level is the mean of the normal distribution between its decision points.
template <int B>
void check_centroids() {
  using Q = lloyd_max<B>;
  const auto density = [](double x) { return std::exp(-x * x / 2) * 0.39894228040143268; };
  const auto above = [](double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); };
  for (code_t c = 0; c >> B == 0; ++c) {
    const bool first = c == 0, last = c + 1 == 1u << B;
    const double low = first ? 0 : (double(Q::decode(c - 1)) + double(Q::decode(c))) / 2;
    const double high = last ? 0 : (double(Q::decode(c)) + double(Q::decode(c + 1))) / 2;
    const double mass = (first ? 1 : above(low)) - (last ? 0 : above(high));
    const double mean = ((first ? 0 : density(low)) - (last ? 0 : density(high))) / mass;
    CHECK(double(Q::decode(c)) == doctest::Approx(mean).epsilon(3e-6));
  }
}

}  // namespace

static_assert(is_symmetric<2>() && is_symmetric<3>() && is_symmetric<4>() && is_symmetric<5>());
static_assert(laws::levels<lloyd_max<2>>() == 4 && laws::codes_round_trip<lloyd_max<2>>());
static_assert(laws::levels<lloyd_max<3>>() == 8 && laws::codes_round_trip<lloyd_max<3>>());
static_assert(laws::levels<lloyd_max<4>>() == 16 && laws::codes_round_trip<lloyd_max<4>>());
static_assert(laws::levels<lloyd_max<5>>() == 32 && laws::codes_round_trip<lloyd_max<5>>());
static_assert(lloyd_max<4>::signed_peak == 0 && peak_of<lloyd_max<4>> == 2.73258957f);
static_assert(lloyd_max<4>::decode(lloyd_max<4>::encode(0)) == -0.12839503f);  // a tie goes down
static_assert(lloyd_max<4>::name == std::string_view("lloyd_max<4>"));

TEST_CASE("lloyd_max: each level is the mean of its cell") {
  check_centroids<2>();
  check_centroids<3>();
  check_centroids<4>();
  check_centroids<5>();
}

TEST_CASE("lloyd_max: encode finds the nearest level") {
  for (const float x : laws::sweep<lloyd_max<4>>(3))
    REQUIRE(laws::encodes_to_nearest<lloyd_max<4>>(x));
  for (const float x : laws::sweep<lloyd_max<5>>(4))
    REQUIRE(laws::encodes_to_nearest<lloyd_max<5>>(x));
}

TEST_CASE("lloyd_max: the error on normal data is the published one, and the least at unit scale") {
  using Q = lloyd_max<4>;
  const double top = double(peak_of<Q>);
  CHECK(laws::normal_mse<Q>(top) == doctest::Approx(0.0095010).epsilon(0.001));
  CHECK(laws::normal_mse<Q>(1.01 * top) > laws::normal_mse<Q>(top));
  CHECK(laws::normal_mse<Q>(0.99 * top) > laws::normal_mse<Q>(top));
  CHECK(laws::normal_mse<lloyd_max<2>>(double(peak_of<lloyd_max<2>>)) ==
        doctest::Approx(0.11748).epsilon(0.001));
  CHECK(laws::normal_mse<lloyd_max<3>>(double(peak_of<lloyd_max<3>>)) ==
        doctest::Approx(0.034548).epsilon(0.001));
  CHECK(laws::normal_mse<lloyd_max<5>>(double(peak_of<lloyd_max<5>>)) ==
        doctest::Approx(0.0025047).epsilon(0.001));
}
