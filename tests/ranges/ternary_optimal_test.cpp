// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <vector>

using namespace lowbit;

namespace {
float fit(const std::vector<float>& x, const std::vector<float>& w = {}) {
  group_values<ternary> g;
  g.values = x;
  g.importance = w;
  return ternary_optimal{}.fit<ternary>(g).scale[0];
}

/// The least weighted error of any choice of signs and zeros, each with its own best scale.
double least_error(const std::vector<float>& x, const std::vector<float>& w) {
  double best = 1e300;
  for (unsigned chosen = 0; chosen < 1u << x.size(); ++chosen) {
    double sum = 0, weights = 0, power = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      power += double(w[i]) * double(x[i]) * double(x[i]);
      if ((chosen >> i & 1) == 0) continue;
      sum += double(w[i]) * std::fabs(double(x[i]));
      weights += double(w[i]);
    }
    best = std::fmin(best, weights == 0 ? power : power - sum * sum / weights);
  }
  return best;
}
double error_at(double s, const std::vector<float>& x, const std::vector<float>& w) {
  double e = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = std::fabs(double(x[i])), d = a > s / 2 ? a - s : a;
    e += double(w[i]) * d * d;
  }
  return e;
}
}  // namespace

TEST_CASE("ternary_optimal: the exact least squared error, weights or not") {
  const philox draw{3};
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    std::vector<float> x, w, ones(10, 1.f);
    for (std::uint64_t i = 0; i < 10; ++i) {
      x.push_back(draw.normal(20 * trial + i));
      w.push_back(draw.uniform(20 * trial + 10 + i));
    }
    if (trial % 3 == 0) x[3] = x[7] = -x[1];  // equal magnitudes
    CHECK(error_at(double(fit(x)), x, ones) == doctest::Approx(least_error(x, ones)).epsilon(1e-6));
    CHECK(error_at(double(fit(x, w)), x, w) == doctest::Approx(least_error(x, w)).epsilon(1e-6));
  }
}

TEST_CASE("ternary_optimal: empty, zeros, one value, zero weights, unused outlier of weight 0") {
  CHECK(fit({}) == 0);
  CHECK(fit({0, 0, -0.f}) == 0);
  CHECK(fit({-3}) == 3);
  CHECK(fit({2, -2, 0}, {0, 0, 0}) == 2);
  CHECK(fit({100, 1, -1}, {0, 1, 1}) == 1);
}

TEST_CASE("ternary_optimal: the scale of normal data tends to 1.224") {
  const philox draw{5};
  std::vector<float> x;
  for (std::uint64_t i = 0; i < 100000; ++i) x.push_back(draw.normal(i));
  CHECK(fit(x) == doctest::Approx(1.224006).epsilon(0.01));
}
