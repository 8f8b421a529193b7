// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/twin_log.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/random.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <vector>

#include "quantizers/laws.hpp"
#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

using view = matrix_view<const float>;
constexpr arr<float, 4> powers_of_two{{0.25f, 2, 0.5f, 4}};

/// Every code decodes to its sign times q + 1, comes back, and has the formula's value where that
/// is exact.
template <int B>
constexpr bool follows_formula() {
  using Q = twin_log<B>;
  constexpr int steps = 1 << (B - 1);
  for (int q = 0; q < steps; ++q) {
    const code_t plus = code_t(q), minus = code_t(q + steps);
    if (Q::decode(plus) != float(q + 1) || Q::decode(minus) != float(-q - 1)) return false;
    if (q > 20) continue;
    float up = 1.25f, down = 1.5f;  // low + eta
    for (int k = 0; k < q; ++k) up *= 2, down *= 4;
    if (q <= 10 && Q::scaled(Q::decode(plus), powers_of_two, 1) != up - 1) return false;
    if (q <= 10 && Q::scaled(Q::decode(minus), powers_of_two, 1) != 1 - down) return false;
  }
  return laws::levels<Q>() == 1 << B && laws::codes_round_trip<Q>() && peak_of<Q> == steps;
}
static_assert(follows_formula<2>() && follows_formula<3>() && follows_formula<4>());
static_assert(follows_formula<5>() && follows_formula<6>() && follows_formula<7>());
static_assert(follows_formula<8>());
static_assert(quantizer<twin_log<4>> && scales_of<twin_log<4>> == 4 && has_zero<twin_log<4>>);
static_assert(twin_log<4>::name == std::string_view("twin_log<4>"));
static_assert(std::same_as<strategy_of<twin_log<4>>, any_codes>);
static_assert(granularity_for<per_row, twin_log<4>> && !granularity_for<cross<15>, twin_log<4>>);

std::vector<float> normal_values(index_t n, bool laplace = false) {
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) {
    const float u = philox{1}.uniform(std::uint64_t(i));
    x.push_back(!laplace ? 0.02f * philox{1}.normal(std::uint64_t(i))
                         : (i % 2 == 0 ? -0.02f : 0.02f) * std::log(1 - u));
  }
  return x;
}
template <class F>
double relative_error(view w) {
  const auto q = quantize<F>(w);
  double error = 0, power = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c) {
      error += std::pow(double(w(r, c)) - double(q.view().at(r, c)), 2);
      power += std::pow(double(w(r, c)), 2);
    }
  return error / power;
}

}  // namespace

TEST_CASE("twin_log: the code is that of the nearest logarithm of |x| + eta, of x's sign") {
  using Q = twin_log<4>;
  const arr<float, 4> scale{{0.1f, 1.5f, 0.3f, 1.75f}};
  const float eta = 0.2f;
  for (int i = -20000; i <= 20000; ++i) {
    const float x = float(i) / 2000;
    const code_t c = Q::encode(Q::unscaled(x, scale, eta));
    const bool negative = x < 0;
    REQUIRE((c >> 3 != 0) == negative);
    const double low = double(scale[negative ? 2 : 0]), ratio = double(scale[negative ? 3 : 1]);
    const double step =
        std::log((std::fabs(double(x)) + double(eta)) / (low + double(eta))) / std::log(ratio);
    const int expected = int(std::fmin(std::fmax(std::floor(step + 0.5), 0), 7));
    if (std::fabs(step - std::floor(step) - 0.5) > 1e-5) REQUIRE(int(c & 7) == expected);
    const double value = (low + double(eta)) * std::pow(ratio, int(c & 7)) - double(eta);
    REQUIRE(double(Q::scaled(Q::decode(c), scale, eta)) ==
            doctest::Approx(negative ? -value : value).epsilon(3e-6));
  }
}

TEST_CASE("twin_log: zero is positive, infinities clamp, NaN is the lowest positive level") {
  using Q = twin_log<3>;
  const auto code = [](float x) { return Q::encode(Q::unscaled(x, powers_of_two, 1)); };
  CHECK(code(0) == 0);
  CHECK(code(-0.f) == 0);
  CHECK(code(-1e-30f) == 4);
  CHECK(code(std::numeric_limits<float>::infinity()) == 3);
  CHECK(code(-std::numeric_limits<float>::infinity()) == 7);
  CHECK(code(std::nanf("")) == 0);
}

