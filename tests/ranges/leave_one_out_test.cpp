// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/leave_one_out.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

TEST_CASE("the largest value is clipped where that lowers the error, and kept where not") {
  const group<uniform<2>> many{{4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {}};
  CHECK(many.fit(leave_one_out{}).scale[0] == 1);  // (4 - 1)^2 = 9 against ten times 1
  const group<uniform<2>> few{{4, 1, 1, 1}, {}};
  CHECK(few.fit(leave_one_out{}).scale[0] == 4);
  const group<uniform<2>> weighted{{4, 1, 1, 1}, {0.1f, 1, 1, 1}};
  CHECK(weighted.fit(leave_one_out{}).scale[0] == 1);
}

TEST_CASE("with a zero, either end may be left out") {
  std::vector<float> x(40, 0.f);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i % 4);
  x[7] = 5;
  const group<uniform<2, minimum>> high{x, {}};
  CHECK(high.fit(leave_one_out{}).scale[0] == 1);
  CHECK(high.fit(leave_one_out{}).zero == 0);
  x[7] = -2;
  const group<uniform<2, minimum>> low{x, {}};
  CHECK(low.fit(leave_one_out{}).scale[0] == 1);
  CHECK(low.fit(leave_one_out{}).zero == 0);
}

TEST_CASE("full_range goes to the side of the value that is left") {
  std::vector<float> x(60, 2.f);
  for (std::size_t i = 0; i < 20; ++i) x[i] = 1;
  x[30] = -5;
  const group<uniform<2, full_range>> g{x, {}};
  CHECK(g.fit(leave_one_out{}).scale[0] == -1);
}

TEST_CASE("never worse than the whole range; empty and single groups keep it") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    group<uniform<3>> g{test::normal_values(2 + seed % 40, seed, 9), {}};
    if (seed % 2 == 1) g.weights = test::positive_weights(g.values.size(), seed);
    CHECK(g.error(g.fit(leave_one_out{})) <= g.error(g.fit(absmax{})));
    const group<uniform<3, asymmetric>> z{g.values, g.weights};
    CHECK(z.error(z.fit(leave_one_out{})) <= z.error(z.fit(minmax{})));
  }
  CHECK(group<uniform<4>>{}.fit(leave_one_out{}).scale[0] == 0);
  CHECK(group<uniform<4>>{{7}, {}}.fit(leave_one_out{}).scale[0] == 1);
}
