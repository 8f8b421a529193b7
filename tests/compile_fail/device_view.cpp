// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A view of device memory in calls that run on the host.
// expect: lowbit::gemv: w is a view of device memory, and this call is for the host
// expect: lowbit::gemm: w is a view of device memory, and this call is for the host
// expect: lowbit::dequantize: w is a view of device memory, and this call is for the host
#include <lowbit/lowbit.hpp>

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;
#ifdef LOWBIT_MUST_FAIL
using view = lb::quantized_view<w4, lb::canonical, lb::device>;
#else
using view = lb::quantized_view<w4>;
#endif

int main() {
  const view w;
  const std::vector<float> x;
  std::vector<float> y;
  lb::gemv(w, x, y);
  lb::gemv(w, lb::as<lb::a8>(x), y, lb::serial{});
  lb::gemm(w, lb::matrix_view<const float>(), lb::matrix_view<float>());
  lb::gemm<lb::arch::scalar>(w, lb::matrix_view<const float>(), lb::matrix_view<float>());
  lb::dequantize(w, lb::matrix_view<float>());
}
