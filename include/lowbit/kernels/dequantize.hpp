// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "row_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Writes every value of a matrix: exactly the bits of `view.at(r, c)`, on every instruction set.
/// The output has the shape of the matrix, else error shape_mismatch. Allocates nothing.
template <arch Arch = arch::runtime, format_like F, class Layout, executor Executor = serial>
void dequantize(const quantized_view<F, Layout>& w, matrix_view<typename F::value_type> out,
                const Executor& threads = {}) {
  using V = typename F::value_type;
  if (!(out.shape() == w.shape()))
    fail(errc::shape_mismatch, "out",
         message(out.rows(), " x ", out.cols(), ", expected ", w.rows(), " x ", w.cols()));
  using row_reader = kernels::row_reader<quantized_view<F, Layout>>;
  constexpr index_t chunk = row_reader::chunk;
  const kernels::row_ops& ops = kernels::ops_of(Arch);
  constexpr index_t run = 16;
  threads.for_each(ceil_div(w.rows(), run), [&](index_t piece) {
    const float_mode_guard mode;
    row_reader reader(ops, w);
    V values[chunk + kernels::row_slack];
    for (index_t r = piece * run; r < min_of(w.rows(), (piece + 1) * run); ++r) {
      for (index_t c = 0; c < w.cols(); c += chunk) {
        const index_t n = min_of(chunk, w.cols() - c);
        reader.read(r, c, n, values);
        __builtin_memcpy(out.row(r) + c, values, std::size_t(n) * sizeof(V));
      }
      w.apart.add_row(r, out.row(r));
    }
  });
}

template <arch = arch::runtime, class F, class Layout, class... Rest>
void dequantize(const quantized_view<F, Layout, device>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::dequantize: w is a view of device memory, and this call is for the host");
}

}  // namespace lowbit::inline LOWBIT_ABI
