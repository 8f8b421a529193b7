// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../exec/warp.hpp"
#include "task.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Before quantize_rows, for formats with a tensor scale: writes it. `partial` has a number for
/// each block, `counter` is 0 and is 0 again in the end. What is not finite does not count.
template <quantized_on_line F>
  requires(detail::is_nvfp4<F>)
struct find_tensor_scale {
  static constexpr int max_warps = 8, min_blocks = 2;
  using Q = typename F::quantizer_type;
  static constexpr std::size_t shared_bytes(int warps) { return std::size_t(warps + 1) * 4; }

  template <class Block, class T>
  LOWBIT_HD void operator()(Block& b, const quantize_task<T> task, float* partial,
                            unsigned* counter) const {
    using W = typename Block::warp;
    using value = typename W::template var<float>;
    float* const tops = b.template shared<float>();  // of the warps; then whether we are the last
    const index_t chunks = ceil_div(task.shape.cols, 8), all = task.shape.rows * chunks;
    const bool aligned = rows_are_aligned(task.values, task.stride);
    b.phase([&](const W& w, int i) {
      value top;
      w.lanes([&](int l) {
        top[l] = 0;
        const index_t step = index_t(b.count()) * b.warps() * warp_size;
        for (index_t at = (index_t(b.index()) * b.warps() + i) * warp_size + l; at < all;
             at += step) {
          const index_t r = at / chunks, c = at % chunks * 8;
          const float m = detail::chunk_top(
              load_chunk(task.values + r * task.stride, c, task.shape.cols, aligned), true);
          if (m > top[l]) top[l] = m;
        }
      });
      const value most = reduce_max(w, top);
      w.lanes([&](int l) {
        if (l == 0) tops[i] = most[l];
      });
    });
    b.phase([&](const W& w, int i) {
      w.lanes([&](int l) {
        if (i != 0 || l != 0) return;
        float top = 0;
        for (int k = 0; k < b.warps(); ++k) top = tops[k] > top ? tops[k] : top;
        partial[b.index()] = top;
        tops[b.warps()] = b.arrive(counter) == unsigned(b.count()) - 1 ? 1.0f : 0.0f;
      });
    });
    b.phase([&](const W& w, int i) {
      if (i != 0 || tops[b.warps()] == 0) return;
      value top;
      w.lanes([&](int l) {
        top[l] = 0;
        for (int k = l; k < b.count(); k += warp_size)
          top[l] = partial[k] > top[l] ? partial[k] : top[l];
      });
      const value most = reduce_max(w, top);
      w.lanes([&](int l) {
        if (l != 0) return;
        *task.tensor_scale = nvfp4_absmax::for_matrix_top<Q>(most[l]).scales.g;
        *counter = 0;
      });
    });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
