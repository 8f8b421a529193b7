// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "products.hpp"

#include <algorithm>
#include <chrono>
#include <lowbit/core/thread_pool.hpp>
#include <map>

namespace lowbit_bench {
namespace {

constexpr index_t beyond_caches = index_t(1) << 30;
/// A cache line, read in as few instructions as the compiler may use.
typedef std::uint64_t vector __attribute__((vector_size(64), aligned(8), may_alias));
typedef std::uint64_t vector_sum __attribute__((vector_size(64)));

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
  state.counters["bits_per_weight"] = 8 * bytes / double(shape.rows * shape.cols);
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
    // Half a megabyte at 8 bits.
    for (const index_t tokens : {1, 8}) list.push_back({lb::extent{256, 2048}, tokens, 1, true});
    return list;
  }();
  return all;
}

double read_rate(int threads) {
  using clock = std::chrono::steady_clock;
  struct measured {
    double rate = 0;
    clock::time_point at{};
  };
  static std::map<int, measured> known;
  measured& last = known[threads];
  if (last.rate > 0 && clock::now() - last.at < std::chrono::seconds(3)) return last.rate;
  static const std::vector<std::uint64_t> memory(std::size_t(beyond_caches / 8), 1);
  const lb::thread_pool pool(threads);
  last.rate = 0;
  // Plainly, and asking for what lies a page ahead, which some processors need.
  for (int pass = 0; pass < 4; ++pass) {
    const index_t ahead = pass % 2 == 0 ? 0 : 4096;
    const auto start = clock::now();
    pool.for_each(threads, [&](index_t i) {
      const std::size_t part = memory.size() / std::size_t(threads);
      const vector* p = reinterpret_cast<const vector*>(memory.data() + std::size_t(i) * part);
      vector_sum sum[4] = {};
      for (std::size_t k = 0; k + 4 <= part / 8; k += 4)
        for (std::size_t l = 0; l < 4; ++l) {
          __builtin_prefetch(reinterpret_cast<const char*>(p + k + l) + ahead);
          sum[l] += p[k + l];
        }
      for (vector_sum& s : sum) benchmark::DoNotOptimize(s);
    });
    const std::chrono::duration<double> took = clock::now() - start;
    last.rate = std::max(last.rate, double(beyond_caches) / took.count() * 1e-9);
  }
  last.at = clock::now();
  return last.rate;
}

}  // namespace lowbit_bench
