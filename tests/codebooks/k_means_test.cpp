// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/codebooks/k_means.hpp>

#include <doctest/doctest.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <lowbit/core/thread_pool.hpp>
#include <string>
#include <vector>

using namespace lowbit;

namespace {
template <int N>
using vectors = std::vector<arr<float, N>>;

template <int N>
span<const arr<float, N>> view(const vectors<N>& v) {
  return {v.data(), index_t(v.size())};
}
template <int N>
vectors<N> normal_vectors(std::uint64_t count, std::uint64_t seed = 3) {
  const philox random{seed};
  vectors<N> v(count);
  for (std::uint64_t i = 0; i < count * N; ++i) v[i / N][int(i % N)] = random.normal(i);
  return v;
}
/// Sum of weight * squared distance to the nearest entry.
template <int N>
double error_of(const std::vector<float>& entries, const vectors<N>& v,
                const std::vector<float>& weights) {
  double sum = 0;
  for (std::size_t j = 0; j < v.size(); ++j) {
    double least = 1e300;
    for (std::size_t k = 0; k < entries.size(); k += N) {
      double d = 0;
      for (int i = 0; i < N; ++i) {
        const double e = double(v[j][i]) - double(entries[k + std::size_t(i)]);
        d += e * e;
      }
      least = std::min(least, d);
    }
    sum += double(weights[j]) * least;
  }
  return sum;
}
std::uint64_t hash_of(const std::vector<float>& values) {
  std::uint64_t h = 0xcbf29ce484222325u;  // FNV-1a
  for (const float x : values) h = (h ^ bits_as<std::uint32_t>(x)) * 0x100000001b3u;
  return h;
}
k_means rounds(int n) {
  k_means how;
  how.rounds = n;
  return how;
}
}  // namespace

TEST_CASE("one entry is the weighted mean") {
  const vectors<2> v = {{{0, 0}}, {{3, 6}}};
  CHECK(cluster<2>(view<2>(v), {}, 1).entries == std::vector<float>{1.5f, 3});
  const std::vector<float> weights = {1, 2};
  CHECK(cluster<2>(view<2>(v), weights, 1).entries == std::vector<float>{2, 4});
  const std::vector<float> only_second = {0, 7};
  CHECK(cluster<2>(view<2>(v), only_second, 1).entries == std::vector<float>{3, 6});
  const std::vector<float> nothing_matters = {0, 0};  // counts as all 1
  CHECK(cluster<2>(view<2>(v), nothing_matters, 1).entries == std::vector<float>{1.5f, 3});
}

TEST_CASE("two clear clusters get their means") {
  const vectors<2> v = {{{0, 0}}, {{10, 10}}, {{0, 2}}, {{10, 14}}};
  std::vector<float> e = cluster<2>(view<2>(v), {}, 2).entries;
  if (e[0] > e[2]) e = {e[2], e[3], e[0], e[1]};
  CHECK(e == std::vector<float>{0, 1, 10, 12});
}

TEST_CASE("as many entries as distinct vectors keep every vector") {
  vectors<3> v;
  for (int i = 0; i < 200; ++i) v.push_back({{float(i % 7), float(i % 3), 0.1f}});
  const clustering c = cluster<3>(view<3>(v), {}, 21);
  CHECK(error_of<3>(c.entries, v, std::vector<float>(200, 1)) < 1e-9);
  // With more entries than distinct vectors the rest is free: 0.
  const clustering more = cluster<3>(view<3>(v), {}, 100);
  CHECK(error_of<3>(more.entries, v, std::vector<float>(200, 1)) < 1e-9);
}

TEST_CASE("no round makes the weighted error larger") {
  const vectors<4> v = normal_vectors<4>(3000);
  std::vector<float> weights;
  const philox random{9};
  for (std::uint64_t j = 0; j < v.size(); ++j) weights.push_back(random.uniform(j));
  const clustering c = cluster<4>(view<4>(v), weights, 64, rounds(60));
  REQUIRE(c.errors.size() > 10);
  CHECK(c.errors[0] == doctest::Approx(error_of<4>(
                           cluster<4>(view<4>(v), weights, 64, rounds(0)).entries, v, weights)));
  for (std::size_t t = 1; t < c.errors.size(); ++t) CHECK(c.errors[t] <= c.errors[t - 1]);
  CHECK(error_of<4>(c.entries, v, weights) <= c.errors.back() * (1 + 1e-6));
  CHECK(c.errors.size() < 60);  // it stops once a round gains next to nothing
}

TEST_CASE("the weighted error is what is minimised") {
  const vectors<4> v = normal_vectors<4>(4000);
  std::vector<float> weights;  // some parts of the space matter more
  for (const auto& x : v) weights.push_back(std::exp(2 * x[0]));
  const std::vector<float> ones(v.size(), 1.f);
  const auto with = cluster<4>(view<4>(v), weights, 64), without = cluster<4>(view<4>(v), {}, 64);
  CHECK(error_of<4>(with.entries, v, weights) < 0.7 * error_of<4>(without.entries, v, weights));
  CHECK(error_of<4>(without.entries, v, ones) < error_of<4>(with.entries, v, ones));
}

