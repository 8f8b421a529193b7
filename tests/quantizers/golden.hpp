// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The input of the golden vectors: x_i = ((37 i) mod 101 - 50) / 25.
#pragma once

namespace golden {

constexpr float x(int i) { return float((37 * i) % 101 - 50) / 25; }

/// Mean of f(x_i) over the first n.
template <class F>
constexpr double mean(int n, F f) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += f(double(x(i)));
  return sum / n;
}

}  // namespace golden
