// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "products.hpp"

#include <algorithm>
#include <chrono>
#include <lowbit/core/random.hpp>
#include <lowbit/core/thread_pool.hpp>
#include <map>

namespace lowbit_bench {
namespace {

constexpr index_t beyond_caches = index_t(1) << 30;
/// A cache line, read in as few instructions as the compiler may use.
typedef std::uint64_t vector __attribute__((vector_size(64), aligned(8), may_alias));

}  // namespace

index_t job::matrices(index_t bytes) const {
  return cached ? 1 : lb::ceil_div(beyond_caches, bytes);
}

std::string job::name(const std::string& library, const std::string& format,
                      const std::string& activations) const {
  return library + "/" + format + "/" + activations + "/" + std::to_string(shape.rows) + "x" +
         std::to_string(shape.cols) + "/n" + std::to_string(tokens) + "/t" +
         std::to_string(threads) + (cached ? "/cache" : "");
}

void job::report(benchmark::State& state, double bytes) const {
  using benchmark::Counter;
  const double calls = double(state.iterations());
  state.counters["GB_per_s"] = Counter(1e-9 * bytes * calls, Counter::kIsRate);
  state.counters["of_roofline"] =
      Counter(1e-9 * bytes * calls / read_rate(threads), Counter::kIsRate);
  state.counters["GFLOP_per_s"] =
      Counter(2e-9 * calls * double(tokens * shape.rows * shape.cols), Counter::kIsRate);
}

const std::vector<job>& jobs() {
  static const std::vector<job> all = [] {
    std::vector<job> list;
    for (const lb::extent shape :
         {lb::extent{4096, 4096}, {14336, 4096}, {4096, 14336}, {4095, 4097}})
      for (const index_t tokens : {1, 2, 4, 8, 16, 64, 512})
        for (const int threads : {1, 2}) list.push_back({shape, tokens, threads, false});
    for (const index_t tokens : {1, 8}) list.push_back({lb::extent{512, 2048}, tokens, 1, true});
    return list;
  }();
  return all;
}

double read_rate(int threads) {
  static std::map<int, double> known;
  if (const auto found = known.find(threads); found != known.end()) return found->second;
  static const std::vector<std::uint64_t> memory(std::size_t(beyond_caches / 8), 1);
  const lb::thread_pool pool(threads);
  double best = 0;
  for (int pass = 0; pass < 5; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    pool.for_each(threads, [&](index_t i) {
      const std::size_t part = memory.size() / std::size_t(threads);
      const vector* p = reinterpret_cast<const vector*>(memory.data() + std::size_t(i) * part);
      vector sum[4] = {};
      for (std::size_t k = 0; k + 4 <= part / 8; k += 4)
        for (std::size_t l = 0; l < 4; ++l) sum[l] += p[k + l];
      for (vector& s : sum) benchmark::DoNotOptimize(s);
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, double(beyond_caches) / took.count() * 1e-9);
  }
  return known[threads] = best;
}

std::vector<float> random_values(index_t n) {
  const lb::philox random{1};
  std::vector<float> values(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i) - 0.5f;
  return values;
}

}  // namespace lowbit_bench
