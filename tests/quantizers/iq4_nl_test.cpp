// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/iq4_nl.hpp>

#include <doctest/doctest.h>

#include "quantizers/laws.hpp"

using namespace lowbit;
using Q = iq4_nl_table;

static_assert(Q::bits == 4 && laws::levels<Q>() == 16 && laws::codes_round_trip<Q>());
static_assert(Q::name == std::string_view("table<iq4_nl>"));
static_assert(Q::decode(0) == -127 && Q::decode(1) == -104 && Q::decode(2) == -83 &&
              Q::decode(3) == -65 && Q::decode(4) == -49 && Q::decode(5) == -35 &&
              Q::decode(6) == -22 && Q::decode(7) == -10 && Q::decode(8) == 1 &&
              Q::decode(9) == 13 && Q::decode(10) == 25 && Q::decode(11) == 38 &&
              Q::decode(12) == 53 && Q::decode(13) == 69 && Q::decode(14) == 89 &&
              Q::decode(15) == 113);
static_assert(peak_of<Q> == 127 && Q::signed_peak == -127);
static_assert(Q::encode(0) == 8 && Q::encode(-4.5f) == 7 && Q::encode(-4.4f) == 8);

TEST_CASE("iq4_nl: encode finds the nearest level") {
  for (const float x : laws::sweep<Q>(140)) REQUIRE(laws::encodes_to_nearest<Q>(x));
}

TEST_CASE("iq4_nl: the error on normal data is the published one") {
  CHECK(laws::best_normal_mse<Q>(2, 3.5) == doctest::Approx(0.0099048).epsilon(0.01));
}
