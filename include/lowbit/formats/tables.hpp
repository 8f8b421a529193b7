// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/double_quantized.hpp"
#include "../quantizers/binary.hpp"
#include "../quantizers/bnb_fp4.hpp"
#include "../quantizers/iq4_nl.hpp"
#include "../quantizers/normal_float.hpp"
#include "../quantizers/ternary.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Level sets of few values.

struct nf4 : named_format<format<normal_float<4>, per_group<64>>> {
  static constexpr auto name = text("nf4");
};
struct nf3 : named_format<format<normal_float<3>, per_group<64>>> {
  static constexpr auto name = text("nf3");
};
struct bnb_fp4_g64 : named_format<format<bnb_fp4, per_group<64>>> {
  static constexpr auto name = text("bnb_fp4");
};
struct iq4_nl : named_format<format<iq4_nl_table, per_group<32>>> {
  static constexpr auto name = text("iq4_nl");
};
struct ternary_g64 : named_format<format<ternary, per_group<64>>> {
  static constexpr auto name = text("ternary_g64");
};
struct binary_g64 : named_format<format<binary, per_group<64>>> {
  static constexpr auto name = text("binary_g64");
};

}  // namespace lowbit::inline LOWBIT_ABI
