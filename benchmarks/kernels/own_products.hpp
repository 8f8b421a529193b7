// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowbit's products, timed.
#pragma once
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/kernels/kernel_name.hpp>
#include <memory>
#include <typeinfo>

#include "products.hpp"
#include "random_values.hpp"

namespace lowbit_bench {

/// Activations: T is what they come in, A what `prepared` makes of them, in every call.
template <class A, class T = float>
struct activations {
  std::vector<T> values;
  lb::matrix_view<const T> rows;
  lb::prepared<A> prepared;

  activations(index_t tokens, index_t cols) : rows(nullptr, 0, 0) {
    for (const float v : random_values(tokens * cols))
      values.push_back(lb::scalar_traits<T>::from_float(v));
    rows = {values.data(), tokens, cols};
  }
  const lb::prepared<A>& prepare() {
    if constexpr (std::same_as<A, lb::static_uint8>)
      prepared.assign(lb::as(A{.scale = 0x1p-8f, .zero = 128}, rows));
    else
      prepared.assign(rows);
    return prepared;
  }
};

/// product(i, x, y, threads, memory) multiplies with the i-th of the matrices that take turns.
template <class A, class T = float, class Product>
void run(benchmark::State& state, const job& j, double bytes, Product product) {
  activations<A, T> input(j.tokens, j.shape.cols);
  std::vector<float> y(std::size_t(j.tokens * j.shape.rows));
  const lb::matrix_view<float> to(y.data(), j.tokens, j.shape.rows);
  const lb::thread_pool threads(j.threads);
  lb::workspace memory;
  std::size_t i = 0;
  for (auto _ : state) {
    product(i++, input.prepare(), to, threads, memory);
    benchmark::ClobberMemory();
  }
  j.report(state, bytes);
}

inline std::string kept_name;
inline std::shared_ptr<void> kept;

/// As many matrices as the job takes in turn, copies of one, kept until others are asked for:
/// Google Benchmark calls a function several times.
template <class Make, class Copy>
const auto& matrices(const job& j, const std::string& format, Make make, Copy copy) {
  using all = std::vector<decltype(make())>;
  const std::string name = job{j.shape, 1, 1, j.cached}.name(typeid(all).name(), format, "");
  if (kept_name != name) {
    kept = nullptr;
    const auto made = std::make_shared<all>(1, make());
    for (index_t i = j.matrices((*made)[0].bytes()); i > 1; --i) made->push_back(copy((*made)[0]));
    kept = made;
    kept_name = name;
  }
  return *static_cast<const all*>(kept.get());
}

}  // namespace lowbit_bench
