// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/least_squares.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/ranges/mse_grid.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
template <class Q, class Start>
void check_never_worse(const Start& start, bool weighted) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::size_t n = 1 + std::size_t(seed * 5 % 70);
    group<Q> g{test::normal_values(n, seed, seed % 2 == 0 ? 13 : 0), {}};
    if (weighted) g.weights = test::positive_weights(n, seed);
    g.stored_scale = test::as_f16;
    g.stored_zero = has_zero<Q> && zero_of<Q> != zero_kind::integer ? test::as_f16
                                                                    : g.stored_zero;
    auto before = g.fit(start);
    before.scale[0] = test::as_f16(before.scale[0]);
    double last = g.error(before);
    for (int rounds = 0; rounds < 6; ++rounds) {  // more rounds are never worse
      const auto p = g.fit(least_squares(start, rounds));
      CHECK(g.error(p) <= last);
      CHECK(test::as_f16(p.scale[0]) == p.scale[0]);
      last = g.error(p);
    }
  }
}
}  // namespace

TEST_CASE("the error never rises, from any start, for any kind of zero, under any importance") {
  check_never_worse<uniform<4>>(extremes{}, false);
  check_never_worse<uniform<3, full_range>>(extremes{}, true);
  check_never_worse<uniform<2>>(mse_grid{}, true);
  check_never_worse<uniform<4, asymmetric>>(extremes{}, false);
  check_never_worse<uniform<3, real_zero>>(extremes{}, true);
  check_never_worse<uniform<4, minimum>>(mse_grid{}, false);
  check_never_worse<fp4_e2m1>(extremes{}, false);
}

TEST_CASE("a hand-made group: the scale of its codes in closed form") {
  // Levels -1, 0, 1 at S = 2: codes 1 1 0. Then S = (2 + 1.5) / 2.
  const group<uniform<2>> g{{2, 1.5f, 0.5f}, {}};
  CHECK(g.fit(least_squares{}).scale[0] == 1.75f);
  const group<uniform<2>> weighted{{2, 1.5f, 0.5f}, {1, 3, 1}};
  CHECK(weighted.fit(least_squares{}).scale[0] == (2 + 3 * 1.5f) / 4);
}

TEST_CASE("values on a lattice are found exactly") {
  const group<uniform<4, minimum>> g{{0.5f, 1.25f, 2, 5, 11.75f}, {}};  // 0.5 + 0.75 k
  const auto p = g.fit(least_squares{});
  CHECK(g.error(p) == 0);
  CHECK(p.scale[0] == 0.75f);
  CHECK(p.zero == 0.5f);
}

TEST_CASE("unsigned minima stay unsigned") {
  group<uniform<4, minimum>> g{{2, 3, 4, 15}, {}};
  g.contains_zero = true;
  CHECK(g.fit(least_squares{}).zero <= 0);
  group<uniform<4, real_zero>> r{{2, 3, 4, 15}, {}};
  r.contains_zero = true;
  CHECK(r.fit(least_squares{}).zero >= 0);
}

TEST_CASE("nothing, zeros and one level end at once") {
  CHECK(group<uniform<4>>{}.fit(least_squares{}).scale[0] == 0);
  CHECK(group<uniform<4>>{{0, 0}, {}}.fit(least_squares{}).scale[0] == 0);
  const group<uniform<4, minimum>> same{{0.1f, 0.1f}, {}};
  CHECK(same.error(same.fit(least_squares{})) == 0);
  const group<uniform<4>> no_weight{{1, 2}, {0, 0}};
  CHECK(no_weight.fit(least_squares{}).scale[0] == no_weight.fit(absmax{}).scale[0]);
}
