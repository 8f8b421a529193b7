// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/device/dequantize.hpp>
#include <lowbit/kernels/exec/spmd.hpp>
#include <lowbit/lowbit.hpp>
#include <vector>

using namespace lowbit;

TEST_CASE("a matrix back to values by threads, from tiles and from the canonical stream") {
  constexpr index_t rows = 19, cols = 140;
  std::vector<float> x(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = philox{8}.normal(i);
  const auto q = quantize<format<uniform<3, asymmetric>, per_group<32>>>(
      matrix_view<const float>(x.data(), rows, cols));
  const auto check = [&](const auto& view) {
    std::vector<float> out(x.size(), -1);
    run_spmd(2, 2, 0, dequantize_matrix{}, view, out.data(), cols);
    int wrong = 0;
    for (index_t i = 0; i < rows * cols; ++i)
      wrong += out[std::size_t(i)] != view.at(i / cols, i % cols);
    CHECK(wrong == 0);
  };
  check(q.view());
  const auto tiles = repack<mma16>(q.view());
  check(tiles.view());
}
