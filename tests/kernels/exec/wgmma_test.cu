// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A warpgroup's product from shared memory beside sums in binary64; code for sm_90a uses Hopper's
// instruction, other code the warps' own, from the same memory.
#include <lowbit/kernels/exec/wgmma.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/kernels/exec/gpu.hpp>
#include <vector>

#include "support/gpu_memory.hpp"

using namespace lowbit;

namespace {

constexpr int rows = 64, columns = 64, depth = 16, parts = columns / 8;

/// d = 2 A B, in two products; A as lanes have it, B as mma_shared wants it.
struct multiply {
  static constexpr int max_warps = 4, min_blocks = 1;
  template <class Block>
  LOWBIT_HD void operator()(Block& block, const word* a, const word* b, float* d) const {
    using W = typename Block::warp;
    word* const shared = block.template shared<word>();
    auto* const full = reinterpret_cast<std::uint64_t*>(shared + columns * depth / 2);
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) block.barrier_init(full, 1);
      });
    });
    block.phase_nosync([&](W w, int i) {
      w.lanes([&](int l) {
        if (i != 0 || l != 0) return;
        block.copy_bulk(shared, b, columns * depth * 2, full);
        block.barrier_arrive(full);
      });
      block.barrier_wait(full, 0);
      typename W::template var<arr<arr<float, 4>, parts>> sums;
      typename W::template var<arr<word, 4>> left;
      w.lanes([&](int l) {
        for (int k = 0; k < 4; ++k) left[l][k] = a[(i * warp_size + l) * 4 + k];
      });
      mma_shared_begin(w);
      mma_shared<parts>(w, sums, left, shared, false);
      mma_shared<parts>(w, sums, left, shared, true);
      mma_shared_end(w, sums);
      w.lanes([&](int l) {
        LOWBIT_UNROLL for (int n = 0; n < parts; ++n)
          LOWBIT_UNROLL for (int k = 0; k < 4; ++k)
            d[(16 * i + l / 4 + k / 2 * 8) * columns + 8 * n + l % 4 * 2 + k % 2] = sums[l][n][k];
      });
    });
  }
};

}  // namespace

TEST_CASE("a warpgroup's products from shared memory are sums of products") {
  if (!test::has_gpu()) return;
  const philox random{5};
  std::vector<float> a(rows * depth), b(columns * depth);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = float16(random.normal(i));
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = float16(random.normal(5000 + i));
  test::managed<word> left(4 * warp_size * 4), right(columns * depth / 2);
  test::managed<float> d(rows * columns);
  const auto pair = [](float low, float high) {
    return word(float16(low).bits) | word(float16(high).bits) << 16;
  };
  for (int warp = 0; warp < 4; ++warp)
    for (int l = 0; l < warp_size; ++l)
      for (int k = 0; k < 4; ++k) {
        const int row = 16 * warp + l / 4 + k % 2 * 8, at = 2 * (l % 4) + 8 * (k / 2);
        left[(warp * warp_size + l) * 4 + k] = pair(a[std::size_t(row * depth + at)],
                                                    a[std::size_t(row * depth + at + 1)]);
      }
  for (int h = 0; h < 2; ++h)
    for (int c = 0; c < columns; ++c)
      for (int t = 0; t < 4; ++t)
        right[(h * columns + c) * 4 + t] = pair(b[std::size_t(c * depth + 8 * h + 2 * t)],
                                                b[std::size_t(c * depth + 8 * h + 2 * t + 1)]);
  run_kernel<<<1, 128, columns * depth * 2 + 8>>>(multiply{}, static_cast<const word*>(&left[0]),
                                                  static_cast<const word*>(&right[0]), &d[0]);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
  int wrong = 0;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      double sum = 0, size = 0;
      for (int k = 0; k < depth; ++k) {
        const double p =
            double(a[std::size_t(r * depth + k)]) * double(b[std::size_t(c * depth + k)]);
        sum += 2 * p;
        size += 2 * std::fabs(p);
      }
      wrong += !(std::fabs(double(d[r * columns + c]) - sum) <= 1e-6 * size);
    }
  CHECK(wrong == 0);
}
