// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

/// A level set of one's own: Fibonacci numbers in three bits. Plain constexpr C++, which knows
/// nothing of lowbit or CUDA.
struct fib3 {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) {
    constexpr float levels[] = {-5, -3, -2, -1, 1, 2, 3, 5};
    return levels[code];
  }
  static constexpr unsigned encode(float x) {  // the nearest level
    unsigned code = 0;
    while (code < 7 && x > (decode(code) + decode(code + 1)) / 2) ++code;
    return code;
  }
};
