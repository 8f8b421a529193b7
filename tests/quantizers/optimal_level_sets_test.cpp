// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/optimal_level_sets.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <lowbit/core/thread_pool.hpp>
#include <set>
#include <vector>

using namespace lowbit;

namespace {

/// Runs of values drawn from level lists, run i from list i % lists.
struct runs {
  std::vector<float> values, weights;
  std::vector<index_t> starts{0};
  void add(const std::vector<float>& run, float weight = 1) {
    values.insert(values.end(), run.begin(), run.end());
    weights.insert(weights.end(), run.size(), weight);
    starts.push_back(index_t(values.size()));
  }
};

template <int Levels>
std::vector<float> learn(const runs& r, int sets) {
  std::vector<float> found(static_cast<std::size_t>(sets * Levels));
  optimal_level_sets<Levels>(r.values, r.weights, r.starts, found, serial{});
  for (int s = 0; s < sets; ++s)
    CHECK(std::is_sorted(found.begin() + s * Levels, found.begin() + (s + 1) * Levels));
  return found;
}

/// Sum over runs of the error under the best set.
double error_of(const runs& r, const std::vector<float>& sets, int levels) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < r.starts.size(); ++i) {
    double least = 1e300;
    for (std::size_t s = 0; s < sets.size(); s += std::size_t(levels)) {
      double error = 0;
      for (index_t k = r.starts[i]; k < r.starts[i + 1]; ++k) {
        double d = 1e300;
        for (std::size_t l = 0; l < std::size_t(levels); ++l)
          d = std::min(d, std::abs(double(r.values[std::size_t(k)]) - double(sets[s + l])));
        error += double(r.weights[std::size_t(k)]) * d * d;
      }
      least = std::min(least, error);
    }
    sum += least;
  }
  return sum;
}

runs normal_runs(int count, int length, std::uint64_t seed) {
  runs r;
  const philox draw{seed};
  for (int i = 0; i < count; ++i) {
    std::vector<float> x;
    for (int k = 0; k < length; ++k) {
      const float v = draw.normal(std::uint64_t(i * length + k));
      x.push_back(i % 2 == 0 ? v : v * v * v / 3);
    }
    r.add(x);
  }
  return r;
}

}  // namespace

TEST_CASE("optimal_level_sets: runs made of two lists of levels give the two lists") {
  const std::vector<float> lists[] = {{-1, -0.5f, 0.25f, 1}, {-0.25f, 0, 0.125f, 1}};
  runs r;
  for (int i = 0; i < 60; ++i) {
    std::vector<float> x;
    for (int k = 0; k < 16; ++k) x.push_back(lists[i % 2][std::size_t((k * 5 + i + k / 4) % 4)]);
    r.add(x);
  }
  const auto found = learn<4>(r, 2);
  const std::set<std::vector<float>> sets = {{found.begin(), found.begin() + 4},
                                             {found.begin() + 4, found.end()}};
  CHECK(sets == std::set<std::vector<float>>{lists[0], lists[1]});
}

TEST_CASE("optimal_level_sets: more sets have less error, and one is optimal_levels") {
  const runs r = normal_runs(400, 32, 3);
  const auto best = optimal_levels<8>(level_sample(r.values));
  const std::vector<float> one(std::begin(best.items), std::end(best.items));
  CHECK(learn<8>(r, 1) == one);
  double before = error_of(r, one, 8);
  for (const int sets : {2, 4, 8}) {
    const double error = error_of(r, learn<8>(r, sets), 8);
    CHECK(error < 0.9 * before);
    before = error;
  }
}

TEST_CASE("optimal_level_sets: weights decide what matters") {
  runs r;
  for (int i = 0; i < 40; ++i) {
    r.add({-1, 0, 1, 0.5f}, i % 4 == 0 ? 1000.f : 1e-3f);
    r.add({-1, 0.1f, 0.9f, 0.2f}, 1e-3f);
    r.add({-1, 0.3f, 0.7f, 0.4f}, 1e-3f);
  }
  const auto found = learn<4>(r, 2);
  const std::set<std::vector<float>> sets = {{found.begin(), found.begin() + 4},
                                             {found.begin() + 4, found.end()}};
  CHECK(sets.count({-1, 0, 0.5f, 1}) == 1);
}

TEST_CASE("optimal_level_sets: no runs, one run, empty runs, weights of 0") {
  std::vector<float> found(8, 9.f);
  const std::vector<index_t> none = {0};
  optimal_level_sets<4>({}, {}, none, found, serial{});
  CHECK(found[0] == -1);
  CHECK(found[7] == 1);
  runs r;
  r.add({1, 2, 3, 4});
  CHECK(error_of(r, learn<4>(r, 2), 4) == 0);
  r.add({});
  r.add({5, 6}, 0);
  CHECK(error_of(r, learn<4>(r, 3), 4) == 0);
  runs zero;
  zero.add({1, 2, 3, 4}, 0);
  zero.add({-1, 0}, 0);
  const auto sets = learn<4>(zero, 2);
  zero.weights.assign(zero.weights.size(), 1.f);
  CHECK(error_of(zero, sets, 4) == 0);
}

TEST_CASE("optimal_level_sets: a sample of many runs does almost as well") {
  const runs r = normal_runs(8000, 16, 4);  // 128000 values; 2 * 4 levels are learned from 16384
  const double by_sample = error_of(r, learn<4>(r, 2), 4);
  const double of_others = error_of(r, learn<4>(normal_runs(1024, 16, 4), 2), 4);
  CHECK(by_sample < 1.02 * of_others);
}

TEST_CASE("optimal_level_sets: the same bits with every compiler and executor") {
  const runs r = normal_runs(500, 24, 9);
  const auto one = learn<4>(r, 4);
  std::vector<float> two(16);
  optimal_level_sets<4>(r.values, r.weights, r.starts, two, thread_pool(3));
  CHECK(one == two);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float l : one) hash = (hash ^ bits_as<std::uint32_t>(l)) * 0x100000001b3u;
  CHECK(hash == 2686302779057899185u);
}
