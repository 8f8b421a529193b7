// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The least that shows that a package works: the headers are found and do what they say.
#include <cmath>
#include <lowbit/lowbit.hpp>
#include <vector>

namespace lb = lowbit;

int main() {
  const std::vector<float> weights{0.5f, -1.75f, 1.0f, 0.25f, 0.0f, 7.0f};
  const auto w =
      lb::quantize<lb::format<lb::uniform<4>>>(lb::matrix_view<const float>(weights.data(), 2, 3));
  for (lb::index_t r = 0; r < 2; ++r)
    for (lb::index_t c = 0; c < 3; ++c)  // within half a step of 1.75 / 7 or 7 / 7
      if (std::fabs(w.view().at(r, c) - weights[static_cast<std::size_t>(3 * r + c)]) > 0.5f)
        return 1;
  return 0;
}
