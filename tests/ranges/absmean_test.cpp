// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/absmean.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/golden_input.hpp"
#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

TEST_CASE("absmean is a multiple of the mean magnitude") {
  CHECK(group<uniform<4>>{{1, -2, 3}, {}}.fit(absmean{}).scale[0] == 2);
  CHECK(group<uniform<4>>{{1, -2, 3}, {}}.fit(absmean{0.25f}).scale[0] == 0.5f);
  CHECK(group<uniform<4>>{{1, -2}, {3, 1}}.fit(absmean{}).scale[0] == 1.25f);
  CHECK(group<uniform<4>>{}.fit(absmean{}).scale[0] == 0);
}

TEST_CASE("golden: BitNet's ternary weights") {
  const group<ternary> g{test::golden_input(16), {}};
  const auto p = g.fit(absmean{});
  CHECK(p.scale[0] == doctest::Approx(1.0075));
  const int expected[] = {-1, -1, 1, -1, 0, 1, -1, 0, 1, -1, 1, -1, 0, 1, -1, 0};
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(ternary::decode(ternary::encode(normalize<ternary>(g.values[i], p))) ==
          float(expected[i]));
}

TEST_CASE("golden: OFQ's StatsQ at two bits, levels s (i + 1/2) / 2 with s = 2 mean|x|") {
  using q = uniform<2, centred>;
  const group<q> g{test::golden_input(16), {}};
  const auto p = g.fit(absmean{2 / 2.f});
  CHECK(2 * p.scale[0] == doctest::Approx(2.015));
  const int expected[] = {-2, -1, 0, -2, -1, 1, -2, 0, 1, -1, 0, -2, -1, 1, -2, 0};
  for (std::size_t i = 0; i < 15; ++i)  // the last is 0, a tie that StatsQ rounds up
    CHECK(int(q::encode(normalize<q>(g.values[i], p))) - 2 == expected[i]);
}
