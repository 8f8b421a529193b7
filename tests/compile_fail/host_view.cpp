// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A view of the host's memory, or activations of another kind, in calls that run on a device.
// compilers: nvcc
// expect: lowbit::gemv: w is a view of the host's memory, and this call is for a device
// expect: lowbit::gemm: w is a view of the host's memory, and this call is for a device
// expect: lowbit::gemm: activations on a device are quantized to uniform<8>
// expect: lowbit::from_parts: the host cannot check memory of a device
#include <lowbit/gpu.hpp>

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;
using device_view = lb::quantized_view<w4, lb::canonical, lb::device>;
#ifdef LOWBIT_MUST_FAIL
using view = lb::quantized_view<w4>;
using activations = lb::format<lb::uniform<4>, lb::per_row>;
#else
using view = device_view;
using activations = lb::a8;
#endif

int main() {
  const view w;
  const lb::matrix_view<const float> x;
  const lb::matrix_view<float> y;
  const lb::gpu::workspace memory;
  if (sizeof(w) > 256) {  // compiled, not run
    lb::gemv(nullptr, w, lb::span<const float>(), lb::span<float>(), memory);
    lb::gemm(nullptr, w, x, y, memory);
    lb::gemm(nullptr, device_view(), lb::as<activations>(x), y, memory);
#ifdef LOWBIT_MUST_FAIL
    device_view::from_parts({}, {});
#endif
  }
}
