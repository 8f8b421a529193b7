// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel of your own around lowbit's: the two products of a gated layer and its gate at once, so
// that neither product is ever written out. It is a warp program (lowbit/kernels/exec/warp.hpp):
// CUDA runs it, and so does any machine without a GPU, in lockstep.
#pragma once
#include <lowbit/codec.hpp>
#include <lowbit/kernels/exec/warp.hpp>

/// y = silu(G x) * (U x), silu(g) = g / (1 + e^-g); a warp for each row.
struct gated_product {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, lowbit::quantized_matrix_like W>
  LOWBIT_HD void operator()(Block& block, const W& gate, const W& up, const float* x,
                            float* y) const {
    using warp = typename Block::warp;
    block.phase_nosync([&](const warp& w, int i) {
      const lowbit::index_t row = lowbit::index_t(block.index()) * block.warps() + i;
      if (row < gate.rows()) {  // the same in every lane of a warp
        typename warp::template var<float> g, u;
        w.lanes([&](int lane) {
          g[lane] = u[lane] = 0;
          for (lowbit::index_t c = lane; c < gate.cols(); c += lowbit::warp_size) {
            g[lane] += gate.at(row, c) * x[c];
            u[lane] += up.at(row, c) * x[c];
          }
        });
        g = lowbit::reduce_add(w, g);
        u = lowbit::reduce_add(w, u);
        w.lanes([&](int lane) {
          if (lane == 0) y[row] = g[lane] / (1 + expf(-g[lane])) * u[lane];
        });
      }
    });
  }
};
