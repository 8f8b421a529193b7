// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel of your own around lowbit's weights: the two products of a gated layer on tensor cores,
// and its gate at once, so that neither product is ever written out. It is a warp program
// (lowbit/kernels/exec/warp.hpp): CUDA runs it, and so does any machine without a GPU, in lockstep.
#pragma once
#include <lowbit/kernels/device/warp_tile.hpp>

/// y = silu(G x) * (U x), silu(g) = g / (1 + e^-g), for up to 8 tokens: rows of x and y. A warp for
/// sixteen rows of G and U.
struct gated_product {
  static constexpr int max_warps = 4, min_blocks = 1;

  template <class Block, lowbit::quantized_matrix_like W>
  LOWBIT_HD void operator()(Block& block, const W& gate, const W& up, const lowbit::float16* x,
                            int tokens, float* y) const {
    using warp = typename Block::warp;
    using sums = typename warp::template var<lowbit::arr<float, 4>>;
    block.phase_nosync([&](const warp& w, int i) {
      const lowbit::index_t tile = lowbit::index_t(block.index()) * block.warps() + i;
      if (16 * tile < gate.rows()) {  // the same in every lane of a warp
        sums g, u;
        w.lanes([&](int lane) { g[lane] = u[lane] = {}; });
        for (lowbit::index_t k = 0; 16 * k < gate.cols(); ++k) {
          typename warp::template var<lowbit::arr<lowbit::word, 2>> b;
          w.lanes([&](int lane) {
            const auto value = [&](int e) {  // four neighbours of one token
              const lowbit::index_t c = 16 * k + lane % 4 * 4 + e;
              return lane / 4 < tokens && c < gate.cols() ? float(x[lane / 4 * gate.cols() + c])
                                                          : 0.f;
            };
            b[lane] = {{lowbit::halves(value(0), value(1)), lowbit::halves(value(2), value(3))}};
          });
          lowbit::mma<lowbit::mma_kind::half>(w, g, lowbit::warp_tile(w, gate, tile, k), b);
          lowbit::mma<lowbit::mma_kind::half>(w, u, lowbit::warp_tile(w, up, tile, k), b);
        }
        w.lanes([&](int lane) {
          for (int n = 0; n < 4; ++n) {
            const lowbit::index_t row = 16 * tile + lane / 4 + n / 2 * 8;
            const int token = lane % 4 * 2 + n % 2;
            if (row < gate.rows() && token < tokens)
              y[token * gate.rows() + row] = g[lane][n] / (1 + expf(-g[lane][n])) * u[lane][n];
          }
        });
      }
    });
  }
};
