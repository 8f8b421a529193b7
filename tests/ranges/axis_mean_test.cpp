// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/quantizers/complex_unit.hpp>
#include <vector>

using namespace lowbit;

namespace {
group_params<complex_unit> fit(const std::vector<complex32>& x, const std::vector<float>& w = {}) {
  group_values<complex_unit> g;
  g.values = x;
  g.importance = w;
  return axis_mean{}.fit<complex_unit>(g);
}
}  // namespace

TEST_CASE("axis_mean: each axis has the mean of its own values") {
  const auto p = fit({{2, 1}, {-4, 0}, {0, 5}, {1, -7}});
  CHECK(p.scale[0] == 3);
  CHECK(p.scale[1] == 6);
}

TEST_CASE("axis_mean: weights, an unused axis, weights of zero") {
  const auto p = fit({{2, 1}, {-4, 0}, {6, 5}}, {3, 1, 0});
  CHECK(p.scale[0] == 2.5f);
  CHECK(p.scale[1] == 0);
  CHECK(fit({{2, 1}, {-4, 0}}, {0, 0}).scale[0] == 3);
}

TEST_CASE("axis_mean: tiny means become 1e-5, zeros stay 0") {
  CHECK(fit({{1e-8f, 0}, {0, 0}}).scale[0] == 1e-5f);
  CHECK(fit({{0, 0}, {0, 0}}).scale[0] == 0);
  CHECK(fit({}).scale[0] == 0);
}
