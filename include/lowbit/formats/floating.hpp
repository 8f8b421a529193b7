// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/microscaling.hpp"
#include "../quantizers/logarithmic.hpp"
#include "../quantizers/power_of_two.hpp"
#include "../ranges/four_over_six.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Small floats and powers. The mx formats are OCP's, with the scale by floor.

struct mxfp8 : named_format<format<fp8_e4m3, microscaling<32>>> {
  static constexpr auto name = text("mxfp8");
};
struct mxfp6 : named_format<format<fp6_e2m3, microscaling<32>>> {
  static constexpr auto name = text("mxfp6");
};
struct mxfp4 : named_format<format<fp4_e2m1, microscaling<32>>> {
  static constexpr auto name = text("mxfp4");
};
struct nvfp4 : named_format<format<fp4_e2m1, microscaling<16, e4m3>>> {
  static constexpr auto name = text("nvfp4");
};
struct nvfp4_four_over_six : named_format<format<fp4_e2m1, microscaling<16, e4m3>>> {
  static constexpr auto name = text("nvfp4_four_over_six");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return lowbit::quantize<format_type>(weights, four_over_six{}, threads);
  }
};
struct post4 : named_format<format<post<4>, per_group<64>>> {
  static constexpr auto name = text("post4");
};
struct log2_4 : named_format<format<logarithmic<4, base_2, symmetric>, per_group<64>>> {
  static constexpr auto name = text("log2_4");
};

}  // namespace lowbit::inline LOWBIT_ABI
