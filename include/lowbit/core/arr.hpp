// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// N values, usable in host and device code: a block of a codebook, the scales of a group.
template <class T, int N>
struct arr {
  T items[N];
  LOWBIT_HD constexpr T& operator[](int i) { return items[i]; }
  LOWBIT_HD constexpr const T& operator[](int i) const { return items[i]; }
};

}  // namespace lowbit::inline LOWBIT_ABI
