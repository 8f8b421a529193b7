// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel of somebody else, with the light part of lowbit alone: no launch of ours, no allocation,
// no flag.
#include <doctest/doctest.h>

#include <lowbit/codec.hpp>

namespace lb = lowbit;
using w4 = lb::format<lb::normal_float<4>, lb::per_group<32>>;

namespace {

/// y = W x, one thread for each row.
template <lb::quantized_matrix_like W>
__host__ __device__ float row_times(const W& w, const float* x, lb::index_t r) {
  float sum = 0;
  for (lb::index_t c = 0; c < w.cols(); ++c) sum += w.at(r, c) * x[c];
  return sum;
}
template <lb::quantized_matrix_like W>
__global__ void product(W w, const float* x, float* y) {
  const lb::index_t r = lb::index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (r < w.rows()) y[r] = row_times(w, x, r);
}

}  // namespace

TEST_CASE("a kernel of one's own takes a view; its host twin gives the product") {
  using device_view = lb::quantized_view<w4, lb::canonical, lb::device>;
  CHECK(reinterpret_cast<const void*>(&product<device_view>) != nullptr);

  const std::uint8_t codes[] = {0xf7, 0x70}, scales[] = {0x00, 0x40};  // 0 1, -1 0, times 2
  const lb::part parts[] = {{"codes", codes}, {"scales", scales}};
  const auto w = lb::quantized_view<w4>::from_parts({1, 4}, parts);
  const float x[] = {10, 20, 30, 40};
  CHECK(row_times(w, x, 0) == 2 * 20 - 2 * 30);
}
