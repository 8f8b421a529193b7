// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/user_mask.hpp>

#include <doctest/doctest.h>

using namespace lowbit;
using positions = std::vector<position>;

namespace {
const std::vector<float> values(6, 1.f);
const matrix_view<const float> m(values.data(), 2, 3);
}  // namespace

TEST_CASE("what is marked, by any number but 0") {
  const std::uint8_t mask[6] = {0, 1, 0, 255, 0, 2};
  CHECK(user_mask({mask, 2, 3}).pick(m, nullptr) == positions{{0, 1}, {1, 0}, {1, 2}});
  const std::uint8_t none[6] = {};
  CHECK(user_mask({none, 2, 3}).pick(m, nullptr) == positions{});
}

TEST_CASE("rows of a mask may have a stride, and complex values are marked alike") {
  const std::uint8_t wide[10] = {0, 0, 1, 9, 9, 1, 0, 0, 9, 9};
  CHECK(user_mask({wide, 2, 3, 5}).pick(m, nullptr) == positions{{0, 2}, {1, 0}});
  const std::vector<complex32> z(2);
  CHECK(
      user_mask({wide + 2, 1, 2, 5}).pick(matrix_view<const complex32>(z.data(), 1, 2), nullptr) ==
      positions{{0, 0}, {0, 1}});
}

TEST_CASE("a mask of another shape and one without data are errors") {
  const std::uint8_t mask[6] = {};
  CHECK_THROWS_WITH_AS(user_mask({mask, 3, 2}).pick(m, nullptr),
                       "lowbit: user_mask: 3 x 2, expected the 2 x 3 of the matrix", error);
  CHECK_THROWS_WITH_AS(user_mask({nullptr, 2, 3}), "lowbit: matrix_view: null data for 2 x 3",
                       error);
}
