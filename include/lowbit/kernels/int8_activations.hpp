// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/arith.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// How activations become int8, on host and device alike: x ~ scale * level, as quantize<A> has it
/// for uniform<8> with scales of `Number`. `top` is the largest magnitude of those that share the
/// scale; where it is infinite or NaN so is every result: the scale is NaN, levels are 0.
template <class Number>
LOWBIT_HD constexpr float int8_activation_scale(float top) {
  return is_finite(top) ? Number::decode(Number::encode(div_rn(top, 127.f)))
                        : bits_as<float>(0x7fc00000u);
}
/// round(x / scale) within -127 .. 127, ties to even; 0 for a scale of 0 or NaN.
LOWBIT_HD constexpr int int8_activation_level(float x, float scale) {
  if (scale == 0 || is_nan(scale)) return 0;
  const int level = round_int(div_rn(x, scale));
  return level < -127 ? -127 : level > 127 ? 127 : level;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
