// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A user's own kernel takes a view by value, and the library's products run on the device. The host
// part runs everywhere; without a device its error says so.
#include <cstdio>
#include <lowbit/gpu.hpp>

#include "../use_lowbit.hpp"

template <class View>
__global__ void decode(View w, float* out) {
  const lb::index_t i = lb::index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < w.rows() * w.cols()) out[i] = w.at(i / w.cols(), i % w.cols());
}
template __global__ void decode(lb::quantized_view<w4, lb::canonical, lb::device>, float*);

bool use_device() {
  const example e;
  const auto w = lb::quantize<w4>(e.matrix());
  try {
    const lb::device_matrix there(w);
    const lb::gpu::workspace memory(lb::gpu::workspace_bytes(there.view(), 1));
    const lb::gpu::device_memory x(e.cols * sizeof(float)), y(e.rows * sizeof(float));
    lb::gpu::check(
        cudaMemcpy(x.data(), e.x.data(), e.cols * sizeof(float), cudaMemcpyHostToDevice), "x");
    lb::gemv(nullptr, there.view(),
             lb::span<const float>(static_cast<const float*>(x.data()), e.cols),
             lb::span<float>(static_cast<float*>(y.data()), e.rows), memory);
    std::vector<float> got(e.rows);
    lb::gpu::check(
        cudaMemcpy(got.data(), y.data(), e.rows * sizeof(float), cudaMemcpyDeviceToHost), "y");
    return is_product(w.view(), e.x, got.data(), 1e-5);
  } catch (const lb::error& problem) {
    std::puts(problem.what());
    return problem.code() == lb::errc::device;
  }
}

int main() { return use_lowbit().right && use_device() ? 0 : 1; }
