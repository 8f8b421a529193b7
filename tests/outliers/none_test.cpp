// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/none.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

static_assert(outliers_for<none, float> && outliers_for<none, complex32>);
static_assert(!none::picks && std::is_empty_v<none::data<owned, float>>);

TEST_CASE("nothing is stored, added or needed") {
  const none::data<borrowed, float> d;
  float x = 3, scratch = 5;
  d.prepare(&x, &scratch);
  d.add_row(0, &x);
  d.validate(path{}, {1, 1});
  CHECK(x == 3);
  CHECK(scratch == 5);
  CHECK(d.scratch_size() == 0);
  CHECK(d.at(7, 9) == 0);
  CHECK(d.dot(7, &x, &scratch) == 0);
}
