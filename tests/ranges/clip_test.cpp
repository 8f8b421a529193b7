// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/clip.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

TEST_CASE("a limit ends the range, and does not widen it") {
  CHECK(group<uniform<4>>{{14, 1}, {}}.fit(clip(7)).scale[0] == 1);
  CHECK(group<uniform<4>>{{3.5f, 1}, {}}.fit(clip(7)).scale[0] == 0.5f);
  CHECK(group<uniform<4, full_range>>{{14, 1}, {}}.fit(clip(8)).scale[0] == -1);
  const auto p = group<uniform<4, minimum>>{{-20, 3, 50}, {}}.fit(clip(10));
  CHECK(p.zero == -10);
  CHECK(p.scale[0] == 20.f / 15);
  CHECK(group<uniform<4>>{}.fit(clip(7)).scale[0] == 0);
  CHECK(group<uniform<4>>{{3}, {}}.fit(clip(0)).scale[0] == 0);
}

TEST_CASE("one limit per group, as AWQ finds them") {
  const std::vector<float> x = {14, 0, 14, 0, 14, 0, 14, 0};
  const std::vector<float> limits = {7, 14, 3.5f, 28};
  const auto q = quantize<format<uniform<4>, per_group<2>>>(
      matrix_view<const float>(x.data(), 2, 4),
      clip(matrix_view<const float>(limits.data(), 2, 2)));
  CHECK(q.view().at(0, 0) == 7);
  CHECK(q.view().at(0, 2) == 14);
  CHECK(q.view().at(1, 0) == 3.5f);
  CHECK(q.view().at(1, 2) == 14);
}

TEST_CASE("wrong limits are errors that say what is wrong") {
  CHECK_THROWS_WITH_AS(
      clip(-1), "lowbit: clip: limit -1.000000, expected a finite one of at least 0", error);
  CHECK_THROWS_AS(clip(bits_as<float>(0x7fc00000u)), error);
  const std::vector<float> x(8, 1.f), limits = {1, 1};
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4>, per_group<2>>>(
                           matrix_view<const float>(x.data(), 2, 4),
                           clip(matrix_view<const float>(limits.data(), 1, 2)))),
                       "lowbit: clip: 1 x 2 limits, and there is a group (1, 0)", error);
}
