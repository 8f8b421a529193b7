// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/binary.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantize.hpp>
#include <vector>

#include "quantizers/laws.hpp"

using namespace lowbit;

static_assert(binary::decode(0) == -1 && binary::decode(1) == 1);
static_assert(laws::levels<binary>() == 2 && laws::codes_round_trip<binary>());
static_assert(level_of<binary>(0) == -1 && level_of<binary>(1) == 1 && peak_of<binary> == 1);
static_assert(binary::encode(0) == 1 && binary::encode(-0.f) == 1 && binary::encode(-1e-30f) == 0);
static_assert(binary::encode(9) == 1 && binary::encode(-9) == 0);
static_assert(binary::encode(std::numeric_limits<float>::quiet_NaN()) == 1);

TEST_CASE("binary: signs times the mean magnitude, one bit per value") {
  const std::vector<float> w = {1, -2, 3, -4, 5, -6, 7, -8, 2};
  const auto q = quantize<format<binary, per_row>>(matrix_view<const float>(w.data(), 1, 9));
  const float s = q.view().at(0, 0);
  CHECK(s == doctest::Approx(38.0 / 9).epsilon(0.001));
  for (index_t c = 0; c < 9; ++c) CHECK(q.view().at(0, c) == (w[std::size_t(c)] < 0 ? -s : s));
  CHECK(q.bytes() == 2 + 2);
}

TEST_CASE("binary: a group of zeros stays zero") {
  const std::vector<float> w(7, 0.f);
  const auto q = quantize<format<binary, per_row>>(matrix_view<const float>(w.data(), 1, 7));
  for (index_t c = 0; c < 7; ++c) CHECK(q.view().at(0, c) == 0);
}

TEST_CASE("binary: the error on normal data is 1 - 2 / pi") {
  CHECK(laws::normal_mse<binary>(0.797885) == doctest::Approx(0.363380).epsilon(0.001));
  CHECK(laws::best_normal_mse<binary>(0.5, 1.5) == doctest::Approx(0.363380).epsilon(0.001));
}
