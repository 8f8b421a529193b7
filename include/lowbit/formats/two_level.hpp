// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/two_level.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Groups whose scales and minima are codes in their turn, as in ggml's K-quants (the values, not
// the byte order, of the formats named).

struct q4_k : named_format<format<uniform<4, minimum>, lowbit::two_level<32, 8, uniform<6>>>> {
  static constexpr auto name = text("q4_k");
};
struct q3_k
    : named_format<
          format<uniform<3, full_range>, lowbit::two_level<16, 16, uniform<6, full_range>>>> {
  static constexpr auto name = text("q3_k");
};
struct q2_k : named_format<format<uniform<2, minimum>, lowbit::two_level<16, 16, uniform<4>>>> {
  static constexpr auto name = text("q2_k");
};

}  // namespace lowbit::inline LOWBIT_ABI
