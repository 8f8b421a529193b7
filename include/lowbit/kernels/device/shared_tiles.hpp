// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../results.hpp"
#include "../exec/warp.hpp"
#include "device_results.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The end of a product whose warps have `Tiles` tiles of rows each, from first_tile on, and all of
/// them the columns first_column .. first_column + used - 1: sums(warp, m, n, lane) are a lane's
/// four (as d of mma) of tile m and columns 8 n .. 8 n + 7. Blocks that share tiles are neighbours;
/// the last of them adds the sums of all in their order: results do not depend on time.
template <int Tiles, int Parts, class Block, class Columns, class Sums>
LOWBIT_HD void finish_tiles(Block& block, index_t rows, const Columns& x, const device_results& y,
                            int splits, int first_tile, int first_column, int used, Sums sums) {
  using W = typename Block::warp;
  const int warps = block.warps();
  const int groups = block.count() / splits;
  const int group = block.index() / splits, split = block.index() % splits;
  constexpr int cells = 16 * Tiles * 8 * Parts;
  const index_t room = index_t(warps) * cells;
  if (splits > 1) {
    // Partial sums lie as lanes have them: [split][group][warp][m][n][lane] of four.
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        float* const mine = y.partial + (index_t(split) * groups + group) * room + i * cells;
        LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
          LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
            LOWBIT_UNROLL for (int k = 0; k < 4; ++k)
              mine[((m * Parts + n) * warp_size + l) * 4 + k] = sums(i, m, n, l)[k];
      });
    });
    unsigned* const turn = block.template shared<unsigned>();
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) turn[0] = block.arrive(y.counters + group);
      });
    });
  }
  block.phase_nosync([&](W w, int i) {
    w.lanes([&](int l) {
      if (splits > 1) {
        if (*block.template shared<unsigned>() != unsigned(splits) - 1) return;
        if (i == 0 && l == 0) y.counters[group] = 0;
        LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
          LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) sums(i, m, n, l) = arr<float, 4>{};
        for (int s = 0; s < splits; ++s) {
          const float* const other = y.partial + (index_t(s) * groups + group) * room + i * cells;
          LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
            LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
              LOWBIT_UNROLL for (int k = 0; k < 4; ++k) sums(i, m, n, l)[k] +=
                  other[((m * Parts + n) * warp_size + l) * 4 + k];
        }
      }
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
          LOWBIT_UNROLL for (int k = 0; k < 4; k += 2) {
            const index_t r = 16 * index_t(first_tile + i * Tiles + m) + l / 4 + 4 * k;
            const int column = 8 * n + l % 4 * 2;
            if (r >= rows) continue;
            const arr<float, 4>& sum = sums(i, m, n, l);
            // Two columns of a lane are two tokens, or both parts of one.
            if (x.parts == 2) {
              if (column < used)
                write(y, x.factors, (first_column + column) / 2, r,
                      sum[k] + sum[k + 1] * (1.f / 2048));
            } else {
              LOWBIT_UNROLL for (int e = 0; e < 2; ++e) if (column + e < used)
                  write(y, x.factors, first_column + column + e, r, sum[k + e]);
            }
          }
    });
  });
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
