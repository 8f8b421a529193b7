// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products on tensor cores by threads: who shares a tile, a block of codes or a stage of columns
// waits for the others.
#include <doctest/doctest.h>

#include <lowbit/kernels/device/batch_product.hpp>
#include <lowbit/kernels/exec/spmd.hpp>

#include "kernels/device/tensor_runs.hpp"

using namespace lowbit;

namespace {

struct spmd_run {
  template <class Kernel, class... Arguments>
  void operator()(int blocks, int warps, index_t shared, const Kernel& kernel,
                  const Arguments&... arguments) const {
    run_spmd(blocks, warps, std::size_t(shared), kernel, arguments...);
  }
};
using real = test::integer_product::real;
using integer = test::integer_product::integer;

}  // namespace

TEST_CASE("activations are prepared with the bytes of lockstep") {
  constexpr index_t tokens = 2, cols = 300;
  std::vector<float> x;
  for (index_t i = 0; i < tokens * cols; ++i) x.push_back(float(int(i * 37 % 101) - 50) / 8);
  test::prepared_halves<float> halves(spmd_run{}, x, tokens, cols, 32, 8);
  test::prepared_halves<float> same(test::lockstep_run{}, x, tokens, cols, 32, 8);
  int wrong = 0;
  for (std::size_t i = 0; i < halves.fragments.size(); ++i)
    wrong += halves.fragments[i] != same.fragments[i];
  for (std::size_t i = 0; i < halves.sums.size(); ++i) wrong += halves.sums[i] != same.sums[i];
  for (const int width : {32, 300, 2048}) {  // of lanes, of a warp, of a block
    test::prepared_bytes<float> bytes(spmd_run{}, x, tokens, cols, width, 16, 2);
    test::prepared_bytes<float> as_well(test::lockstep_run{}, x, tokens, cols, width, 16, 2);
    for (std::size_t i = 0; i < bytes.fragments.size(); ++i)
      wrong += bytes.fragments[i] != as_well.fragments[i];
    for (std::size_t i = 0; i < bytes.sums.size(); ++i) wrong += bytes.sums[i] != as_well.sums[i];
  }
  CHECK(wrong == 0);
}
TEST_CASE("few columns: tiles after one another, then blocks that share them") {
  const test::integer_product p(35, 500, 3);
  const kernels::small_product<real, 1, 1> halves;
  const kernels::small_product<integer, 1, 1> bytes;
  CHECK(test::wrong_results(p, spmd_run{}, halves, bytes, 1, 2, 1) == 0);
  CHECK(test::wrong_results(p, spmd_run{}, halves, bytes, 2, 2, 2) == 0);
}
TEST_CASE("many columns: stages that all warps fill, then blocks that share tiles") {
  const test::integer_product p(35, 700, 9);
  const kernels::batch_product<real, 2, 2> halves;
  const kernels::batch_product<integer, 2, 2> bytes;
  CHECK(test::wrong_results(p, spmd_run{}, halves, bytes, 1, 2, 1) == 0);
  CHECK(test::wrong_results(p, spmd_run{}, halves, bytes, 2, 2, 2) == 0);
}
