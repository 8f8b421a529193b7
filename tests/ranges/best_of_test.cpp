// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/best_of.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/ranges/fixed_scale.hpp>
#include <lowbit/ranges/percentile.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

TEST_CASE("the search that errs less is taken, the first of two equal ones") {
  const best_of pair{fixed_scale(1), fixed_scale(4)};
  CHECK(group<uniform<2>>{{1, 1, -1}, {}}.fit(pair).scale[0] == 1);
  CHECK(group<uniform<2>>{{4, 1, -4}, {}}.fit(pair).scale[0] == 4);
  CHECK(group<uniform<2>>{{0, 0}, {}}.fit(pair).scale[0] == 1);
  CHECK(group<uniform<2>>{{4, 1, 1, 1}, {0.1f, 1, 1, 1}}.fit(pair).scale[0] == 1);
}

TEST_CASE("it nests: RepQ-ViT's choice among three percentiles is never worse than any of them") {
  const percentile a{.9}, b{.97}, c{.999};
  const best_of all{a, best_of{b, c}};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const group<uniform<3, asymmetric>> g{test::normal_values(200, seed, 40), {}};
    const double chosen = g.error(g.fit(all));
    CHECK(chosen <= g.error(g.fit(a)));
    CHECK(chosen <= g.error(g.fit(b)));
    CHECK(chosen <= g.error(g.fit(c)));
  }
}
