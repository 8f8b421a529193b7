// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowbit inside a CUDA kernel of your own: a gated layer on tensor cores in one launch. Matrices go
// to the device once; their views travel by value, and warp_tile makes operands of them.
#include <cmath>
#include <cstdio>
#include <lowbit/gpu.hpp>

#include "gated_product.hpp"
#include "weights.hpp"

namespace lb = lowbit;
using w4 = lb::format<lb::normal_float<4>, lb::per_group<64>>;

/// Your entry, your launch: gpu_block is the block that calls it.
template <lb::quantized_matrix_like W>
__global__ void gated_layer(W gate, W up, const lb::float16* x, int tokens, float* y) {
  lb::gpu_block block;
  gated_product{}(block, gate, up, x, tokens, y);
}

int main() {
  constexpr lb::index_t rows = 1000, cols = 768;
  const std::vector<float> weights = random_weights(2 * rows * cols);
  const std::vector<lb::float16> x(cols, lb::float16(0.5f));
  const auto gate = lb::quantize<w4>(lb::matrix_view<const float>(weights.data(), rows, cols));
  const auto up =
      lb::quantize<w4>(lb::matrix_view<const float>(weights.data() + rows * cols, rows, cols));
  std::vector<float> g(rows), u(rows), y(rows);
  lb::gemv(gate.view(), x, g);
  lb::gemv(up.view(), x, u);
  const float on_host = g[7] / (1 + std::exp(-g[7])) * u[7];

  try {
    const lb::device_matrix device_gate(gate), device_up(up);
    const lb::gpu::device_memory in(cols * sizeof(lb::float16)), out(rows * sizeof(float));
    cudaMemcpy(in.data(), x.data(), cols * sizeof(lb::float16), cudaMemcpyHostToDevice);
    constexpr int rows_of_block = 4 * 16;  // sixteen for each of four warps
    gated_layer<<<(rows + rows_of_block - 1) / rows_of_block, 4 * 32>>>(
        device_gate.view(), device_up.view(), static_cast<const lb::float16*>(in.data()), 1,
        static_cast<float*>(out.data()));
    lb::gpu::check(cudaMemcpy(y.data(), out.data(), rows * sizeof(float), cudaMemcpyDeviceToHost),
                   "gated_layer");
  } catch (const lb::error& e) {
    std::printf("y[7] = %f on the host; %s\n", on_host, e.what());
    return e.code() == lb::errc::device ? 0 : 1;
  }
  std::printf("y[7] = %f on the host, %f from the kernel\n", on_host, y[7]);
  return std::fabs(y[7] - on_host) <= 1e-3f ? 0 : 1;  // weights were rounded to halves
}
