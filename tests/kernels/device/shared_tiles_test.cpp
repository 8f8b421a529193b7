// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/shared_tiles.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/device/columns.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <limits>
#include <vector>

using namespace lowbit;

namespace {

constexpr int tiles = 2, parts = 1;

/// Every block gives 1000 row + column, times 1 + its number among those that share the tile.
struct known_sums {
  template <class Block>
  void operator()(Block& block, index_t rows, const kernels::half_columns& x,
                  const kernels::device_results& y, int splits) const {
    using W = typename Block::warp;
    using lanes = typename W::template var<arr<arr<float, 4>, tiles>>;
    typename Block::template per_warp<lanes> sums(block);
    const kernels::shared_tiles<tiles, parts> part(block, rows, 1, x.columns, splits);
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        for (int m = 0; m < tiles; ++m)
          for (int k = 0; k < 4; ++k) {
            const int row = 16 * (i * tiles + m) + l / 4 + k / 2 * 8, column = l % 4 * 2 + k % 2;
            sums[i][l][m][k] = float(1000 * row + column) * float(1 + part.split);
          }
      });
    });
    kernels::finish_tiles<1>(
        block, part, rows, x, y,
        [&](int i, int m, int, int l) -> arr<float, 4>& { return sums[i][l][m]; });
  }
};

}  // namespace

TEST_CASE("rows and columns that are there are written, by the last block that shares them") {
  for (const int splits : {1, 3})
    for (const auto order : {lockstep_order::forward, lockstep_order::reverse}) {
      CAPTURE(splits);
      constexpr index_t rows = 53, columns = 5;
      std::vector<float> y(rows * columns + 1, -1);
      std::vector<float> partial(std::size_t(splits) * 4 * 2 * 16 * 8,
                                 std::numeric_limits<float>::quiet_NaN());
      unsigned counter = 0;
      kernels::half_columns x;
      x.columns = columns;
      run_lockstep(splits, 2, 64, order, known_sums{}, rows, x,
                   kernels::device_results{{y.data(), rows}, {}, partial.data(), &counter}, splits);
      const float times = splits == 1 ? 1 : 1 + 2 + 3;
      index_t wrong = 0;
      for (index_t c = 0; c < columns; ++c)
        for (index_t r = 0; r < rows; ++r)
          wrong += y[std::size_t(c * rows + r)] != float(1000 * r + c) * times;
      CHECK(wrong == 0);
      CHECK(y.back() == -1);
      CHECK(counter == 0);
    }
}
