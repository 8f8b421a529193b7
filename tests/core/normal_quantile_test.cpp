// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/normal_quantile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lowbit/core/random.hpp>

using namespace lowbit;

static double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

TEST_CASE("normal_quantile inverts the normal distribution, relative error below 6e-7") {
  double worst = 0;
  const auto check = [&](std::uint32_t word) {
    const double z = normal_quantile(word);
    // One-sided tail beyond |z|, exact: (2^32 - k) / 2^33 with k = 2 |word + 1/2|.
    const std::uint32_t k = 2 * (word >> 31 ? ~word : word) + 1;
    const double tail = (0x1p32 - double(k)) / 0x1p33;
    // Distance in z by Newton: (cdf - tail) / density.
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
    // Near the middle 1/2 - tail keeps more digits than the tail itself.
    const double error = std::fabs(z) < 0.5
                             ? (std::erf(std::fabs(z) / std::sqrt(2.0)) - double(k) / 0x1p32) / 2
                             : tail - normal_cdf(-std::fabs(z));
    worst = std::max(worst, std::fabs(error / density / z));
    REQUIRE((z < 0) == (word >> 31 != 0));
  };
  for (int shift = 0; shift < 32; ++shift) {
    check((1u << shift) - 1);
    check(~((1u << shift) - 1));
    check(0x7fffffffu - ((1u << shift) >> 1));
  }
  for (std::uint64_t i = 0; i < 300000; ++i) check(philox{7}.word(i));
  for (std::uint32_t i = 0; i < 300000; ++i) check(0x7fffffffu - i * 37);  // the upper tail
  CHECK(worst < 6e-7);
  CHECK(normal_quantile(0x7fffffffu) == doctest::Approx(6.33795775).epsilon(1e-6));
}

TEST_CASE("normal_quantile is odd and never decreases but by its own rounding") {
  float before = -10;
  for (std::uint64_t i = 0; i <= 0xffffffffu; i += 9973) {
    const std::uint32_t word = std::uint32_t(i) ^ 0x80000000u;  // ascending as signed
    const float z = normal_quantile(word);
    REQUIRE(normal_quantile(~word) == -z);
    REQUIRE(z > before - 6e-7f * std::fabs(before));
    before = z;
  }
}
