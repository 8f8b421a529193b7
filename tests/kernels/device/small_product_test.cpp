// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/small_product.hpp>

#include <doctest/doctest.h>

#include "kernels/device/tensor_runs.hpp"
#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

template <int Tiles, int Parts>
void check(extent shape, index_t tokens, int blocks, int warps, int splits) {
  CAPTURE(shape.rows);
  CAPTURE(shape.cols);
  CAPTURE(tokens);
  CAPTURE(blocks);
  CAPTURE(warps);
  CAPTURE(splits);
  const test::integer_product p(shape.rows, shape.cols, tokens);
  for (const auto order :
       {lockstep_order::forward, lockstep_order::reverse, lockstep_order::strided})
    CHECK(test::wrong_results(
              p, test::lockstep_run{order},
              kernels::small_product<test::integer_product::real, Tiles, Parts>{},
              kernels::small_product<test::integer_product::integer, Tiles, Parts>{}, blocks,
              warps, splits) == 0);
}

}  // namespace

TEST_CASE("a warp alone, one tile and less") {
  check<1, 1>({16, 128}, 8, 1, 1, 1);
  check<1, 1>({3, 100}, 1, 1, 1, 1);
}
TEST_CASE("warps share the blocks of codes, evenly or not, and some have none") {
  for (const int warps : {2, 3, 5, 16}) check<1, 1>({16, 1100}, 2, 1, warps, 1);
}
TEST_CASE("a block takes tiles one after another") {
  check<1, 1>({100, 700}, 5, 1, 2, 1);
  check<1, 1>({100, 700}, 5, 3, 2, 1);
  check<2, 1>({100, 700}, 8, 2, 3, 1);
  check<2, 1>({70, 129}, 1, 9, 4, 1);  // more blocks than pairs of tiles
}
TEST_CASE("blocks share a tile, the last one adds and sets the counter back") {
  check<1, 1>({16, 1024}, 3, 2, 2, 2);
  check<1, 1>({40, 1300}, 3, 9, 2, 3);
  check<2, 1>({70, 1300}, 7, 4, 2, 4);  // one group of blocks takes all tiles in turn
  check<1, 2>({40, 640}, 13, 6, 1, 3);
}
TEST_CASE("sixteen columns") {
  check<1, 2>({33, 300}, 9, 2, 2, 1);
  check<1, 2>({33, 300}, 16, 2, 2, 1);
}
