// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../codebooks/residual.hpp"
#include "../codebooks/vector.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Learned vectors.

struct vq_4x8 : named_format<format<vector_codebook<4, 8>, per_row>> {
  static constexpr auto name = text("vq_4x8");
};
struct rvq_4x8x4 : named_format<
                       format<residual<vector_codebook<4, 8>, vector_codebook<4, 4>>, per_row>> {
  static constexpr auto name = text("rvq_4x8x4");
};

}  // namespace lowbit::inline LOWBIT_ABI
