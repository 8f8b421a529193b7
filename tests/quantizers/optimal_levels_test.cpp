// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/optimal_levels.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <lowbit/quantizers/lloyd_max.hpp>
#include <vector>

using namespace lowbit;

namespace {

/// The least error of `count` cells, by trying every cut: the definition.
double least_error(const level_sample& s, int count) {
  const auto n = std::size_t(s.size());
  const auto cell = [&](std::size_t a, std::size_t b) {
    double weight = 0, sum = 0, error = 0;
    for (std::size_t i = a; i < b; ++i) {
      weight += double(s.weight(index_t(i)));
      sum += double(s.weight(index_t(i))) * double(s.value(index_t(i)));
    }
    for (std::size_t i = a; i < b; ++i) {
      const double d = double(s.value(index_t(i))) - sum / weight;
      error += double(s.weight(index_t(i))) * d * d;
    }
    return error;
  };
  std::vector<double> best(n + 1, 1e300);
  best[0] = 0;
  for (int c = 0; c < count; ++c) {
    std::vector<double> next(n + 1, 1e300);
    for (std::size_t b = 1; b <= n; ++b)
      for (std::size_t a = 0; a < b; ++a) next[b] = std::min(next[b], best[a] + cell(a, b));
    next[0] = 0;
    best = next;
  }
  return best[n];
}

std::vector<float> normal_values(int n, std::uint64_t seed) {
  std::vector<float> x;
  for (int i = 0; i < n; ++i) x.push_back(philox{seed}.normal(std::uint64_t(i)));
  return x;
}

template <int Count>
void check_least(const level_sample& s) {
  const auto levels = optimal_levels<Count>(s);
  CHECK(std::is_sorted(std::begin(levels.items), std::end(levels.items)));
  CHECK(s.error(levels.items) == doctest::Approx(least_error(s, Count)).epsilon(1e-5));
}

}  // namespace

TEST_CASE("optimal_levels: no cut of the values has less error") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const int n = 20 + 7 * int(seed);
    const std::vector<float> x = normal_values(n, seed);
    std::vector<float> w;
    for (int i = 0; i < n; ++i) w.push_back(philox{seed, 1}.uniform(std::uint64_t(i)) * 10);
    for (const level_sample& sample : {level_sample(x), level_sample(x, w)}) {
      check_least<1>(sample);
      check_least<2>(sample);
      check_least<3>(sample);
      check_least<4>(sample);
      check_least<8>(sample);
      check_least<16>(sample);
    }
  }
}

TEST_CASE("optimal_levels: it is no local optimum that fools it") {
  // Three far clusters and one close pair: Lloyd's rounds from equal steps would split a cluster.
  const std::vector<float> x = {0, 0.1f, 0.2f, 100, 100.1f, 100.2f, 101, 101.1f, 101.2f};
  const auto levels = optimal_levels<3>(level_sample(x));
  CHECK(levels[0] == doctest::Approx(0.1));
  CHECK(levels[1] == doctest::Approx(100.1));
  CHECK(levels[2] == doctest::Approx(101.1));
}

TEST_CASE("optimal_levels: few distinct values are kept, the last one repeated") {
  const std::vector<float> x = {2, -1, 2, 2, 0.5f, -1};
  const float expected[] = {-1, 0.5f, 2, 2, 2, 2, 2, 2};
  for (int i = 0; i < 8; ++i) CHECK(optimal_levels<8>(level_sample(x))[i] == expected[i]);
  for (int i = 0; i < 3; ++i) CHECK(optimal_levels<3>(level_sample(x))[i] == expected[i]);
}

TEST_CASE("optimal_levels: of no values equal steps, of constants the constant") {
  const auto levels = optimal_levels<4>(level_sample({}));
  CHECK(levels[0] == -1);
  CHECK(levels[1] == -1.f / 3);
  CHECK(levels[3] == 1);
  const std::vector<float> x(100, -0.25f);
  for (const float l : optimal_levels<4>(level_sample(x)).items) CHECK(l == -0.25f);
  CHECK(optimal_levels<1>(level_sample({}))[0] == 0);
}

TEST_CASE("optimal_levels: many normal values give the levels of Lloyd and Max") {
  const level_sample s(normal_values(1 << 18, 5));
  const auto levels = optimal_levels<16>(s);
  for (int i = 0; i < 16; ++i)
    CHECK(double(levels[i]) ==
          doctest::Approx(double(lloyd_max<4>::decode(code_t(i)))).epsilon(.02));
  const double best = s.error(levels.items) / double(s.size());
  CHECK(best == doctest::Approx(0.0095010).epsilon(0.01));
  arr<float, 16> published{};
  for (int i = 0; i < 16; ++i) published[i] = lloyd_max<4>::decode(code_t(i));
  CHECK(best < s.error(published.items) / double(s.size()));
}

TEST_CASE("optimal_levels: 256 levels of many values, most of them in two narrow heaps") {
  std::vector<float> x = normal_values(30000, 8);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = x[i] * 1e-5f + (i % 2 == 0 ? -1.f : 1.f);
  x[7] = 4;  // so that each heap is narrower than a thousandth of the range
  const level_sample s(x);
  const auto levels = optimal_levels<256>(s);
  CHECK(levels[255] == 4);
  CHECK(s.error(levels.items) / double(s.size()) < 2e-14);  // 127 levels for each: 1.6e-14
}

TEST_CASE("optimal_levels: weights of very different size do no harm") {
  const std::vector<float> x = {-1, -0.9f, 0.3f, 0.4f, 0.41f, 0.9f, 1};
  const std::vector<float> w = {1e30f, 1e30f, 1e-30f, 1e-30f, 1e-30f, 1, 1};
  const auto levels = optimal_levels<4>(level_sample(x, w));
  for (const float l : levels.items) CHECK((l >= -1 && l <= 1));
  CHECK(levels[0] == -1);
  CHECK(levels[1] == -0.9f);
}

TEST_CASE("optimal_levels: the same bits with every compiler") {
  const level_sample s(normal_values(20000, 21));
  const auto levels = optimal_levels<16>(s);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float l : levels.items) hash = (hash ^ bits_as<std::uint32_t>(l)) * 0x100000001b3u;
  CHECK(hash == 3607585275083403321u);
}
