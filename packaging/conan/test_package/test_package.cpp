// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/lowbit.hpp>
#include <vector>

namespace lb = lowbit;

int main() {
  using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;
  const std::vector<float> weights(4 * 64, 0.5f), x(64, 1.0f);
  std::vector<float> y(4);
  const auto w = lb::quantize<w4>(lb::matrix_view<const float>(weights.data(), 4, 64));
  lb::gemv(w.view(), x, y);
  return y[3] > 31.9f && y[3] < 32.1f ? 0 : 1;
}
