// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../outliers/sparse.hpp"
#include "../ranges/mse_grid.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Uniform codes. "_full": the value of largest magnitude maps to -2^(b-1), as in ggml's Q4_0;
// "_asym": an integer zero per group; "_search": the range of least squared error.

struct int8_row : named_format<format<uniform<8>, per_row>> {
  static constexpr auto name = text("int8_row");
};
struct q8_0 : named_format<format<uniform<8>, per_group<32>>> {
  static constexpr auto name = text("q8_0");
};
struct int7_g64 : named_format<format<uniform<7>, per_group<64>>> {
  static constexpr auto name = text("int7_g64");
};
struct int6_g64 : named_format<format<uniform<6>, per_group<64>>> {
  static constexpr auto name = text("int6_g64");
};
struct int5_g64 : named_format<format<uniform<5>, per_group<64>>> {
  static constexpr auto name = text("int5_g64");
};
struct int4_g32 : named_format<format<uniform<4>, per_group<32>>> {
  static constexpr auto name = text("int4_g32");
};
struct int4_g64 : named_format<format<uniform<4>, per_group<64>>> {
  static constexpr auto name = text("int4_g64");
};
struct int4_g128 : named_format<format<uniform<4>, per_group<128>>> {
  static constexpr auto name = text("int4_g128");
};
struct q4_0 : named_format<format<uniform<4, full_range>, per_group<32>>> {
  static constexpr auto name = text("q4_0");
};
struct int4_g64_full : named_format<format<uniform<4, full_range>, per_group<64>>> {
  static constexpr auto name = text("int4_g64_full");
};
struct int4_g128_full : named_format<format<uniform<4, full_range>, per_group<128>>> {
  static constexpr auto name = text("int4_g128_full");
};
struct int4_g32_asym : named_format<format<uniform<4, asymmetric>, per_group<32>>> {
  static constexpr auto name = text("int4_g32_asym");
};
struct int4_g64_asym : named_format<format<uniform<4, asymmetric>, per_group<64>>> {
  static constexpr auto name = text("int4_g64_asym");
};
struct int4_g128_asym : named_format<format<uniform<4, asymmetric>, per_group<128>>> {
  static constexpr auto name = text("int4_g128_asym");
};
struct q4_1 : named_format<format<uniform<4, minimum>, per_group<32>>> {
  static constexpr auto name = text("q4_1");
};
struct int3_g32_asym : named_format<format<uniform<3, asymmetric>, per_group<32>>> {
  static constexpr auto name = text("int3_g32_asym");
};
struct int3_g64_asym : named_format<format<uniform<3, asymmetric>, per_group<64>>> {
  static constexpr auto name = text("int3_g64_asym");
};
struct int3_g64_search : named_format<format<uniform<3, asymmetric>, per_group<64>>> {
  static constexpr auto name = text("int3_g64_search");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return lowbit::quantize<format_type>(weights, mse_grid{}, threads);
  }
};
/// The largest 1 % of the weights apart.
struct int3_g64_sparse : named_format<format<uniform<3, asymmetric>, per_group<64>, sparse<>>> {
  static constexpr auto name = text("int3_g64_sparse");
};
struct int2_g16_asym : named_format<format<uniform<2, asymmetric>, per_group<16>>> {
  static constexpr auto name = text("int2_g16_asym");
};
struct int2_g16_search : named_format<format<uniform<2, asymmetric>, per_group<16>>> {
  static constexpr auto name = text("int2_g16_search");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return lowbit::quantize<format_type>(weights, mse_grid{}, threads);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
