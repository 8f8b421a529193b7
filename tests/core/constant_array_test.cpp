// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/constant_array.hpp>

#include <doctest/doctest.h>

namespace {
inline constexpr lowbit::arr<float, 4> levels{{-1.5f, 0, 2, 7}};
}

// Usable in constant expressions: tables of levels are made of it.
static_assert(lowbit::constant_at<levels>(0) == -1.5f);
static_assert(lowbit::constant_at<levels>(3) == 7);

TEST_CASE("an item at run time is that of the array") {
  for (int i = 0; i < 4; ++i) CHECK(lowbit::constant_at<levels>(i) == levels[i]);
}
