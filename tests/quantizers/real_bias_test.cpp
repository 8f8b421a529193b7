// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/real_bias.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/random.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantize.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

using view = matrix_view<const float>;
using fp4 = real_bias<fp4_e2m1>;

template <class Q>
state_of<Q> borrow(const state_of<Q, owned>& s) {
  state_of<Q> b{};
  state_of<Q, owned>::each(detail::binder{}, path{}, s, b);
  return b;
}

/// Every code is the minifloat's level with the exponent moved, for biases that are exact.
template <class M>
constexpr bool moves_the_exponent() {
  for (const float factor : {0.25f, 1.f, 1.5f, 4.f})
    for (code_t c = 0; c >> M::bits == 0; ++c)
      if (real_bias<M>::level(c, factor) != factor * M::decode(c)) return false;
  return real_bias<M>::bits == M::bits;
}
static_assert(moves_the_exponent<fp4_e2m1>() && moves_the_exponent<fp4_e1m2>());
static_assert(moves_the_exponent<fp4_e3m0>() && moves_the_exponent<fp6_e2m3>());
static_assert(moves_the_exponent<fp6_e3m2>());

/// LLM-FP4's rounding of x to E exponent and M mantissa bits with a real bias.
double by_definition(double x, int E, int M, double bias) {
  const double top = (2 - std::exp2(-M)) * std::exp2(std::exp2(E) - 1 - bias);
  const double size = std::fmin(std::fabs(x), top);
  const double p = size == 0 ? 1 : std::fmax(std::floor(std::log2(size) + bias), 1);
  const double step = std::exp2(p - M - bias);
  return std::copysign(step * std::nearbyint(size / step), x);
}

template <class M>
void check_against_definition(double bias) {
  const auto owner = real_bias<M>::with_bias(bias);
  const auto s = borrow<real_bias<M>>(owner);
  CHECK(s.bias() == doctest::Approx(bias).epsilon(1e-6));
  const double top = double(s.decode(M::peak_code));
  for (int i = -3000; i <= 3000; ++i) {
    const double x = top * 1.2 * (i + 0.37) / 3000;  // no ties
    const float y = s.decode(s.encode(float(x)));
    REQUIRE(
        double(y) ==
        doctest::Approx(by_definition(x, M::exponent_bits, M::mantissa_bits, bias)).epsilon(1e-6));
  }
}

std::vector<float> normal_values(index_t n) {
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(philox{1}.normal(std::uint64_t(i)));
  return x;
}
template <class Q>
double normal_error() {
  const auto x = normal_values(1 << 16);
  const auto q = quantize<format<Q, per_tensor::with<f32>>>(view(x.data(), 256, 256));
  double error = 0, power = 0;
  for (index_t i = 0; i < 1 << 16; ++i) {
    error += std::pow(double(x[std::size_t(i)]) - double(q.view().at(i / 256, i % 256)), 2);
    power += std::pow(double(x[std::size_t(i)]), 2);
  }
  return error / power;
}

}  // namespace

static_assert(quantizer<fp4> && has_state<fp4> && peak_of<fp4> == 6);
static_assert(fp4::name == std::string_view("real_bias<e2m1>"));
static_assert(std::same_as<strategy_of<fp4>, table_codes>);

TEST_CASE("real_bias: every code is Minifloat's level times 2^(its bias - bias), and comes back") {
  const auto check = []<class M>(M, double bias) {
    const auto owner = real_bias<M>::with_bias(bias);
    const auto s = borrow<real_bias<M>>(owner);
    for (code_t c = 0; c >> M::bits == 0; ++c) {
      const double level = double(M::decode(c)) * std::exp2(M::bias - bias);
      CHECK(double(s.decode(c)) == doctest::Approx(level).epsilon(1.2e-7));
      CHECK(s.encode(s.decode(c)) == c);
    }
  };
  for (const double bias : {-3.25, -0.4, 0.0, 0.7, 1.0, 1.3, 2.0, 7.5}) {
    check(fp4_e2m1{}, bias);
    check(fp4_e1m2{}, bias);
    check(fp4_e3m0{}, bias);
    check(fp6_e2m3{}, bias);
    check(fp6_e3m2{}, bias);
    check(minifloat<4, 3, flavour::finite>{}, bias);
  }
}

TEST_CASE("real_bias: magnitudes at bias 0 as published") {
  const auto e2m1 = fp4::with_bias(0);
  const auto e3m0 = real_bias<fp4_e3m0>::with_bias(0);
  const float two[] = {0, 1, 2, 3, 4, 6, 8, 12}, three[] = {0, 2, 4, 8, 16, 32, 64, 128};
  for (code_t c = 0; c < 8; ++c) {
    CHECK(borrow<fp4>(e2m1).decode(c) == two[c]);
    CHECK(borrow<real_bias<fp4_e3m0>>(e3m0).decode(c) == three[c]);
  }
}

