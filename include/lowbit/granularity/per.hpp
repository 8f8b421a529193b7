// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "blocks.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// One scale for the whole matrix, for each row, for each run of C columns of a row, for each tile.
/// Scales are f16 unless said otherwise: per_group<64, bf16>, per_row::with<f32>. An f16 is at most
/// 65504, so that values beyond that many steps are clipped, and 0 below 3e-8, so that groups of
/// such steps become 0: matrices of unusual size want bf16 or f32.
using per_tensor = blocks<whole, whole, f16>;
using per_row = blocks<1, whole, f16>;
template <int C, class Scale = f16, class Zero = zero_of_quantizer>
using per_group = blocks<1, C, Scale, Zero>;
template <int R, int C, class Scale = f16, class Zero = zero_of_quantizer>
using per_block = blocks<R, C, Scale, Zero>;

}  // namespace lowbit::inline LOWBIT_ABI
