// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arguments that a product cannot use.
// expect: lowbit::gemm: an argument is none of: executor, workspace, update
// expect: lowbit::gemm: two arguments are an executor
// expect: lowbit::gemm: two arguments are an update
// expect: lowbit::gemm: two arguments are a workspace
// expect: lowbit::gemm: complex formats take complex32 activations, real ones real
// expect(g++): check_product_argument\(\) \[with Argument = int\]
// expect(clang++): check_product_argument<int>
// expect(nvcc): check_product_argument<Argument>\(\) \[with Argument=int\]
#include <lowbit/lowbit.hpp>

namespace lb = lowbit;

int main() {
  const lb::quantized_view<lb::format<lb::uniform<4>>> w;
  const std::vector<float> x;
  const std::vector<lb::complex32> z;
  std::vector<float> y;
  lb::workspace memory;
  lb::gemv(w, x, y, lb::update{}, memory, lb::serial{});
#ifdef LOWBIT_MUST_FAIL
  lb::gemv(w, x, y, 4);
  lb::gemv(w, x, y, lb::serial{}, lb::serial{});
  lb::gemv(w, x, y, lb::update{}, lb::update{});
  lb::gemv(w, x, y, memory, memory);
  lb::gemv(w, z, y);
#endif
}
