// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "table.hpp"

namespace lowbit::inline LOWBIT_ABI {

struct iq4_nl_levels {
  static constexpr auto name = text("iq4_nl");
  static constexpr float levels[] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                     1,    13,   25,  38,  53,  69,  89,  113};
};

/// GGUF's non-linear 4-bit levels (IQ4_NL, IQ4_XS): int8 numbers, code = index, so that products
/// with int8 activations are exact integers. There is no zero level: 0 encodes to 1. The largest
/// value of a group goes to -127, whatever its sign. Ties and NaN: see `table`.
/// Source: ggml-common.h.
using iq4_nl_table = table<iq4_nl_levels>;

}  // namespace lowbit::inline LOWBIT_ABI
