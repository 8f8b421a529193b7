// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/quest.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/binary.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/golden_input.hpp"
#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
template <class Q>
double normal_mse(quest_constants constants) {
  const group<Q> g{test::normal_values(1 << 17, 11), {}};
  return g.error(g.fit(quest{constants})) / double(g.values.size());
}
template <int Bits>
void check_mse(double theory) {
  using q = uniform<Bits, centred>;
  CHECK(normal_mse<q>(quest_constants::exact) == doctest::Approx(theory).epsilon(.015));
  CHECK(normal_mse<q>(quest_constants::released) == doctest::Approx(theory).epsilon(.02));
}
}  // namespace

TEST_CASE("golden: QuEST at 4 bits without its Hadamard transform") {
  using q = uniform<4, centred>;
  const group<q> g{test::golden_input(16), {}};
  const auto p = g.fit(quest{});
  CHECK(double(p.scale[0]) == doctest::Approx(2 * 2.5139305786 * 1.1828355761 / 15).epsilon(1e-6));
  const code_t expected[] = {2, 6, 10, 3, 7, 11, 4, 8, 12, 5, 9, 3, 6, 10, 4, 7};
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(q::encode(normalize<q>(g.values[i], p)) == expected[i]);
  CHECK(g.error(p) / 16 == doctest::Approx(.0168185865).epsilon(1e-5));
}

TEST_CASE("squared errors on normal data are those of the theory, from 1 to 8 bits") {
  CHECK(normal_mse<binary>(quest_constants::exact) == doctest::Approx(.363380).epsilon(.01));
  check_mse<2>(.118846);
  check_mse<3>(.0374397);
  check_mse<4>(.01154288);
  check_mse<5>(.00349521);
  check_mse<6>(.00104005);
  check_mse<7>(3.04333e-4);
  check_mse<8>(8.7686e-5);
  CHECK(normal_mse<ternary>(quest_constants::released) == doctest::Approx(.190174).epsilon(.01));
  CHECK(normal_mse<fp4_e2m1>(quest_constants::released) == doctest::Approx(.0126849).epsilon(.01));
}

TEST_CASE("which level sets have a constant") {
  CHECK(range_for<quest, uniform<2, centred>>);
  CHECK(range_for<quest, binary>);
  CHECK(range_for<quest, ternary>);
  CHECK(range_for<quest, fp4_e2m1>);
  CHECK_FALSE(range_for<quest, uniform<4>>);
  CHECK_FALSE(range_for<quest, uniform<2, full_range>>);
  CHECK_FALSE(range_for<quest, f16>);
}

TEST_CASE("zeros are exact although no level is 0") {
  const group<uniform<4, centred>> g{{0, 0, 0}, {}};
  CHECK(g.error(g.fit(quest{})) == 0);
}
