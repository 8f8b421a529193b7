// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/executor_ref.hpp"
#include "../../kernels/activations.hpp"
#include "../../transforms/chain.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

template <class V>
inline constexpr index_t floats_of = kernels::is_complex<V> ? 2 : 1;

/// f(token, memory) for every token, with `bytes` bytes of memory for each task.
template <class F>
void for_each_token(index_t tokens, index_t bytes, executor_ref threads, carver& memory, bool write,
                    F&& f) {
  const index_t tasks = min_of(tokens, threads.concurrency());
  std::uint8_t* const block = memory.take<std::uint8_t>(tasks * bytes);
  if (!write) return;
  threads.for_each(tasks, [&](index_t i) {
    const float_mode_guard mode;
    for (index_t t = tokens * i / tasks; t < tokens * (i + 1) / tasks; ++t)
      f(t, carver(block + i * bytes));
  });
}

/// What lies between the transforms of a chain takes so many bytes.
template <class V, class Chain>
index_t scratch_bytes(const Chain& t, index_t n) {
  carver size;
  t.template carve<V>(n, size);
  return size.used();
}

/// Rows of activations of V through the transforms of a chain, to `size` numbers each. Quantized
/// rows are transformed as they were before, and then quantized likewise. Counts memory first, then
/// takes and fills it (write).
template <class V, class Chain, class Rows>
Rows transformed_rows(const Chain& chain, const Rows& x, index_t size, executor_ref threads,
                      carver& memory, bool write) {
  using R = typename Chain::template result<V>;
  const index_t cols = x.cols / floats_of<V>, out_cols = size * floats_of<R>;
  const index_t stride = kernels::padded(out_cols);
  float* const out = memory.take<float>(x.tokens * stride);
  const float* from = x.origin.values;
  if constexpr (std::same_as<Rows, kernels::real_rows>)
    if (from == nullptr) from = x.values;
  for_each_token(x.tokens, scratch_bytes<V>(chain, cols), threads, memory, write,
                 [&](index_t t, carver scratch) {
                   const span<const V> row(reinterpret_cast<const V*>(from + t * x.stride), cols);
                   const span<R> to(reinterpret_cast<R*>(out + t * stride), size);
                   chain.template apply<V>(row, to, scratch);
                   for (index_t i = out_cols; i < stride; ++i) out[t * stride + i] = 0;
                 });
  const kernels::real_rows values{x.tokens, out_cols, stride, out};
  if (x.origin.quantize != nullptr)
    return x.origin.quantize(kernels::ops_of(arch::runtime), values, memory, write);
  if constexpr (std::same_as<Rows, kernels::real_rows>)
    return values;
  else
    fail(errc::bad_argument, "x", "quantized rows that do not know how they were quantized");
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
