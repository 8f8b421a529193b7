// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/group_error.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/core/float_mode.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/ranges/best_of.hpp>
#include <lowbit/ranges/least_squares.hpp>
#include <lowbit/ranges/leave_one_out.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <lowbit/ranges/percentile.hpp>
#include <vector>

#include "ranges/group.hpp"

namespace lb = lowbit;
using lb::index_t;

namespace {

template <class Q>
lb::group_values<Q> group_of(const std::vector<float>& x, const std::vector<float>& w) {
  lb::group_values<Q> g;
  g.values = x;
  g.importance = w;
  g.stored_scale = test::as_f16;
  if (lb::zero_of<Q> != lb::zero_kind::integer) g.stored_zero = test::as_f16;
  return g;
}

/// Groups of all kinds: f(values, importance).
template <class F>
void for_groups(F f) {
  for (const std::size_t n : {1u, 5u, 16u, 17u, 32u, 60u, 64u, 128u, 131u})
    for (int kind = 0; kind < 6; ++kind) {
      std::vector<float> x = test::normal_values(n, n + std::size_t(kind), kind == 1 ? 9 : 0);
      for (std::size_t i = 0; i < n; ++i) {
        if (kind == 2) x[i] = i % 3 == 0 ? 0.f : -0.f;
        if (kind == 3) x[i] = float(int(i % 9) - 4) * 0.5f;
        if (kind == 4) x[i] = x[i] * x[i] + 1;
        if (kind == 5) x[i] *= i % 2 == 0 ? 0x1p-140f : 0x1p-149f;
      }
      f(x, std::vector<float>{});
      f(x, test::positive_weights(n, n));
    }
}

template <class Q, class Range>
void check_search(const Range& range) {
  for_groups([&](const std::vector<float>& x, const std::vector<float>& w) {
    lb::group_values<Q> g = group_of<Q>(x, w);
    const lb::group_params<Q> loops = range.template fit<Q>(g);
    for (const lb::arch a : {lb::arch::scalar, lb::arch::avx2, lb::arch::avx512, lb::arch::neon}) {
      if (!lb::kernels::has_arch(a)) continue;
      g.target = a;
      g.find_extremes = lb::kernels::find_extremes(a);
      const lb::group_params<Q> kernels = range.template fit<Q>(g);
      CAPTURE(int(a));
      CAPTURE(x.size());
      CHECK(std::memcmp(&kernels.scale, &loops.scale, sizeof loops.scale) == 0);
      CHECK(std::memcmp(&kernels.zero, &loops.zero, sizeof loops.zero) == 0);
    }
  });
}
template <class Q>
void check_searches() {
  check_search<Q>(lb::extremes{});
  check_search<Q>(lb::least_squares{});
  check_search<Q>(lb::mse_grid{});
  check_search<Q>(lb::mse_grid{2.4f});
  check_search<Q>(lb::mse_grid{2, 40, 50});
  check_search<Q>(lb::best_of{lb::extremes{}, lb::percentile{0.99f}});
}

}  // namespace

TEST_CASE("searches find the same parameters with kernels and without, to the last bit") {
  const lb::float_mode_guard mode;
  check_searches<lb::uniform<4>>();
  check_searches<lb::uniform<3, lb::full_range>>();
  check_searches<lb::uniform<2, lb::asymmetric>>();
  check_searches<lb::uniform<4, lb::minimum>>();
  check_searches<lb::uniform<4, lb::real_zero>>();
  check_searches<lb::normal_float<4>>();
  check_searches<lb::fp4_e2m1>();
  check_searches<lb::fp8_e4m3>();
}
