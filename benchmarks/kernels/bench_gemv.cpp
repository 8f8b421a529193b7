// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of every named format with every kind of activations, beside the rate at which this
// machine reads memory in the same run:
//
//   gemv/<format>/<activations>/<rows>x<K>/n<batch>/t<threads>
//
// Counters: GB_per_s counts the packed bytes of the matrix, of_roofline is its share of the read
// rate with as many threads, GFLOP_per_s counts a multiply-add as two. The working set is 1 GiB of
// matrices in turn (names ending in /cache: one small matrix). Activations are prepared in every
// call: that is part of a product. Select with --benchmark_filter, for example
//   bench_gemv --benchmark_filter='gemv/(int4_g32|nf4)/.*/4096x4096/n1/t1$'
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/formats/known.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/storage/random_matrix.hpp>
#include <map>

namespace lb = lowbit;
using lb::index_t;

namespace {

constexpr index_t beyond_caches = index_t(1) << 30;

/// GB/s at which so many threads read 1 GiB: the best of several passes, measured once.
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
      const std::uint64_t* p = memory.data() + std::size_t(i) * part;
      std::uint64_t sum[32] = {};
      for (std::size_t k = 0; k + 32 <= part; k += 32)
        for (int l = 0; l < 32; ++l) sum[l] += p[k + std::size_t(l)];
      for (const std::uint64_t s : sum) benchmark::DoNotOptimize(s);
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

struct job {
  lb::extent shape;
  index_t tokens;
  int threads;
  bool cached;
};

/// Matrices of one format that a benchmark takes in turn.
template <class M>
std::vector<M> matrices(const job& j, const M& first) {
  const index_t count = j.cached ? 1 : lb::ceil_div(beyond_caches, first.bytes());
  std::vector<M> all;
  for (index_t i = 0; i < count; ++i) all.push_back(first);
  return all;
}

template <class W, class Prepare>
void run(benchmark::State& state, const job& j, const W& weights, double bytes, Prepare prepared) {
  const std::vector<float> x = random_values(j.tokens * j.shape.cols);
  std::vector<float> y(std::size_t(j.tokens * j.shape.rows));
  const lb::matrix_view<const float> from(x.data(), j.tokens, j.shape.cols);
  const lb::matrix_view<float> to(y.data(), j.tokens, j.shape.rows);
  const lb::thread_pool threads(j.threads);
  lb::workspace memory;
  std::size_t i = 0;
  for (auto _ : state) {
    prepared.assign(from);
    weights(i++, prepared, to, threads, memory);
    benchmark::ClobberMemory();
  }
  const double calls = double(state.iterations());
  using benchmark::Counter;
  state.counters["GB_per_s"] = Counter(1e-9 * bytes * calls, Counter::kIsRate);
  state.counters["of_roofline"] =
      Counter(1e-9 * bytes * calls / read_rate(j.threads), Counter::kIsRate);
  state.counters["GFLOP_per_s"] =
      Counter(2e-9 * calls * double(j.tokens * j.shape.rows * j.shape.cols), Counter::kIsRate);
}

template <class Entry>
auto random_layer(lb::extent shape) {
  using M = typename Entry::matrix_type;
  if constexpr (requires { typename M::format_type; }) {
    return lb::random_matrix<typename M::format_type>(shape);
  } else {
    const std::vector<float> values = random_values(shape.rows * shape.cols);
    return Entry::quantize(lb::matrix_view<const float>(values.data(), shape.rows, shape.cols),
                           lb::serial{});
  }
}

template <class M>
constexpr bool is_one_matrix = requires {
  typename M::format_type;
};

/// A matrix in a layout; a linear as it is.
template <class Layout, class M>
auto in_layout(const M& m) {
  if constexpr (!is_one_matrix<M>)
    return lb::any_matrix(m);
  else if constexpr (std::same_as<Layout, lb::canonical>)
    return m;
  else
    return lb::repack<Layout>(m);
}

template <class Entry, class Layout, class A>
void product(benchmark::State& state, const job& j) {
  const auto all = matrices(j, in_layout<Layout>(random_layer<Entry>(j.shape)));
  run(
      state, j,
      [&](std::size_t i, const auto& x, lb::matrix_view<float> y, const lb::thread_pool& threads,
          lb::workspace& memory) {
        const auto& w = all[i % all.size()];
        if constexpr (is_one_matrix<typename Entry::matrix_type>)
          lb::gemm(w.view(), x, y, threads, memory);
        else
          lb::gemm(w, x, y, threads, memory);
      },
      double(all[0].bytes()), lb::prepared<A>());
}

/// Formats that are measured in their canonical layout too.
template <class Entry>
constexpr bool shows_canonical = std::same_as<Entry, lb::int4_g32> ||
                                 std::same_as<Entry, lb::nf4> || std::same_as<Entry, lb::nvfp4>;

void register_all() {
  const auto name = [](std::string format, std::string activations, const job& j) {
    return "gemv/" + format + "/" + activations + "/" + std::to_string(j.shape.rows) + "x" +
           std::to_string(j.shape.cols) + "/n" + std::to_string(j.tokens) + "/t" +
           std::to_string(j.threads) + (j.cached ? "/cache" : "");
  };
  std::vector<job> jobs;
  for (const lb::extent shape :
       {lb::extent{4096, 4096}, {14336, 4096}, {4096, 14336}, {4095, 4097}})
    for (const index_t tokens : {1, 2, 4, 8, 16, 64, 512})
      for (const int threads : {1, 2}) jobs.push_back({shape, tokens, threads, false});
  for (const index_t tokens : {1, 8}) jobs.push_back({{512, 2048}, tokens, 1, true});

  lb::known_formats::for_each([&](auto entry) {
    using Entry = decltype(entry);
    const std::string format(std::string_view(entry.name));
    const auto add = [&](const std::string& activations, const job& j, auto run) {
      benchmark::RegisterBenchmark(name(format, activations, j).c_str(),
                                   [j, run](benchmark::State& s) { run(s, j); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    };
    for (const job& j : jobs) {
      add("f32", j, product<Entry, lb::host_layout, lb::real_activations>);
      add("a8", j, product<Entry, lb::host_layout, lb::a8>);
      if constexpr (shows_canonical<Entry>) {
        add("f32_canonical", j, product<Entry, lb::canonical, lb::real_activations>);
        add("a8_canonical", j, product<Entry, lb::canonical, lb::a8>);
      }
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const int threads : {1, 2})
    benchmark::AddCustomContext("read GB/s, " + std::to_string(threads) + " threads",
                                std::to_string(read_rate(threads)));
  benchmark::RunSpecifiedBenchmarks();
}
