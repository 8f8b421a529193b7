// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of every named format, and of other libraries that CMake was told of, beside the rate at
// which this machine reads memory in the same run:
//
//   gemv/<format>/<activations>/<rows>x<K>/n<batch>/t<threads>
//   prepare/<activations>/<K>/n<batch>       what activations cost, of any format
//
// in the host layout; other forms of a few formats are in forms.cpp, other libraries in peers.cpp.
// Counters are explained in products.hpp; the label of lowbit's own is the kernel (kernel_name).
// Activations are prepared in every call: that is part of a product. scripts/bench runs a selection
// and makes the table; select by hand with --benchmark_filter, for example
//   bench_gemv --benchmark_filter='/(int4_g32|nf4)/.*/4096x4096/n1/t1/'
#include <formats.hpp>
#include <lowbit/formats/known.hpp>
#include <map>

#include "own_products.hpp"

namespace {

using namespace lowbit_bench;

/// Every kind of activations, by name: f(name, kind<A, T>).
template <class A, class T = float>
struct kind {
  using activations_type = A;
  using value_type = T;
};
template <class F>
void each_kind(F f) {
  f("f32", kind<lb::real_activations>());
  f("f16", kind<lb::real_activations, lb::float16>());
  f("bf16", kind<lb::real_activations, lb::bfloat16>());
  f("a8", kind<lb::a8>());
  f("a8_row", kind<lb::format<lb::uniform<8>, lb::per_row::with<lb::f32>>>());
  f("a8r", kind<lb::a8r>());
  f("static_uint8", kind<lb::static_uint8>());
  f("fp8", kind<lb::format<lb::fp8_e4m3, lb::per_group<32>>>());
  f("a4", kind<lb::format<lb::uniform<4>, lb::per_group<32>>>());
}

/// The kernel for a named format in the host layout. A linear's is that of its codes.
template <class A>
std::string kernel_of(std::string_view format) {
  static const std::map<std::string_view, std::string> all = [] {
    std::map<std::string_view, std::string> names;
    lb::known_formats::for_each([&](auto entry) {
      using entry_type = decltype(entry);
      const auto name_of = []<class F>(std::type_identity<F>) {
        return std::string(lb::kernel_name<lb::quantized_view<F, lb::host_layout>, A>());
      };
      if constexpr (requires { typename entry_type::format_type; })
        names[entry.name] = name_of(std::type_identity<typename entry_type::format_type>());
      else
        names[entry.name] = name_of(std::type_identity<typename entry_type::codes>());
    });
    return names;
  }();
  return all.at(format);
}

template <class Kind>
void named(benchmark::State& state, const job& j, const tiny_lm::weight_format& format) {
  using A = typename Kind::activations_type;
  const auto& all = matrices(
      j, std::string(format.name), [&] { return format.random(j.shape); }, format.copy);
  try {
    run<A, typename Kind::value_type>(state, j, double(all[0].bytes()),
                                      [&](std::size_t i, const auto& x, auto y, auto&... how) {
                                        lb::gemm(all[i % all.size()], x, y, how...);
                                      });
  } catch (const lb::error& e) {  // calibrated bytes cannot go through a transform
    return state.SkipWithError(e.what());
  }
  state.SetLabel(kernel_of<A>(format.name));
}

template <class Kind>
void prepare(benchmark::State& state, index_t tokens, index_t cols) {
  activations<typename Kind::activations_type, typename Kind::value_type> input(tokens, cols);
  for (auto _ : state) {
    input.prepare();
    benchmark::ClobberMemory();
  }
}

void add_own() {
  for (const tiny_lm::weight_format& f : tiny_lm::all_formats()) {
    if (f.is_f32()) continue;
    for (const job& j : jobs())
      each_kind([&](const std::string& activations, auto of) {
        add(j.name("gemv", std::string(f.name), activations),
            [j, &f](benchmark::State& s) { named<decltype(of)>(s, j, f); });
      });
  }
  for (const index_t cols : {4096, 14336})
    for (const index_t tokens : {1, 8, 512})
      each_kind([&](const std::string& activations, auto of) {
        add("prepare/" + activations + "/" + std::to_string(cols) + "/n" + std::to_string(tokens),
            [=](benchmark::State& s) { prepare<decltype(of)>(s, tokens, cols); });
      });
}

const char* instruction_set() {
  switch (lb::kernels::ops_of(lb::arch::runtime).target) {
    case lb::arch::avx512:
      return "avx512";
    case lb::arch::avx2:
      return "avx2";
    case lb::arch::neon:
      return "neon";
    default:
      return "scalar";
  }
}

}  // namespace

int main(int argc, char** argv) {
  add_own();
  add_forms();
  add_peers();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("instruction set", instruction_set());
  for (const int threads : {1, 2})
    benchmark::AddCustomContext("read GB/s, " + std::to_string(threads) + " threads",
                                std::to_string(read_rate(threads)));
  benchmark::RunSpecifiedBenchmarks();
}
