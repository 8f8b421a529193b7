// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A few formats, one for each kind of kernel, in the canonical layout and by a forced AVX2: what a
// saved file costs, and what a machine without AVX-512.
//
//   gemv/<format>/f32_canonical|a8_canonical|f32_avx2|a8_avx2/...
#include <lowbit/formats/known.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/storage/random_matrix.hpp>

#include "own_products.hpp"

namespace lowbit_bench {
namespace {

template <class F, class A, class Layout, lb::arch Arch>
void form(benchmark::State& state, const job& j) {
  const auto& all = matrices(
      j, std::string(std::string_view(F::name)),
      [&] { return lb::repack<Layout>(lb::random_matrix<F>(j.shape)); },
      [](const auto& m) { return m; });
  run<A>(state, j, double(all[0].bytes()), [&](std::size_t i, const auto& x, auto y, auto&... how) {
    lb::gemm<Arch>(all[i % all.size()].view(), x, y, how...);
  });
  state.SetLabel(std::string(lb::kernel_name<lb::quantized_view<F, Layout>, A>()));
}

template <class Entry>
void add_forms_of(Entry) {
  using F = typename Entry::format_type;
  const std::string format(std::string_view(Entry::name));
  for (const job& j : jobs()) {
    const auto one = [&](const std::string& activations, auto* call) {
      add(j.name("gemv", format, activations), [j, call](benchmark::State& s) { call(s, j); });
    };
    one("f32_canonical", form<F, lb::real_activations, lb::canonical, lb::arch::runtime>);
    one("a8_canonical", form<F, lb::a8, lb::canonical, lb::arch::runtime>);
    one("f32_avx2", form<F, lb::real_activations, lb::host_layout, lb::arch::avx2>);
    one("a8_avx2", form<F, lb::a8, lb::host_layout, lb::arch::avx2>);
  }
}

}  // namespace

void add_forms() {
  lb::format_list<LOWBIT_BENCH_FORMS>::for_each([](auto entry) { add_forms_of(entry); });
}

}  // namespace lowbit_bench