TEST_CASE("real_bias: rounding is that of the definition") {
  for (const double bias : {-1.7, 0.0, 0.31, 1.0, 1.9}) {
    check_against_definition<fp4_e2m1>(bias);
    check_against_definition<fp4_e1m2>(bias);
    check_against_definition<fp6_e3m2>(bias);
    check_against_definition<minifloat<4, 3, flavour::finite>>(bias);
  }
}

TEST_CASE("real_bias: infinities clamp, NaN as Minifloat, zeros keep their sign") {
  const auto owner = fp4::with_bias(0.5);
  const auto s = borrow<fp4>(owner);
  CHECK(s.encode(std::numeric_limits<float>::infinity()) == 7);
  CHECK(s.encode(-std::numeric_limits<float>::infinity()) == 15);
  CHECK(s.encode(std::nanf("")) == fp4_e2m1::nan_code);
  CHECK(s.encode(-0.f) == 8);
}

TEST_CASE(
    "real_bias: learned, it has the error of the best clip, so that E2M1 is the best format") {
  CHECK(normal_error<fp4>() == doctest::Approx(0.0126849).epsilon(0.01));
  CHECK(normal_error<real_bias<fp4_e1m2>>() == doctest::Approx(0.0128894).epsilon(0.01));
  CHECK(normal_error<real_bias<fp4_e3m0>>() == doctest::Approx(0.0377).epsilon(0.01));
}

TEST_CASE("real_bias: one factor per matrix is stored, or given") {
  using F = format<fp4, per_row>;
  const auto x = normal_values(64);
  const auto q = quantize<F>(view(x.data(), 4, 16), given_levels{fp4::with_bias(1.25)});
  CHECK(q.view().main.levels.bias() == doctest::Approx(1.25));
  CHECK(q.bytes() == 4 * 8 + 4 * 2 + 4);
  CHECK_THROWS_WITH_AS(fp4::with_bias(99), "lowbit: bias: 99.000000, expected -63 to 65", error);
  CHECK_THROWS_AS(fp4::with_bias(std::nan("")), error);
  const auto zero = quantize<F>(view(std::vector<float>(8, 0.f).data(), 1, 8));
  CHECK(zero.view().at(0, 3) == 0);
  const auto empty = quantize<F>(view(nullptr, 0, 8));
  CHECK(empty.view().main.levels.bias() == 1);
}

TEST_CASE("real_bias: importance moves the clip") {
  // The largest value matters or not.
  std::vector<float> x = normal_values(1024), weights(1024, 1.f);
  x[5] = 6;
  const view w(x.data(), 1, 1024), important(weights.data(), 1, 1024);
  using F = format<fp4, per_tensor>;
  const auto bias = [&] {
    const auto q = quantize<F>(w, importance(important));
    return q.view().main.levels.bias();
  };
  const double before = bias();
  weights[5] = 1000;
  CHECK(bias() < before - 0.3);
}

TEST_CASE("real_bias: a damaged factor is rejected, and named") {
  using F = format<fp4, per_row>;
  const auto x = normal_values(8);
  const auto q = quantize<F>(view(x.data(), 1, 8));
  const auto bind = [&](float factor) {
    const part parts[] = {{"codes", q.data().main.codes},
                          {"scales", q.data().main.groups.scale[0].codes},
                          {"state", {reinterpret_cast<const std::uint8_t*>(&factor), 4}}};
    return quantized_view<F>::from_parts({1, 8}, parts);
  };
  CHECK(bind(2).main.levels.bias() == 0);
  CHECK_THROWS_WITH_AS(bind(0), "lowbit: state: factor 0.000000, expected 2^-64 to 2^64", error);
  CHECK_THROWS_WITH_AS(bind(std::nanf("")), "lowbit: state: number 0 is not finite", error);
}

TEST_CASE("real_bias: kernels read the levels of the matrix") {
  const auto x = normal_values(30 * 100);
  const auto q = quantize<format<fp4, per_group<32>>>(view(x.data(), 30, 100));
  std::vector<float> all(30 * 100), y(30);
  dequantize(q.view(), matrix_view<float>(all.data(), 30, 100));
  gemv(q.view(), span<const float>(x.data(), 100), y);
  for (index_t r = 0; r < 30; ++r) {
    double sum = 0, size = 0;
    for (index_t c = 0; c < 100; ++c) {
      REQUIRE(all[std::size_t(r * 100 + c)] == q.view().at(r, c));
      const double product = double(q.view().at(r, c)) * double(x[std::size_t(c)]);
      sum += product;
      size += std::fabs(product);
    }
    CHECK(std::fabs(double(y[std::size_t(r)]) - sum) <= 2e-6 * size);
  }
}
