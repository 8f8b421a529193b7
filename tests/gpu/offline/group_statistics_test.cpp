// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/offline/group_statistics.hpp>

#include "group_statistics_cases.hpp"

using namespace lowbit;

TEST_CASE("statistics of groups are those of their values, tails included") {
  test::check_all_statistics<test::host_system>();
}
TEST_CASE("sums have the bits of ordered_sum") {
  const std::vector<float> x = test::some_values(1000, 9);
  offline::statistics s;
  offline::group_statistics(thrust::cpp::par, {x.data(), 1, 1000}, 1000, {&s, 1});
  CHECK(s.sum == ordered_sum(1000, [&](index_t i) { return double(x[std::size_t(i)]); }));
}
TEST_CASE("values that are no numbers, widths and sizes that cannot be are refused") {
  std::vector<float> x(12, 1.f);
  std::vector<offline::statistics> out(4);
  const span<offline::statistics> to(out);
  const matrix_view<const float> m(x.data(), 2, 5, 6);
  x[5] = __builtin_nanf("");  // between the rows
  offline::group_statistics(thrust::cpp::par, m, 3, to);
  CHECK(out[3].sum == 2);
  CHECK_THROWS_AS(offline::group_statistics(thrust::cpp::par, m, 0, to), error);
  CHECK_THROWS_AS(offline::group_statistics(thrust::cpp::par, m, 5, to), error);
  x[7] = x[9] = __builtin_inff();
  CHECK_THROWS_WITH_AS(offline::group_statistics(thrust::cpp::par, m, 3, to),
                       "lowbit: weights: the value at row 1, column 1 is not finite", error);
}
