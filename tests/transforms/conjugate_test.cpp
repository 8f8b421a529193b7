// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/conjugate.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(transform<conjugate> && !transform_of<conjugate, float>);
static_assert(!row_transform_of<conjugate, complex32>, "no row of weights makes up for it");

TEST_CASE("imaginary parts change their sign, twice is nothing") {
  CHECK(apply(conjugate{}, std::vector<complex32>{{1, 2}, {3, -4}}) ==
        std::vector<complex32>{{1, -2}, {3, 4}});
  const auto z = normal_complex(9);
  CHECK(inverse<complex32>(conjugate{}, apply(conjugate{}, z), 9) == z);
}
