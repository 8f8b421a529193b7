// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/displaced.hpp"
#include "per.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Double quantization: groups of G values along a row whose scales, less one offset for the
/// matrix, are coded by `Number` in groups of `Super` scales with one `SuperScale`.
///
///   double_quantized<64, Q, 256>                       QLoRA: 8-bit codes Q of both signs, the
///                                                      offset is the mean; 0.127 bits per weight
///   double_quantized<64, uniform<8, nonnegative>, 256> LQ-LoRA: the offset is the least scale
template <int G, class Number, int Super = 256, class SuperScale = f32>
using double_quantized = per_group<G, scaled<displaced<Number>, per_group<Super, SuperScale>>>;

}  // namespace lowbit::inline LOWBIT_ABI
