// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/twin_log.hpp>
#include <vector>

using namespace lowbit;

namespace {
using Q = twin_log<3>;
using view = matrix_view<const float>;

group_params<Q> fit(const std::vector<float>& x, float eta, const std::vector<float>& w = {}) {
  group_values<Q> g;
  g.values = x;
  g.importance = w;
  return detail::twin_log_plan{eta}.fit<Q>(g);
}
}  // namespace

static_assert(range_search_for<twin_log_grid, Q> && !range_search_for<twin_log_grid, uniform<4>>);

TEST_CASE("twin_log_grid: a geometric sequence is found, each sign for itself") {
  // 2 3^q - 1 and -(1 2^q - 1) - 1, eta 1
  const auto p = fit({1, 5, 17, 53, -1, -3, -7, -15}, 1);
  CHECK(p.scale[0] == 1);
  CHECK(p.scale[1] == doctest::Approx(3));
  CHECK(p.scale[2] == 1);
  CHECK(p.scale[3] == doctest::Approx(2));
  CHECK(p.zero == 1);
}

TEST_CASE("twin_log_grid: a sign that does not occur, zeros, one value, no value") {
  auto p = fit({1, 2, 4, 8}, 0);
  CHECK(p.scale[0] == 1);
  CHECK(p.scale[1] == doctest::Approx(2));
  CHECK(p.scale[2] == 0);
  CHECK(p.scale[3] == 1);
  for (const float eta : {0.f, 0.5f}) {
    p = fit({0, 0, -0.f}, eta);
    CHECK(p.scale[0] == 0);
    CHECK(p.scale[1] == 1);
  }
  p = fit({-3}, 0.25f);
  CHECK(p.scale[2] == 3);
  CHECK(p.scale[3] == 1);
  CHECK(fit({}, 1).scale[1] == 1);
  // Without an offset zeros have no logarithm: levels start above them.
  CHECK(fit({0, 0, 1, 1, 1, 4, 4}, 0).scale[0] == 1);
}

TEST_CASE("twin_log_grid: importance decides between clipping and not") {
  std::vector<float> x, w(1000, 1);
  for (int i = 0; i < 1000; ++i) x.push_back(std::fabs(philox{4}.normal(std::uint64_t(i))));
  x[3] = 30;
  w[3] = 0;
  const auto top = [](const group_params<Q>& p) { return Q::scaled(4, p.scale, p.zero); };
  CHECK(top(fit(x, 0.5f, w)) < 4);
  w[3] = 1000;
  CHECK(top(fit(x, 0.5f, w)) > 25);
}

TEST_CASE("twin_log_grid: ranges are judged as they are stored") {
  group_values<Q> g;
  const std::vector<float> x = {1, 2, 4, 8};
  g.values = x;
  g.stored_scale = [](float s) { return float(int(s * 4)) / 4; };
  const auto p = detail::twin_log_plan{0.3f}.fit<Q>(g);
  CHECK(p.scale[1] * 4 == float(int(p.scale[1] * 4)));
}

TEST_CASE("twin_log_grid: the offset is chosen for the matrix, in proportion to it") {
  std::vector<float> x;
  for (index_t i = 0; i < 128 * 64; ++i) x.push_back(philox{5}.normal(std::uint64_t(i)));
  const view w(x.data(), 128, 64);
  const float eta = twin_log_grid{}.for_matrix<Q>(w).eta;
  CHECK(eta > 0);
  for (float& v : x) v *= 1024;
  CHECK(twin_log_grid{}.for_matrix<Q>(w).eta == 1024 * eta);
  CHECK(twin_log_grid{}.for_matrix<Q>(view(nullptr, 0, 64)).eta == 0);
  std::fill(x.begin(), x.end(), 0.f);
  CHECK(twin_log_grid{}.for_matrix<Q>(w).eta == 0);
}
