// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/extremes.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

TEST_CASE("extremes is minmax for quantizers with a zero, absmax for the others") {
  CHECK(group<uniform<4>>{{-7, 2}, {}}.fit(extremes{}).scale[0] == 1);
  const auto p = group<uniform<4, minimum>>{{1, 16}, {}}.fit(extremes{});
  CHECK(p.scale[0] == 1);
  CHECK(p.zero == 1);
}
