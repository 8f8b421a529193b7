// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/minmax.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
using integer_zero = uniform<4, asymmetric>;
using real = uniform<4, real_zero>;
using least = uniform<4, minimum>;
}  // namespace

TEST_CASE("minmax spans the values: scale and zero by definition") {
  const auto i = group<integer_zero>{{-5, 10, 1}, {}}.fit(minmax{});
  CHECK(i.scale[0] == 1);
  CHECK(i.zero == 5);
  const auto r = group<real>{{-4, 11}, {}}.fit(minmax{});
  CHECK(r.scale[0] == 1);
  CHECK(r.zero == 4);
  const auto m = group<least>{{2, 9.5f}, {}}.fit(minmax{});
  CHECK(m.scale[0] == 0.5f);
  CHECK(m.zero == 2);
}

TEST_CASE("an integer zero stays within the codes: ranges are widened to contain 0") {
  const auto above = group<integer_zero>{{5, 15}, {}}.fit(minmax{});
  CHECK(above.scale[0] == 1);
  CHECK(above.zero == 0);
  const auto below = group<integer_zero>{{-30, -2}, {}}.fit(minmax{});
  CHECK(below.scale[0] == 2);
  CHECK(below.zero == 15);
}

TEST_CASE("a zero that is stored without a sign has the same effect") {
  group<least> g{{2, 15}, {}};
  g.contains_zero = true;
  CHECK(g.fit(minmax{}).scale[0] == 1);
  CHECK(g.fit(minmax{}).zero == 0);
  group<real> r{{-15, -3}, {}};
  r.contains_zero = true;
  CHECK(r.fit(minmax{}).zero == 15);
}

TEST_CASE("constant, all-zero and empty groups are exact") {
  for (const float v : {0.f, 1.f, -2.5f, 0.625f}) {
    const std::vector<float> three(3, v);
    const group<integer_zero> i{three, {}};
    const group<real> r{three, {}};
    const group<least> m{three, {}};
    CHECK(i.error(i.fit(minmax{})) < 1e-13);
    CHECK(r.error(r.fit(minmax{})) < 1e-13);
    CHECK(m.error(m.fit(minmax{})) == 0);
    CHECK(m.fit(minmax{}).scale[0] == 0);
  }
  CHECK(group<integer_zero>{}.fit(minmax{}).scale[0] == 0);
  CHECK(group<least>{}.fit(minmax{}).zero == 0);
}

TEST_CASE("no value of any group is further from its code than half a step") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<float> x = test::normal_values(5 + seed, seed);
    for (float& v : x) v += float(seed % 5) - 2;  // also groups of one sign
    const group<real> r{x, {}};
    const group<least> m{x, {}};
    const auto pr = r.fit(minmax{});
    const auto pm = m.fit(minmax{});
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(std::fabs(r.coded(i, pr) - x[i]) <= 0.501f * pr.scale[0] + 1e-6f);
      CHECK(std::fabs(m.coded(i, pm) - x[i]) <= 0.501f * pm.scale[0] + 1e-6f);
    }
  }
}

TEST_CASE("a narrow group far from 0 is not lost when the zero is an f16") {
  group<real> g{{1000, 1000.001f, 1000.002f}, {}};
  g.stored_scale = test::as_f16;
  g.stored_zero = test::as_f16;
  const auto p = g.fit(minmax{});
  for (std::size_t i = 0; i < 3; ++i) CHECK(g.coded(i, p) == doctest::Approx(1000).epsilon(1e-3));
}

TEST_CASE("the zero fits the scale as it is stored") {
  group<integer_zero> g{{-1, 1.9f}, {}};
  g.stored_scale = [](float s) { return 2 * s; };  // far from what was asked for
  const auto p = g.fit(minmax{});
  CHECK(p.zero == float(round_int(1 / p.scale[0])));
}
