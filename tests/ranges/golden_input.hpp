// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

namespace test {

/// The input of the golden vectors: x_i = ((37 i) mod 101 - 50) / 25, computed in binary64.
inline std::vector<float> golden_input(int n) {
  std::vector<float> x;
  for (int i = 0; i < n; ++i) x.push_back(float((37 * i % 101 - 50) / 25.0));
  return x;
}

}  // namespace test
