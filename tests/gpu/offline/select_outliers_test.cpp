// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/offline/select_outliers.hpp>

#include "select_outliers_cases.hpp"

using namespace lowbit;

TEST_CASE("outliers and their compressed rows are the host's, ties and tails included") {
  test::check_all_outliers<test::host_system>();
}
TEST_CASE("a matrix of equal values keeps the first of them") {
  const std::vector<float> x(24, -2.f);
  std::vector<index_t> at(8, -1);
  const matrix_view<const float> m(x.data(), 4, 6);
  CHECK(offline::select_outliers(thrust::cpp::par, m, top_k(7), at) == 7);
  CHECK(at == std::vector<index_t>{0, 1, 2, 3, 4, 5, 6, -1});
  CHECK(offline::select_outliers(thrust::cpp::par, m, top_k(2, outlier_scope::row), at) == 8);
  CHECK(at == std::vector<index_t>{0, 1, 6, 7, 12, 13, 18, 19});
}
TEST_CASE("what the host refuses is refused with its words") {
  const auto& policy = thrust::cpp::par;
  std::vector<float> x(24, 1.f);
  const matrix_view<const float> m(x.data(), 4, 6);
  std::vector<index_t> at(3);
  CHECK_THROWS_AS(offline::select_outliers(policy, m, top_k(4), at), error);
  CHECK_THROWS_AS(offline::select_outliers(policy, m, top_k(4), {}, {x.data(), 4, 5}), error);
  x[20] = 70000;
  const std::vector<index_t> positions{0, 20};
  const offline::sparse_arrays<std::uint16_t> nowhere{};  // nothing is written
  CHECK_THROWS_WITH_AS(offline::compress_rows(policy, m, positions, nowhere),
                       doctest::Contains("at row 3, column 2 is 70000"), error);
  const matrix_view<const float> wide(x.data(), 0, 70000);
  CHECK_THROWS_AS(offline::compress_rows(policy, wide, {}, nowhere), error);
  x[9] = __builtin_nanf("");
  CHECK_THROWS_WITH_AS(offline::select_outliers(policy, m, n_sigma()),
                       "lowbit: weights: the value at row 1, column 3 is not finite", error);
}
