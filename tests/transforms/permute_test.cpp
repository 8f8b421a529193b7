// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/permute.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(orthogonal_transform<permute> && row_transform_of<permute, complex32>);

TEST_CASE("value j of the result is value order[j]") {
  const permute p({2, 0, 3, 1});
  CHECK(apply(p, std::vector<float>{10, 11, 12, 13}) == std::vector<float>{12, 10, 13, 11});
  CHECK(row(p, std::vector<float>{10, 11, 12, 13}) == std::vector<float>{12, 10, 13, 11});
  CHECK(inverse<float>(p, std::vector<float>{12, 10, 13, 11}, 4) ==
        std::vector<float>{10, 11, 12, 13});
}

TEST_CASE("it is exact: the inverse gives every bit back, sums of products are the same sums") {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 101; ++i) order.push_back(i * 37 % 101);
  check_laws(permute(order), 101, 1e-14);
  const auto z = normal_complex(101);
  CHECK(inverse<complex32>(permute(order), apply(permute(order), z), 101) == z);
}

TEST_CASE("what is no permutation is an error that says where") {
  CHECK_THROWS_WITH(permute({0, 3, 1}),
                    "lowbit: order: position 1 holds 3, expected each of 0 .. 2 "
                    "once");
  CHECK_THROWS_WITH(permute({0, 1, 0}),
                    "lowbit: order: position 2 holds 0 again, expected each of 0 .. 2 once");
  CHECK_THROWS_WITH(permute({1, 0}).transformed_size(3),
                    "lowbit: permute: an order of 2 positions for 3 values");
  CHECK(permute(std::vector<std::uint32_t>{}).transformed_size(0) == 0);
}
