// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../ranges/mean_magnitude.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// One bit: code 0 is -1, code 1 is +1. Encodes the sign; 0, -0 and NaN become +1. The default
/// scale is the mean magnitude, which is optimal. Strategy: affine, level = 2 code - 1.
/// (BitNet's 1-bit weights are centred first: W - mean W; that is a transform.)
struct binary {
  using strategy = affine_codes;
  using range = mean_magnitude;
  static constexpr int bits = 1;
  static constexpr auto name = text("binary");
  static constexpr float slope = 2, intercept = -1, peak = 1;

  LOWBIT_HD static constexpr float decode(code_t code) { return (code & 1) != 0 ? 1.f : -1.f; }
  LOWBIT_HD static constexpr code_t encode(float x) { return x < 0 ? 0u : 1u; }
  static constexpr code_t (*encodes_in_order)(float) = &binary::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
