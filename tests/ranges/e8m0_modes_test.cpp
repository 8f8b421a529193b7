// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/e8m0_modes.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/microscaling.hpp>

#include "ranges/golden_input.hpp"
#include "ranges/group.hpp"
#include "ranges/normal_mse.hpp"

using namespace lowbit;
using test::group;

namespace {
using fp4 = fp4_e2m1;  // top level 6 = 1.5 * 2^2
template <class Q = fp4>
float scale(auto range, float top) {
  return group<Q>{{top / 3, -top, 0}, {}}.fit(range).scale[0];
}
using mxfp4 = format<fp4, microscaling<32>>;
}  // namespace

TEST_CASE("exponents by definition, at and around the points where they change") {
  CHECK(scale(e8m0_floor{}, 4) == 1);
  CHECK(scale(e8m0_floor{}, 7.99f) == 1);
  CHECK(scale(e8m0_floor{}, 8) == 2);
  CHECK(scale(e8m0_ceil{}, 4) == 1);
  CHECK(scale(e8m0_ceil{}, 4.001f) == 2);
  CHECK(scale(e8m0_rceil{}, 6) == 1);
  CHECK(scale(e8m0_rceil{}, 6.001f) == 2);
  CHECK(scale(e8m0_rceil{}, 3) == 0.5f);
  CHECK(scale(e8m0_even{}, 6.99f) == 1);
  CHECK(scale(e8m0_even{}, 7) == 2);  // 1.75 of one digit: a tie, to the even 2
}

TEST_CASE("the digits that `even` rounds to are those of the element") {
  CHECK(scale<fp6_e2m3>(e8m0_even{}, 7.74f) == 1);  // three digits: from 1.9375 on
  CHECK(scale<fp6_e2m3>(e8m0_even{}, 7.75f) == 2);
  CHECK(scale<uniform<8>>(e8m0_even{}, 127.4f) == 1);  // integers: six digits below 2^6
  CHECK(scale<uniform<8>>(e8m0_even{}, 127.5f) == 2);
}

TEST_CASE("rceil never clips, and half its scale would") {
  const philox random{1};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const float top = (1 + random.uniform(2 * i)) * exp2_int(int(random.below(2 * i + 1, 60)) - 30);
    const float s = scale(e8m0_rceil{}, top);
    CHECK(top <= 6 * s);
    CHECK(top > 3 * s);
    CHECK((scale(e8m0_floor{}, top) * 6 < top) == (top / exp2_int(ilog2(top)) > 1.5f));
  }
}

TEST_CASE("exponents are clamped to what e8m0 stores, and zeros have the smallest") {
  CHECK(scale(e8m0_floor{}, 1e-40f) == exp2_int(-127));
  CHECK(scale(e8m0_rceil{}, 1e-44f) == exp2_int(-127));
  CHECK(scale<uniform<2>>(e8m0_floor{}, 3e38f) == exp2_int(127));
  for (const float zero : {0.f, -0.f}) {
    CHECK(scale(e8m0_floor{}, zero) == exp2_int(-127));
    CHECK(scale(e8m0_even{}, zero) == exp2_int(-127));
    CHECK(scale(e8m0_ceil{}, zero) == exp2_int(-127));
    CHECK(scale(e8m0_rceil{}, zero) == exp2_int(-127));
    CHECK(scale(e8m0_best{}, zero) == exp2_int(-126));  // ties take the larger
  }
}

TEST_CASE("golden: MXFP4 by floor, which is the default") {
  const std::vector<float> x = test::golden_input(32);
  const matrix_view<const float> m(x.data(), 1, 32);
  const auto q = quantize<mxfp4>(m);
  CHECK(int(q.data().main.groups.scale[0].codes[0]) == 126);
  CHECK(test::digits(q) == "ea4d85c16b3ea4d05c26b3e94d05c26a");
  CHECK(test::digits(quantize<mxfp4>(m, e8m0_rceil{})) == test::digits(q));
  double sum = 0;
  for (index_t c = 0; c < 32; ++c) {
    const double d = double(q.view().at(0, c)) - double(x[std::size_t(c)]);
    sum += d * d;
  }
  CHECK(sum / 32 == doctest::Approx(.01155625));
}

TEST_CASE("squared errors on normal data: best <= even <= floor") {
  const double by_floor = test::normal_mse<mxfp4>(), even = test::normal_mse<mxfp4>(e8m0_even{}),
               best = test::normal_mse<mxfp4>(e8m0_best{});
  CHECK(by_floor == doctest::Approx(.013212).epsilon(.01));
  CHECK(even == doctest::Approx(.012500).epsilon(.01));
  CHECK(test::normal_mse<mxfp4>(e8m0_rceil{}) == doctest::Approx(.013310).epsilon(.01));
  CHECK(best == doctest::Approx(.012440).epsilon(.01));
  CHECK(best <= even);
  CHECK(even <= by_floor);
}

TEST_CASE("squared errors of the other MX formats on normal data") {
  const auto mse = []<class Q>(Q) { return test::normal_mse<format<Q, microscaling<32>>>(); };
  CHECK(mse(fp6_e2m3{}) == doctest::Approx(.000804).epsilon(.01));
  CHECK(mse(fp6_e3m2{}) == doctest::Approx(.002915).epsilon(.01));
  CHECK(mse(fp8_e4m3{}) == doctest::Approx(.000862).epsilon(.01));
  CHECK(mse(fp8_e5m2{}) == doctest::Approx(.002914).epsilon(.01));
  CHECK(mse(uniform<8>{}) == doctest::Approx(6.80e-5).epsilon(.01));
}

TEST_CASE("importance shifts the best exponent") {
  group<fp4> g{{7.9f, .5f, .6f, .7f, .8f, .9f}, {}};
  g.weights = {100, 1, 1, 1, 1, 1};
  CHECK(g.fit(e8m0_best{}).scale[0] == 2);
  g.weights = {0, 1, 1, 1, 1, 1};
  CHECK(g.fit(e8m0_best{}).scale[0] == 0.5f);
}
