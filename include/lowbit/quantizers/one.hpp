// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/span.hpp"
#include "../core/text.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The number 1, in no bits at all. As a parameter, `scaled<one, per_tensor::with<f32>>` is one f32
/// that every group shares.
struct one {
  static constexpr int bits = 0;
  static constexpr auto name = text("one");
  static constexpr float peak = 1;
  static constexpr float signed_peak = 1;  // so that the shared value keeps its sign
  LOWBIT_HD static constexpr float decode(code_t) { return 1; }
  LOWBIT_HD static constexpr code_t encode(float) { return 0; }
};

}  // namespace lowbit::inline LOWBIT_ABI
