// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/matrix_view.hpp"
#include "../../packing/mma16.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The shape of a launch. Every shape of matrix has one; the number of multiprocessors decides how
/// many blocks there are, and whether some share a tile of rows.
struct tensor_launch {
  index_t items = 0;   // tiles of results, times the blocks that share one
  index_t blocks = 0;  // which take items in turn
  int warps = 1, splits = 1;
};

/// How many blocks share each of `groups` tiles: about `wanted` blocks altogether, each with at
/// least `least` blocks of codes.
inline int splits_for(index_t groups, index_t wanted, index_t code_blocks, index_t least) {
  const index_t most = code_blocks / least;
  const index_t splits =
      groups > 0 ? min_of((2 * wanted + groups) / (2 * groups), most) : index_t(1);
  return int(splits < 1 ? 1 : splits);
}

/// Plans suppose no more than these, so that the size of a workspace does not depend on the device.
inline constexpr int most_multiprocessors = 256;

/// Which kernel multiplies so many columns, and how.
struct tensor_shape {
  extent weights;  // rows, and codes of a row
  int columns;
  int dim = 1;  // columns of a code

  constexpr index_t code_blocks() const { return mma16::blocks(weights.cols); }
  /// Blocks that as many numbers would have.
  constexpr index_t work() const { return code_blocks() * dim; }
  /// Blocks of codes that blocks of a grid shall at least have of `work` to share tiles.
  constexpr index_t at_least(index_t work) const { return work / dim < 1 ? 1 : work / dim; }

  /// Columns of a block of the kernel.
  constexpr int of_block() const {
    return columns <= 8 ? 8 : columns <= 16 ? 16 : columns <= 32 ? 32 : 64;
  }
  constexpr index_t row_tiles() const { return ceil_div(weights.rows, 16); }
  /// Whether there is work enough for all multiprocessors with two tiles for each warp.
  constexpr bool is_tall(int multiprocessors) const { return row_tiles() > 2 * multiprocessors; }
  /// Whether warps split the codes of a row (small_product), or have rows of their own
  /// (batch_product): then columns are read once for many rows.
  constexpr bool is_small(int multiprocessors) const {
    return columns <= 8 || (columns <= 16 && !is_tall(multiprocessors));
  }
  /// Tiles of sixteen rows for each warp.
  constexpr int tiles(int multiprocessors) const {
    return is_small(multiprocessors) && !is_tall(multiprocessors) ? 1 : 2;
  }

  /// Whether blocks of 256 rows and 128 columns, which read least, are enough for all
  /// multiprocessors.
  constexpr bool is_broad(int multiprocessors) const {
    return columns > 64 &&
           ceil_div(row_tiles(), 16) * ceil_div(columns, 128) >= multiprocessors;
  }

  /// A small product: sixteen warps for each multiprocessor, each with at least four blocks of a
  /// tile's codes. Else four warps, and two blocks or three. Blocks share tiles where there are too
  /// few.
  tensor_launch launch(int multiprocessors) const {
    tensor_launch l;
    const index_t each = tiles(multiprocessors);
    if (is_small(multiprocessors)) {
      const index_t groups = ceil_div(row_tiles(), each);
      const index_t warps = work() < 8 ? 1 : work() < 64 ? work() / 4 : 16;
      l.warps = int(min_of(warps, code_blocks() < 1 ? 1 : code_blocks()));
      l.splits = 2 * groups > multiprocessors
                     ? 1
                     : splits_for(groups, multiprocessors, code_blocks(), 2 * l.warps);
      const index_t at_once = index_t(multiprocessors) * (16 / l.warps) / l.splits;
      l.items = groups * l.splits;
      l.blocks = min_of(groups, at_once < 1 ? 1 : at_once) * l.splits;
    } else {
      l.warps = 4;
      const index_t groups =
          ceil_div(row_tiles(), each * l.warps) * ceil_div(columns, of_block());
      l.splits = splits_for(groups, (of_block() == 16 ? 3 : 2) * multiprocessors, code_blocks(),
                            at_least(8));
      l.items = l.blocks = groups * l.splits;
    }
    return l;
  }
  /// Room for the partial sums of blocks that share tiles, of these columns or fewer on any device.
  /// There are never more than one and a half times as many items as blocks are wanted.
  index_t partial_sums() const {
    const index_t few = min_of(2 * most_multiprocessors, row_tiles() * (code_blocks() / 2));
    index_t sums = few * 16 * 16;
    if (columns > 8) {
      const index_t groups = ceil_div(row_tiles(), 8) * ceil_div(columns, 16);
      const index_t many = min_of(5 * most_multiprocessors, groups * (code_blocks() / at_least(8)));
      sums = many * 128 * of_block() > sums ? many * 128 * of_block() : sums;
    }
    return sums;
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
