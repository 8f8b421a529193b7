// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/ternary.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantize.hpp>
#include <vector>

#include "quantizers/golden.hpp"
#include "quantizers/laws.hpp"

using namespace lowbit;

static_assert(ternary::decode(0) == -1 && ternary::decode(1) == 0 && ternary::decode(2) == 1);
static_assert(!ternary::valid(3) && laws::levels<ternary>() == 3);
static_assert(laws::codes_round_trip<ternary>());
static_assert(level_of<ternary>(0) == -1 && level_of<ternary>(1) == 0 && level_of<ternary>(2) == 1);
static_assert(ternary::encode(0.5f) == 1 && ternary::encode(-0.5f) == 1, "ties become 0");
static_assert(ternary::encode(0.50000006f) == 2 && ternary::encode(-0.50000006f) == 0);
static_assert(ternary::encode(1e30f) == 2 && ternary::encode(-1e30f) == 0);
static_assert(ternary::encode(std::numeric_limits<float>::quiet_NaN()) == 1);

TEST_CASE("ternary: encode finds the nearest level, the set is odd") {
  for (const float x : laws::sweep<ternary>(2)) {
    REQUIRE(laws::encodes_to_nearest<ternary>(x));
    REQUIRE(laws::is_odd<ternary>(x));
  }
}

TEST_CASE("ternary: golden vector under the mean magnitude (absmean)") {
  constexpr int expected[] = {-1, -1, 1, -1, 0, 1, -1, 0, 1, -1, 1, -1, 0, 1, -1, 0};
  const float gamma = float(golden::mean(16, [](double x) { return std::fabs(x); }));
  CHECK(gamma == doctest::Approx(1.0075));
  for (int i = 0; i < 16; ++i) CHECK(int(ternary::encode(golden::x(i) / gamma)) - 1 == expected[i]);
}

TEST_CASE("ternary: errors on normal data: optimal, and at the mean magnitude") {
  CHECK(laws::normal_mse<ternary>(1.224006) == doctest::Approx(0.190174).epsilon(0.001));
  CHECK(laws::best_normal_mse<ternary>(0.8, 2) == doctest::Approx(0.190174).epsilon(0.001));
  CHECK(laws::normal_mse<ternary>(0.797885) == doctest::Approx(0.2622).epsilon(0.005));
}

TEST_CASE("ternary: at the mean magnitude 31 % are zero; the best scale for the same codes") {
  const auto density = [](double x) { return std::exp(-x * x / 2) * 0.39894228040143268; };
  const double edge = 0.797885 / 2;  // what rounds to 0
  CHECK(std::erf(edge / std::sqrt(2.0)) == doctest::Approx(0.3095).epsilon(0.01));
  // The mean of |x| beyond the edge is density / tail.
  const double tail = std::erfc(edge / std::sqrt(2.0)) / 2, best = density(edge) / tail;
  CHECK(best == doctest::Approx(1.0692).epsilon(0.001));
  CHECK(1 - 2 * tail * best * best == doctest::Approx(0.2119).epsilon(0.01));
  int zeros = 0;
  for (int i = -40000; i < 40000; ++i)
    zeros += ternary::decode(ternary::encode((float(i) + 0.5f) / 40000)) == 0;
  CHECK(zeros == 40000);  // of +-1 those within +-1/2
}

TEST_CASE("ternary: three values reconstruct exactly, a group of zeros too") {
  const std::vector<float> w = {0, 3, -3, 3, 0, 0, 0, 0, 0, 0};
  const auto q = quantize<format<ternary, per_group<5>>>(matrix_view<const float>(w.data(), 1, 10));
  for (index_t c = 0; c < 10; ++c) CHECK(q.view().at(0, c) == w[std::size_t(c)]);
}

TEST_CASE("ternary: a stored code 3 is rejected") {
  const std::vector<std::uint8_t> codes = {0b00'01'11'10}, scale = {0x00, 0x3c};
  const part parts[] = {{"codes", codes}, {"scales", scale}};
  using view = quantized_view<format<ternary, per_row>>;
  CHECK_THROWS_WITH_AS(view::from_parts({1, 4}, parts),
                       "lowbit: codes: code 3 at (0, 1) stands for no finite value", error);
}
