// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same quantizer inside a CUDA kernel of your own: a view travels by value, and decoding needs
// no launch, no allocation and no compiler flag of lowbit's.
#include <cstdio>
#include <cstring>

#include "fib3.hpp"
#include "weights.hpp"

namespace lb = lowbit;
using w3 = lb::format<fib3, lb::per_group<64>>;

/// y = W x, a thread per row.
template <lb::quantized_matrix_like W>
__global__ void multiply(W w, const float* x, float* y) {
  const lb::index_t row = lb::index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= w.rows()) return;
  float sum = 0;
  for (lb::index_t c = 0; c < w.cols(); ++c) sum += w.at(row, c) * x[c];
  y[row] = sum;
}

/// A copy in memory that host and device share.
template <class T>
lb::span<T> shared_copy(const T* from, lb::index_t count) {
  void* memory = nullptr;
  cudaMallocManaged(&memory, std::size_t(count) * sizeof(T));
  std::memcpy(memory, from, std::size_t(count) * sizeof(T));
  return {static_cast<T*>(memory), count};
}

int main() {
  const std::vector<float> weights = random_weights(256 * 1024), ones(1024, 1.0f);
  const auto w = lb::quantize<w3>(lb::matrix_view<const float>(weights.data(), 256, 1024));
  std::vector<float> y(256);
  lb::gemv(w.view(), ones, y);

  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("y[0] = %f on the host; no CUDA device runs the kernel here\n", y[0]);
    return 0;
  }
  std::vector<lb::part> parts;  // a view is made over any memory that holds the arrays
  const lb::any_matrix stored = w;
  for (const lb::stored_array& a : stored.arrays())
    parts.push_back({a.name, shared_copy(a.bytes.data(), a.bytes.size()), a.type});
  const auto view = lb::quantized_view<w3>::from_parts(w.shape(), parts);
  const lb::span<float> x = shared_copy(ones.data(), 1024), out = shared_copy(y.data(), 256);
  multiply<<<2, 128>>>(view, x.data(), out.data());
  const bool ran = cudaDeviceSynchronize() == cudaSuccess;
  std::printf("y[0] = %f on the host, %f from the kernel\n", y[0], out[0]);
  return ran ? 0 : 1;
}
