// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/fixed_scale.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>

using namespace lowbit;

TEST_CASE("every group has the given scale, and values beyond the levels are clipped") {
  const std::vector<float> x = {0.2f, -0.4f, 100, 1};
  const auto q = quantize<format<uniform<4>, per_group<2>>>(
      matrix_view<const float>(x.data(), 1, 4), fixed_scale(0.5f));
  CHECK(q.view().at(0, 0) == 0);
  CHECK(q.view().at(0, 1) == -0.5f);
  CHECK(q.view().at(0, 2) == 3.5f);
  CHECK(q.view().at(0, 3) == 1);
}
