// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/bnb_fp4.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/minifloat.hpp>

#include "quantizers/laws.hpp"

using namespace lowbit;
using Q = bnb_fp4;

namespace {
constexpr bool is(code_t c, double value) {
  return Q::decode(c) == float(value) && Q::decode(c + 8) == -float(value);
}
}  // namespace

static_assert(is(0, 0) && is(1, 1.0 / 192) && is(2, 2.0 / 3) && is(3, 1) && is(4, 1.0 / 3) &&
              is(5, 0.5) && is(6, 1.0 / 6) && is(7, 0.25));
static_assert(bits_as<std::uint32_t>(Q::decode(8)) == 0x80000000u, "code 8 is -0");
static_assert(laws::levels<Q>() == 16 && laws::codes_round_trip<Q>());
static_assert(peak_of<Q> == 1 && is_tabulated<Q>);
static_assert(Q::encode(-0.f) == 8 && Q::encode(-1e-9f) == 8 && Q::encode(1e-9f) == 0);
static_assert(Q::encode(7) == 3 && Q::encode(-7) == 11);

TEST_CASE("bnb_fp4: encode finds the nearest level, the set is odd") {
  for (const float x : laws::sweep<Q>(1.5f)) {
    REQUIRE(laws::encodes_to_nearest<Q>(x));
    REQUIRE(laws::is_odd<Q>(x));
  }
}

TEST_CASE("bnb_fp4: bitsandbytes' decision points agree but for their last digits") {
  constexpr float points[] = {0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f,
                              0.4166667f,  0.583333f,  0.8333333f};
  constexpr code_t below[] = {0, 1, 6, 7, 4, 5, 2}, above[] = {1, 6, 7, 4, 5, 2, 3};
  for (int i = 0; i < 7; ++i) {
    CHECK(Q::encode(points[i] - 4e-7f) == below[i]);
    CHECK(Q::encode(points[i] + 4e-7f) == above[i]);
  }
}

TEST_CASE("bnb_fp4: a tie goes to the smaller magnitude") {
  CHECK(Q::encode(0.375f) == 4);  // nearer to 1/3
  CHECK(Q::encode(0.0859375f) == 1);
  CHECK(Q::encode(std::nextafter(0.0859375f, 1.f)) == 6);
}

TEST_CASE("bnb_fp4: the error on normal data is the published one, not that of E2M1") {
  CHECK(laws::best_normal_mse<Q>(1.5, 4) == doctest::Approx(0.0165861).epsilon(0.01));
}
