// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arr.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Item i of an `arr` that is an inline constexpr variable at namespace scope, in host and device
/// code alike: `constant_at<levels>(i)`.
///
/// nvcc has no such variable in device code, so there the array becomes a local constant. On the
/// host it is read where it lies: g++ would copy a local constant to the stack at every call.
template <const auto& Array>
LOWBIT_HD constexpr auto constant_at(int i) {
#if defined(__CUDA_ARCH__)
  constexpr auto local = Array;
  return local.items[i];
#else
  return Array.items[i];
#endif
}

}  // namespace lowbit::inline LOWBIT_ABI
