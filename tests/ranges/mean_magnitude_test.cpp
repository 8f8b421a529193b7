// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/quantizers/binary.hpp>
#include <vector>

using namespace lowbit;

namespace {
float fit(const std::vector<float>& x, const std::vector<float>& w = {}) {
  group_values<binary> g;
  g.values = x;
  g.importance = w;
  return mean_magnitude{}.fit<binary>(g).scale[0];
}
}  // namespace

TEST_CASE("mean_magnitude: mean, weighted mean, empty, zeros, zero weights") {
  CHECK(fit({1, -2, 3}) == 2);
  CHECK(fit({1, -2, 3}, {0, 3, 1}) == 2.25f);
  CHECK(fit({1, -2, 3}, {0, 0, 0}) == 2);
  CHECK(fit({}) == 0);
  CHECK(fit({0, -0.f}) == 0);
}

TEST_CASE("mean_magnitude: no other scale has a smaller weighted error for +-1") {
  const std::vector<float> x = {0.3f, -1.4f, 2.2f, -0.1f}, w = {1, 0.5f, 2, 3};
  const auto error = [&](double s) {
    double e = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const double d = double(x[i]) - (x[i] < 0 ? -s : s);
      e += double(w[i]) * d * d;
    }
    return e;
  };
  const double s = double(fit(x, w));
  CHECK(error(s) < error(s * 1.001));
  CHECK(error(s) < error(s * 0.999));
}
