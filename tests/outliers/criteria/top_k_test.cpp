// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/top_k.hpp>

#include <doctest/doctest.h>

using namespace lowbit;
using positions = std::vector<position>;

namespace {
const std::vector<float> values{1, -8, 3, 4, 2, -4};
const matrix_view<const float> m(values.data(), 2, 3);
positions pick(const top_k& c, const importance* weights = nullptr) {
  return detail::checked(c.pick(m, weights), m.shape());
}
}  // namespace

TEST_CASE("the largest magnitudes, ties to the earlier position") {
  CHECK(pick(top_k(1)) == positions{{0, 1}});
  CHECK(pick(top_k(2)) == positions{{0, 1}, {1, 0}});  // 4 before -4
  CHECK(pick(top_k(0)) == positions{});
  CHECK(pick(top_k(100)).size() == 6);
}

TEST_CASE("so many in each row") {
  CHECK(pick(top_k(1, outlier_scope::row)) == positions{{0, 1}, {1, 0}});
  CHECK(pick(top_k(2, outlier_scope::row)) == positions{{0, 1}, {0, 2}, {1, 0}, {1, 2}});
}

TEST_CASE("importance weighs the squares") {
  const std::vector<float> columns{100, 0, 1};
  const importance w{span<const float>(columns)};
  CHECK(pick(top_k(2), &w) == positions{{0, 0}, {1, 0}});
}

TEST_CASE("complex values by their squared magnitude") {
  const std::vector<complex32> z{{3, 3}, {4, 0}, {0, -4.5f}};
  CHECK(top_k(1).pick(matrix_view<const complex32>(z.data(), 1, 3), nullptr) == positions{{0, 2}});
}

TEST_CASE("a negative count is an error") {
  CHECK_THROWS_WITH_AS(top_k(-3), "lowbit: top_k: count -3, expected at least 0", error);
}
