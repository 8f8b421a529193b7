// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../ranges/ternary_optimal.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Three levels in two bits: codes 0, 1, 2 are -1, 0, +1 (as in TQ2_0 and bitnet.cpp); code 3 is
/// not valid and never produced. Encodes to the nearest level: +-1/2, a tie, becomes 0; NaN 0.
/// The default scale is the one of least squared error, found exactly; BitNet's is `absmean`.
/// Strategy: affine, level = code - 1. Five per byte: the codebook `trits5`.
struct ternary {
  using strategy = affine_codes;
  using range = ternary_optimal;
  static constexpr int bits = 2;
  static constexpr auto name = text("ternary");
  static constexpr float slope = 1, intercept = -1, peak = 1;

  static constexpr bool valid(code_t code) { return code != 3; }
  LOWBIT_HD static constexpr float decode(code_t code) { return float(int(code) - 1); }
  LOWBIT_HD static constexpr code_t encode(float x) { return x > 0.5f ? 2u : x < -0.5f ? 0u : 1u; }
  static constexpr code_t (*encodes_in_order)(float) = &ternary::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
