// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/device_results.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace lowbit;

TEST_CASE("a sum meets its token's factor, then alpha and beta; beta 0 reads nothing") {
  float y[6], factors[2] = {1, 4};
  for (float& v : y) v = std::numeric_limits<float>::quiet_NaN();
  kernels::device_results to{{y, 3}, {}, nullptr, nullptr};
  kernels::write<1>(to, factors, 1, 2, 5.f);
  CHECK(y[5] == 20);
  CHECK(std::isnan(y[4]));
  kernels::write<1>(to, nullptr, 0, 1, 5.f);
  CHECK(y[1] == 5);
  to.factors = {.alpha = 2, .beta = 0.5f};
  kernels::write<1>(to, factors, 1, 2, 3.f);
  CHECK(y[5] == 2 * 3 * 4 + 10);
}
TEST_CASE("tokens of two axes are the parts of complex results") {
  complex32 y[6] = {};
  const kernels::result_place place(matrix_view<complex32>(y, 2, 2, 3));
  place.at<2>(0, 1) = 1;
  place.at<2>(1, 1) = 2;
  place.at<2>(2, 0) = 3;
  place.at<2>(3, 0) = 4;
  CHECK(y[1] == complex32{1, 2});
  CHECK(y[3] == complex32{3, 4});
}
