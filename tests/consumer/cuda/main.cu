// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A user's own kernel takes a view by value. The host part runs everywhere; the kernel runs where
// there is a device.
#include "../use_lowbit.hpp"

template <class View>
__global__ void decode(View w, float* out) {
  const lb::index_t i = lb::index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < w.rows() * w.cols()) out[i] = w.at(i / w.cols(), i % w.cols());
}
template __global__ void decode(lb::quantized_view<w4, lb::canonical, lb::device>, float*);

int main() { return use_lowbit().right ? 0 : 1; }
