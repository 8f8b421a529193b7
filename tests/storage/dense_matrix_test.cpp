// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/dense_matrix.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

TEST_CASE("a dense matrix copies what it is made from, and starts as zeros otherwise") {
  const float x[] = {1, 2, 9, 3, 4, 9};
  dense_matrix<float> m(matrix_view<const float>(x, 2, 2, 3));
  CHECK(m.values == std::vector<float>{1, 2, 3, 4});
  m.view()(1, 0) = 7;
  CHECK(m.values[2] == 7);
  CHECK(dense_matrix<float>(extent{2, 3}).values == std::vector<float>(6, 0.f));
  CHECK(dense_matrix<complex32>(extent{1, 1}).values[0] == complex32{0, 0});
}
