// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../results.hpp"
#include "device_results.hpp"
#include "tile_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// What a block of the grid multiplies: each warp the `Tiles` row tiles tiles(warp), all warps the
/// columns first_column .. first_column + used - 1 (at most 8 * Parts), through the blocks of codes
/// first .. last - 1. `splits` neighbouring blocks of the grid share tiles and columns.
template <int Tiles, int Parts>
struct shared_tiles {
  static constexpr int columns = 8 * Parts;
  int splits, split;  // this block's number among its neighbours
  int group, groups;  // and theirs among all
  int row_tiles, first_tile, first_column, used;
  int blocks, first, last;  // blocks of codes: of a row, and its own

  template <class Block>
  LOWBIT_HD shared_tiles(const Block& block, index_t rows, int code_blocks, int all_columns,
                         int sharers)
      : splits(sharers),
        split(block.index() % splits),
        group(block.index() / splits),
        groups(block.count() / splits),
        row_tiles(int(ceil_div(rows, 16))),
        blocks(code_blocks) {
    const int column_groups = (all_columns + columns - 1) / columns;
    first_tile = group / column_groups * (Tiles * block.warps());
    first_column = group % column_groups * columns;
    used = int(min_of(columns, all_columns - first_column));
    first = share_begin(blocks, split, splits);
    last = share_begin(blocks, split + 1, splits);
  }
  LOWBIT_HD arr<int, Tiles> tiles(int warp) const {
    return tiles_from<Tiles>(first_tile + warp * Tiles, row_tiles);
  }
};

/// The end of a product: sums(warp, m, n, lane) are a lane's four (as d of mma) of tile m and
/// columns 8 n .. 8 n + 7. The last of the blocks that share tiles adds the sums of all in their
/// order: results do not depend on time.
template <int Axes, int Tiles, int Parts, class Block, class Columns, class Sums>
LOWBIT_HD void finish_tiles(Block& block, const shared_tiles<Tiles, Parts>& part, index_t rows,
                            const Columns& x, const device_results& y, Sums sums) {
  using W = typename Block::warp;
  const int warps = block.warps(), splits = part.splits, group = part.group;
  constexpr int cells = 16 * Tiles * 8 * Parts;
  const index_t room = index_t(warps) * cells;
  if (splits > 1) {
    // Partial sums lie as lanes have them: [split][group][warp][m][n][lane] of four.
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        float* const mine =
            y.partial + (index_t(part.split) * part.groups + group) * room + i * cells;
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
          const float* const other =
              y.partial + (index_t(s) * part.groups + group) * room + i * cells;
          LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
            LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
              LOWBIT_UNROLL for (int k = 0; k < 4; ++k) sums(i, m, n, l)[k] +=
                  other[((m * Parts + n) * warp_size + l) * 4 + k];
        }
      }
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
          LOWBIT_UNROLL for (int k = 0; k < 4; k += 2) {
            const index_t r = 16 * index_t(part.first_tile + i * Tiles + m) + l / 4 + 4 * k;
            const int column = 8 * n + l % 4 * 2;
            if (r >= rows) continue;
            const arr<float, 4>& sum = sums(i, m, n, l);
            // Two columns of a lane are two tokens, or both parts of one.
            if (x.parts == 2) {
              if (column < part.used)
                write<Axes>(y, x.factors, (part.first_column + column) / 2, r,
                      sum[k] + sum[k + 1] * (1.f / 2048));
            } else {
              LOWBIT_UNROLL for (int e = 0; e < 2; ++e) if (column + e < part.used)
                  write<Axes>(y, x.factors, part.first_column + column + e, r, sum[k + e]);
            }
          }
    });
  });
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
