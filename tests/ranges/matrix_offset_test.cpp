// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/matrix_offset.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/displaced.hpp>

#include "ranges/group.hpp"

using namespace lowbit;

namespace {
template <class Q>
group_params<Q> fit(std::vector<float> matrix, std::vector<float> group) {
  const auto plan = matrix_offset{}.for_matrix<Q>(
      matrix_view<const float>(matrix.data(), 1, index_t(matrix.size())));
  return plan.template fit<Q>(test::group<Q>{group, {}}.view());
}
using signed_codes = displaced<uniform<4>>;
using unsigned_codes = displaced<uniform<4, nonnegative>>;
}  // namespace

TEST_CASE("levels of both signs are displaced by the mean of the matrix") {
  const auto p = fit<signed_codes>({1, 2, 3, 10}, {11, 2});
  CHECK(p.zero == 4);
  CHECK(p.scale[0] == 1);  // 11 - 4 over 7
}

TEST_CASE("levels from 0 on are displaced by the least value of the matrix") {
  const auto p = fit<unsigned_codes>({3, 2, 17}, {17, 3});
  CHECK(p.zero == 2);
  CHECK(p.scale[0] == 1);
}

TEST_CASE("groups of nothing but the offset, and empty ones") {
  CHECK(fit<signed_codes>({5, 5}, {5}).scale[0] == 0);
  CHECK(fit<signed_codes>({5, 5}, {}).scale[0] == 0);
  CHECK(fit<unsigned_codes>({}, {}).zero == 0);
}
