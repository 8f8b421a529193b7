// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/absmax.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/two_level.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "ranges/group.hpp"

using namespace lowbit;
using test::group;

namespace {
struct axis_pairs {  // any complex set will do
  static constexpr int bits = 1;
  static constexpr complex32 decode(code_t c) { return c == 0 ? complex32{2, 0} : complex32{0, 2}; }
  static constexpr code_t encode(complex32) { return 0; }
};
template <class Q>
float scale(std::vector<value_of<Q>> values) {
  return group<Q>{values, {}}.fit(absmax{}).scale[0];
}
}  // namespace

TEST_CASE("absmax puts the largest magnitude on the outermost level") {
  CHECK(scale<uniform<4>>({1, -3.5f, 2}) == 0.5f);
  CHECK(scale<uniform<4, centred>>({1, -3.75f}) == 0.5f);
  CHECK(scale<uniform<6, nonnegative>>({0, 63}) == 1);
  CHECK(scale<fp4_e2m1>({-12, 3}) == 2);
  CHECK(scale<axis_pairs>({{1, -4}, {3, 0}}) == 2);
}

TEST_CASE("full_range: the scale's sign puts the first largest value on -N/2, as Q4_0 has it") {
  using q4_0 = uniform<4, full_range>;
  CHECK(scale<q4_0>({1, -8, 2}) == 1);   // -8 is code 0
  CHECK(scale<q4_0>({1, 8, 2}) == -1);   // 8 = -1 * -8
  CHECK(scale<q4_0>({4, -4}) == -0.5f);  // of equal magnitudes the first
  CHECK(scale<q4_0>({-4, 4}) == 0.5f);
  for (const float top : {8.f, -8.f, 3.3f, -1e-3f}) {
    const group<q4_0> g{{top, top / 3, -top / 5, 0}, {}};
    const group_params<q4_0> p = g.fit(absmax{});
    CHECK(q4_0::encode(normalize<q4_0>(top, p)) == 0);
    CHECK(g.coded(0, p) == top);
    CHECK(g.coded(3, p) == 0);
  }
}

TEST_CASE("unsigned codes take the sign of the largest value") {
  using q = uniform<4, nonnegative>;
  CHECK(scale<q>({-15, -3}) == -1);
  const group<q> g{{-15, -3, 0}, {}};
  CHECK(g.coded(1, g.fit(absmax{})) == -3);
}

TEST_CASE("absmax of nothing and of zeros is 0, and zeros are exact") {
  CHECK(scale<uniform<4>>({}) == 0);
  CHECK(scale<uniform<4, full_range>>({}) == 0);
  const group<uniform<4, centred>> g{{0, 0}, {}};
  const auto p = g.fit(absmax{});
  CHECK(p.scale[0] == 0);
  CHECK(g.coded(0, p) == 0);  // although no level is 0
}

TEST_CASE("constant groups whose value is a multiple of the peak are exact") {
  for (const float v : {0.875f, -0.875f, 7.f}) {
    const group<uniform<4>> g{{v, v, v}, {}};
    CHECK(g.error(g.fit(absmax{})) == 0);
  }
}

TEST_CASE("a limit keeps the side of the largest value") {
  using q4_0 = uniform<4, full_range>;
  const group<q4_0> g{{1, 8, 2}, {}};
  CHECK(absmax::scale_for_limit<q4_0>(g.view(), 4) == -0.5f);
  CHECK(absmax::scale_for_limit<uniform<4>>(group<uniform<4>>{{-9}, {}}.view(), 7) == 1);
}

TEST_CASE("where scales have no sign, the largest value gives the magnitude") {
  using q4_0 = uniform<4, full_range>;
  const group<q4_0> g{{1, 8, 2}, {}};
  group_values<q4_0> unsigned_scales = g.view();
  unsigned_scales.signed_scale = false;
  CHECK(absmax{}.fit<q4_0>(unsigned_scales).scale[0] == 8.f / 7);
  CHECK(absmax::scale_for_limit<q4_0>(unsigned_scales, 4) == 0.5f);
  // In a matrix: the scales of two_level are codes from 0.
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(i % 8 == 3 ? 7.f : float(i % 5 - 2));
  const auto q = quantize<format<q4_0, two_level<8, 8, uniform<6>>>>(
      matrix_view<const float>(x.data(), 1, 64));
  for (index_t c = 0; c < 64; ++c)
    CHECK(double(q.view().at(0, c)) == doctest::Approx(double(x[std::size_t(c)])).epsilon(0.02));
}
