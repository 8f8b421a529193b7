// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/complex_unit.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/quantize.hpp>
#include <vector>

#include "quantizers/laws.hpp"

using namespace lowbit;
using Q = complex_unit;

static_assert(Q::decode(0) == complex32{1, 0} && Q::decode(1) == complex32{-1, 0});
static_assert(Q::decode(2) == complex32{0, 1} && Q::decode(3) == complex32{0, -1});
static_assert(laws::levels<Q>() == 4 && laws::codes_round_trip<Q>() && peak_of<Q> == 1);
static_assert(quantizer<Q> && scales_of<Q> == 2 && std::same_as<strategy_of<Q>, axis_codes>);
// The edges belong to the sector above them.
static_assert(Q::encode({1, -1}) == 0 && Q::encode({1, 1}) == 2);
static_assert(Q::encode({-1, 1}) == 1 && Q::encode({-1, -1}) == 3);
static_assert(Q::encode({0, 0}) == 0 && Q::encode({-0.f, -0.f}) == 0 && Q::encode({-0.f, 0}) == 0);
static_assert(Q::encode({1, 0}) == 0 && Q::encode({-1, 0}) == 1 && Q::encode({-1, -0.f}) == 1);
static_assert(Q::encode({0, 1}) == 2 && Q::encode({0, -1}) == 3 && Q::encode({-0.f, 1}) == 2);

TEST_CASE("complex_unit: the code is the quarter of the phase") {
  for (int i = 0; i < 4000; ++i) {
    const double angle = 2 * 3.14159265358979 * (i + 0.5) / 4000;  // never on an edge
    constexpr code_t by_quarter[] = {0, 2, 1, 3};
    const code_t expected = by_quarter[int(std::floor(angle / 1.57079632679 + 0.5)) % 4];
    for (const double size : {1e-30, 1.0, 1e30})
      CHECK(Q::encode({float(size * std::cos(angle)), float(size * std::sin(angle))}) == expected);
  }
}

TEST_CASE("complex_unit: multiplying by i turns the code") {
  constexpr code_t turned[] = {2, 3, 1, 0};
  const philox draw{7};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const complex32 x = {draw.normal(2 * i), draw.normal(2 * i + 1)};
    CHECK(Q::encode({-x.im, x.re}) == turned[Q::encode(x)]);
  }
}

TEST_CASE("complex_unit: two scales per group, each the mean of its axis; error 1 - 2 / pi") {
  constexpr index_t n = 65536;
  const philox draw{11};
  std::vector<complex32> w;
  for (std::uint64_t i = 0; i < n; ++i) w.push_back({draw.normal(2 * i), draw.normal(2 * i + 1)});
  const matrix_view<const complex32> m(w.data(), 64, n / 64);
  const auto q = quantize<format<Q, per_tensor::with<f32>>>(m);
  double error = 0, power = 0, sum[2] = {}, count[2] = {};
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = 0; c < m.cols(); ++c) {
      const complex32 x = m(r, c), y = q.view().at(r, c);
      error += std::pow(double(x.re) - double(y.re), 2) + std::pow(double(x.im) - double(y.im), 2);
      power += std::pow(double(x.re), 2) + std::pow(double(x.im), 2);
      const int axis = Q::encode(x) < 2 ? 0 : 1;
      sum[axis] += std::fabs(double(axis == 0 ? x.re : x.im));
      count[axis] += 1;
    }
  const auto& scale = q.view().main.params(0, 0).scale;
  CHECK(double(scale[0]) == doctest::Approx(sum[0] / count[0]).epsilon(1e-6));
  CHECK(double(scale[1]) == doctest::Approx(sum[1] / count[1]).epsilon(1e-6));
  CHECK(error / power == doctest::Approx(0.36338).epsilon(0.01));
  CHECK(q.bytes() == n / 4 + 8);
}

TEST_CASE("complex_unit: zeros stay zeros") {
  const std::vector<complex32> w(6, complex32{0, 0});
  const auto q = quantize<format<Q, per_row>>(matrix_view<const complex32>(w.data(), 2, 3));
  for (index_t c = 0; c < 3; ++c) CHECK(q.view().at(1, c) == complex32{0, 0});
}