TEST_CASE("twin_log: what is geometric in both signs is exact") {
  // Levels 2^q - 1; the root mean square is 4, so that 1 is one of the offsets.
  const std::vector<float> w = {0, 1, 3, 7, 0, -1, -7, 7, 0, -7, 7, 0, 0, 0, 0, 0};
  using F = format<twin_log<3>, per_row::with<f32>>;
  const auto q = quantize<F>(view(w.data(), 1, 16));
  CHECK(q.view().main.params(0, 0).zero == 1);
  for (index_t c = 0; c < 16; ++c)
    CHECK(double(q.view().at(0, c)) == doctest::Approx(double(w[std::size_t(c)])).epsilon(1e-5));
  // codes, four scales, one offset
  CHECK(q.bytes() == 6 + 16 + 4);
}

TEST_CASE("twin_log: less error than uniform codes on normal and Laplace data") {
  for (const bool laplace : {false, true}) {
    const auto x = normal_values(64 * 1024, laplace);
    const view w(x.data(), 64, 1024);
    const double three = relative_error<format<twin_log<3>, per_row>>(w);
    const double four = relative_error<format<twin_log<4>, per_row>>(w);
    CHECK(three == doctest::Approx(laplace ? 0.0537 : 0.0356).epsilon(0.03));
    CHECK(four == doctest::Approx(laplace ? 0.0146 : 0.0096).epsilon(0.03));
    const auto uniform_error = [&]<class F>(F) {
      const auto q = quantize<F>(w, mse_grid{});
      double error = 0, power = 0;
      for (index_t r = 0; r < 64; ++r)
        for (index_t c = 0; c < 1024; ++c) {
          error += std::pow(double(w(r, c)) - double(q.view().at(r, c)), 2);
          power += std::pow(double(w(r, c)), 2);
        }
      return error / power;
    };
    CHECK(three < 0.8 * uniform_error(format<uniform<3>, per_row>{}));
    CHECK(four < 0.8 * uniform_error(format<uniform<4>, per_row>{}));
  }
}

TEST_CASE("twin_log: an empty matrix, zeros, a constant") {
  using F = format<twin_log<4>, per_group<8>>;
  CHECK(quantize<F>(view(nullptr, 0, 5)).shape() == extent{0, 5});
  std::vector<float> w(20, 0.f);
  for (const float value : {0.f, -0.5f}) {
    std::fill(w.begin() + 8, w.end(), value);
    const auto q = quantize<F>(view(w.data(), 2, 10));
    for (index_t i = 0; i < 20; ++i)
      CHECK(double(q.view().at(i / 10, i % 10)) ==
            doctest::Approx(double(w[std::size_t(i)])).epsilon(1e-3));
    CHECK(q.view().at(0, 3) == 0);
  }
}

TEST_CASE("twin_log: kernels read all five parameters") {
  const auto x = normal_values(37 * 100);
  const auto q = quantize<format<twin_log<4>, per_group<32>>>(view(x.data(), 37, 100));
  std::vector<float> all(37 * 100), y(37), y8(37);
  dequantize(q.view(), matrix_view<float>(all.data(), 37, 100));
  const span<const float> a(x.data(), 100);
  gemv(q.view(), a, y);
  gemv(q.view(), as<a8>(a), y8);
  for (index_t r = 0; r < 37; ++r) {
    double sum = 0, size = 0;
    for (index_t c = 0; c < 100; ++c) {
      REQUIRE(all[std::size_t(r * 100 + c)] == q.view().at(r, c));
      const double product = double(q.view().at(r, c)) * double(a[c]);
      sum += product;
      size += std::fabs(product);
    }
    CHECK(std::fabs(double(y[std::size_t(r)]) - sum) <= 2e-6 * size);
    CHECK(std::fabs(double(y8[std::size_t(r)]) - sum) <= 0.02 * size);
  }
}
