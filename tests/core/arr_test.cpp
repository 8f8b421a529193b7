// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/arr.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace lowbit;

static_assert(std::is_trivial_v<arr<float, 4>> && sizeof(arr<float, 4>) == 16);
static_assert(arr<int, 3>{{1, 2, 3}}[2] == 3);

static constexpr int changed() {
  arr<int, 2> a{{1, 2}};
  a[1] = 5;
  return a[0] + a[1];
}
static_assert(changed() == 6);

TEST_CASE("items are contiguous and zero unless given") {
  const arr<float, 3> a{{1, 2}};
  CHECK(&a[2] - &a[0] == 2);
  CHECK(a[2] == 0);
}
