// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/identity.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(orthogonal_transform<identity> && row_transform_of<identity, complex32>);

TEST_CASE("nothing changes") {
  check_laws(identity{}, 33, 0);
  check_laws(identity{}, 0, 0);
  const auto z = normal_complex(5);
  CHECK(apply(identity{}, z) == z);
}
