// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {

struct af4_levels {
  static constexpr auto name = text("af4");
  static constexpr float levels[] = {-1,           -0.69441008f, -0.51243739f, -0.3736951f,
                                     -0.25607552f, -0.14982478f, -0.04934812f, 0,
                                     0.04273164f,  0.12934483f,  0.21961274f,  0.31675666f,
                                     0.42563882f,  0.55496234f,  0.72424863f,  1};
};

/// AbnormalFloat: the 15 levels of least expected absolute error, -1 and 1 among them, for normal
/// data that absmax has scaled in groups of 64, and 0 beside them. Code = index (bitsandbytes has
/// them the other way round). Its squared error is larger than NF4's; see learned_table for less.
/// Ties and NaN: see `table`. Source: Yoshida, "NF4 Isn't Information Theoretically Optimal (and
/// that's Good)" (arXiv 2306.06965).
using af4_table = table<af4_levels>;

}  // namespace lowbit::inline LOWBIT_ABI
