// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "floating.hpp"
#include "integer.hpp"
#include "tables.hpp"
#include "transformed.hpp"
#include "two_level.hpp"
#include "vectors.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Every named format of the library. A new one is one line here and appears in tools, tests,
/// benchmarks and in what load_any knows.
using known_formats =
    format_list<int8_row, q8_0, int7_g64, int6_g64, int5_g64,                             //
                int4_g32, int4_g64, int4_g128, q4_0, int4_g64_full, int4_g128_full,       //
                int4_g32_asym, int4_g64_asym, int4_g128_asym, q4_1,                       //
                int3_g32_asym, int3_g64_asym, int3_g64_search, int3_g64_sparse,           //
                int2_g16_asym, int2_g16_search,                                           //
                nf4, nf3, bnb_fp4_g64, iq4_nl, ternary_g64, binary_g64,                   //
                mxfp8, mxfp6, mxfp4, nvfp4, nvfp4_four_over_six, post4, log2_4,           //
                q4_k, q3_k, q2_k, vq_4x8, rvq_4x8x4,                                      //
                int4_g64_hadamard, complex_unit_g64, complex_unit_x2_g64>;

}  // namespace lowbit::inline LOWBIT_ABI