TEST_CASE("an entry without vectors splits the cluster of largest error") {
  // Both vectors of the first pair are nearest to entry 0, those of the second to entry 1, and
  // entry 2 is out of reach. The second pair is wider, its worse vector gets the free entry.
  const std::vector<float> v = {0, 0, 1, 0, 10, 0, 14, 0};
  const k_means how = rounds(1);
  const serial threads;
  detail::k_means_run<2, serial> run(v, {1, 1, 1, 1}, 3, how, threads);
  const clustering c = run.run({0, 0, 10.5f, 0, 1000, 1000});
  CHECK(c.errors == std::vector<double>{1 + 0.25 + 12.25});
  CHECK(c.entries == std::vector<float>{0.5f, 0, 12, 0, 14, 0});
  detail::k_means_run<2, serial> weighted(v, {1, 64, 1, 1}, 3, how, threads);
  CHECK(weighted.run({0, 0, 10.5f, 0, 1000, 1000}).entries[4] == 1);  // now the first pair is worse
}

TEST_CASE("several free entries go to different vectors") {
  const std::vector<float> v = {0, 0, 3, 0, 6, 0, 9, 0};
  const k_means how = rounds(4);
  const serial threads;
  detail::k_means_run<2, serial> run(v, {1, 1, 1, 1}, 4, how, threads);
  const clustering c = run.run({0, 0, 50, 0, 60, 0, 70, 0});
  CHECK(c.errors == std::vector<double>{9 + 36 + 81, 9, 2.25, 0});
}

TEST_CASE("the same bytes on any number of threads, in any floating-point mode, everywhere") {
  const vectors<4> v = normal_vectors<4>(5000);
  std::vector<float> weights;
  for (std::uint64_t j = 0; j < v.size(); ++j) weights.push_back(philox{4}.uniform(j));
  const clustering one = cluster<4>(view<4>(v), weights, 128);
  CHECK(cluster<4>(view<4>(v), weights, 128, {}, thread_pool{2}).entries == one.entries);
  CHECK(cluster<4>(view<4>(v), weights, 128, {}, thread_pool{3}).entries == one.entries);
  std::fesetround(FE_UPWARD);
  const clustering upward = cluster<4>(view<4>(v), weights, 128);
  std::fesetround(FE_TONEAREST);
  CHECK(upward.entries == one.entries);
  CHECK(hash_of(one.entries) ==
        8624152395509512254u);  // as g++ and clang++ made it, with and without -march
}

TEST_CASE("a large input is sampled, one vector of each run, by the seed") {
  const vectors<2> v = normal_vectors<2>(4000);
  k_means how;
  how.vectors_per_entry = 4;
  const auto a = cluster<2>(view<2>(v), {}, 16, how);
  CHECK(a.entries == cluster<2>(view<2>(v), {}, 16, how).entries);
  how.seed = 1;
  CHECK(a.entries != cluster<2>(view<2>(v), {}, 16, how).entries);
  // 64 vectors for 16 entries generalise badly, but they are drawn from everywhere.
  const std::vector<float> ones(4000, 1.f);
  CHECK(error_of<2>(a.entries, v, ones) <
        2 * error_of<2>(cluster<2>(view<2>(v), {}, 16).entries, v, ones));
}

TEST_CASE("extreme weights and values stay finite") {
  const vectors<2> v = {{{1e18f, 0}}, {{-1e18f, 1}}, {{0, 1e-30f}}, {{1, 1}}};
  const std::vector<float> weights = {3e38f, __builtin_inff(), 1e-40f, 1};
  for (const float e : cluster<2>(view<2>(v), weights, 3).entries) CHECK(is_finite(e));
}

TEST_CASE("mistakes are named") {
  const vectors<2> v = normal_vectors<2>(100);
  const auto message_of = [&](index_t entries, const k_means& how) -> std::string {
    try {
      cluster<2>(view<2>(v), {}, entries, how);
    } catch (const error& e) {
      CHECK(e.code() == errc::bad_argument);
      return e.what();
    }
    return "";
  };
  CHECK(message_of(100, {}) == "");
  CHECK(message_of(101, {}) ==
        "lowbit: codebook: 101 entries cannot be learned from 100 vectors, expected at least as "
        "many vectors as entries (take fewer index bits, or give the entries by given_levels)");
  CHECK(message_of(2, rounds(-1)).find("-1 rounds") != std::string::npos);
  k_means none;
  none.vectors_per_entry = 0;
  CHECK(message_of(2, none).find("0 vectors per entry") != std::string::npos);
  CHECK(cluster<2>({}, {}, 2).entries == std::vector<float>(4, 0.f));
}
