// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/batch_product.hpp>

#include <doctest/doctest.h>

#include "kernels/device/tensor_runs.hpp"
#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

/// As many blocks as there are groups of tiles and of columns, times `splits`.
template <int Tiles, int Parts>
void check(extent shape, index_t tokens, int warps, int splits) {
  CAPTURE(shape.rows);
  CAPTURE(shape.cols);
  CAPTURE(tokens);
  CAPTURE(warps);
  CAPTURE(splits);
  using real = kernels::batch_product<test::integer_product::real, Tiles, Parts>;
  using integer = kernels::batch_product<test::integer_product::integer, Tiles, Parts>;
  const test::integer_product p(shape.rows, shape.cols, tokens);
  const int groups =
      int(ceil_div(shape.rows, real::rows * warps) * ceil_div(tokens, real::columns));
  for (const auto order :
       {lockstep_order::forward, lockstep_order::reverse, lockstep_order::strided})
    CHECK(test::wrong_results(p, test::lockstep_run{order}, real{}, integer{}, groups * splits,
                              warps, splits) == 0);
}

}  // namespace

TEST_CASE("warps have rows of their own, and columns in common") {
  check<1, 2>({16, 128}, 16, 1, 1);
  check<2, 4>({100, 600}, 32, 2, 1);
  check<2, 4>({130, 600}, 17, 4, 1);  // two blocks of rows, the second nearly empty
}
TEST_CASE("columns in several groups, the last one not full") {
  check<1, 2>({20, 300}, 37, 1, 1);
  check<2, 8>({40, 200}, 70, 2, 1);
}
TEST_CASE("fewer blocks of codes than are fetched ahead, and none for some") {
  check<1, 2>({16, 30}, 3, 2, 1);
  check<1, 2>({16, 256}, 3, 1, 3);
}
TEST_CASE("blocks share a tile, the last one adds and sets the counter back") {
  check<1, 2>({40, 1300}, 20, 1, 3);
  check<2, 4>({70, 1000}, 33, 2, 4);
}
