// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of every named format, and of other libraries that CMake was told of, beside the rate at
// which this machine reads memory in the same run:
//
//   gemv/<format>/<activations>/<rows>x<K>/n<batch>/t<threads>
//
// f32 and a8 are products in the host layout; a few formats show the canonical layout and a forced
// instruction set too. Counters are explained in products.hpp. Activations are prepared in every
// call: that is part of a product. Select with --benchmark_filter, for example
//   bench_gemv --benchmark_filter='/(int4_g32|nf4)/.*/4096x4096/n1/t1$'
#include <formats.hpp>
#include <lowbit/formats/known.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/storage/random_matrix.hpp>
#include <memory>
#include <typeinfo>

#include "products.hpp"

namespace {

using namespace lowbit_bench;

/// product(i, x, y, threads, memory) multiplies with the i-th of the matrices that take turns.
template <class A, class Product>
void run(benchmark::State& state, const job& j, double bytes, Product product) {
  const std::vector<float> x = random_values(j.tokens * j.shape.cols);
  std::vector<float> y(std::size_t(j.tokens * j.shape.rows));
  const lb::matrix_view<const float> from(x.data(), j.tokens, j.shape.cols);
  const lb::matrix_view<float> to(y.data(), j.tokens, j.shape.rows);
  const lb::thread_pool threads(j.threads);
  lb::workspace memory;
  lb::prepared<A> input;
  std::size_t i = 0;
  for (auto _ : state) {
    input.assign(from);
    product(i++, input, to, threads, memory);
    benchmark::ClobberMemory();
  }
  j.report(state, bytes);
}

std::string kept_name;
std::shared_ptr<void> kept;

/// As many matrices as the job takes in turn, kept until others are asked for: Google Benchmark
/// calls a function several times.
template <class Make>
const auto& matrices(const job& j, const std::string& format, Make make) {
  using all = std::vector<decltype(make())>;
  const std::string name = job{j.shape, 1, 1, j.cached}.name(typeid(all).name(), format, "");
  if (kept_name != name) {
    kept = nullptr;
    const auto made = std::make_shared<all>(1, make());
    for (index_t i = j.matrices((*made)[0].bytes()); i > 1; --i) made->push_back(make());
    kept = made;
    kept_name = name;
  }
  return *static_cast<const all*>(kept.get());
}

template <class A>
void named(benchmark::State& state, const job& j, const tiny_lm::weight_format& format) {
  const auto& all = matrices(j, std::string(format.name), [&] { return format.random(j.shape); });
  run<A>(state, j, double(all[0].bytes()), [&](std::size_t i, const auto& x, auto y, auto&... how) {
    lb::gemm(all[i % all.size()], x, y, how...);
  });
}

template <class F, class A, class Layout, lb::arch Arch>
void typed(benchmark::State& state, const job& j) {
  const auto& all = matrices(j, std::string(std::string_view(F::name)),
                             [&] { return lb::repack<Layout>(lb::random_matrix<F>(j.shape)); });
  run<A>(state, j, double(all[0].bytes()), [&](std::size_t i, const auto& x, auto y, auto&... how) {
    lb::gemm<Arch>(all[i % all.size()].view(), x, y, how...);
  });
}

template <class Entry>
void add_typed() {
  using F = typename Entry::format_type;
  const std::string format(std::string_view(Entry::name));
  for (const job& j : jobs()) {
    const auto one = [&](const std::string& activations, auto* call) {
      add(j.name("gemv", format, activations), [j, call](benchmark::State& s) { call(s, j); });
    };
    one("f32_canonical", typed<F, lb::real_activations, lb::canonical, lb::arch::runtime>);
    one("a8_canonical", typed<F, lb::a8, lb::canonical, lb::arch::runtime>);
    one("f32_avx2", typed<F, lb::real_activations, lb::host_layout, lb::arch::avx2>);
    one("a8_avx2", typed<F, lb::a8, lb::host_layout, lb::arch::avx2>);
  }
}

void add_all() {
  for (const tiny_lm::weight_format& f : tiny_lm::all_formats()) {
    if (f.is_f32()) continue;
    for (const job& j : jobs()) {
      add(j.name("gemv", std::string(f.name), "f32"),
          [j, &f](benchmark::State& s) { named<lb::real_activations>(s, j, f); });
      add(j.name("gemv", std::string(f.name), "a8"),
          [j, &f](benchmark::State& s) { named<lb::a8>(s, j, f); });
    }
  }
  add_typed<lb::int4_g32>();
  add_typed<lb::nf4>();
  add_typed<lb::nvfp4>();
#ifdef LOWBIT_BENCH_GGML
  add_ggml();
#endif
}

}  // namespace

int main(int argc, char** argv) {
  add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const int threads : {1, 2})
    benchmark::AddCustomContext("read GB/s, " + std::to_string(threads) + " threads",
                                std::to_string(read_rate(threads)));
  benchmark::RunSpecifiedBenchmarks();
}
