// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "level_table.hpp"
#include "nearest_level.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
inline constexpr arr<float, 8> bnb_fp4_magnitudes{
    {0, 0x1.555556p-8f, 0x1.555556p-1f, 1, 0x1.555556p-2f, 0.5f, 0x1.555556p-3f, 0.25f}};
inline constexpr arr<float, 7> bnb_fp4_points = decision_points(arr<float, 8>{
    {0, 0x1.555556p-8f, 0x1.555556p-3f, 0.25f, 0x1.555556p-2f, 0.5f, 0x1.555556p-1f, 1}});
inline constexpr arr<std::uint8_t, 8> bnb_fp4_codes_ascending{{0, 1, 6, 7, 4, 5, 2, 3}};
}  // namespace detail

/// The "fp4" of bitsandbytes, which is not OCP's: magnitudes 0, 1/192, 2/3, 1, 1/3, 1/2, 1/6, 1/4
/// for codes 0 to 7, bit 3 the sign. Twelve times that is 0, 1/16, 8, 12, 4, 6, 2, 3: fields of an
/// E2M1 with bias 3 whose top exponent means something else.
/// Encodes to the nearest magnitude by the midpoints, ties to the smaller; magnitudes beyond 1
/// clamp; the sign bit is kept, so that -0 is code 8; NaN gives +-0. bitsandbytes writes its
/// decision points with 6 to 8 digits: a value within 4e-7 of one may differ there, and it encodes
/// -0 as 0. Strategy: table. Source: bitsandbytes, csrc/kernels.cu.
struct bnb_fp4 {
  static constexpr int bits = 4;
  using strategy = table_codes;
  static constexpr auto name = text("bnb_fp4");
  static constexpr float peak = 1;

  LOWBIT_HD static constexpr float decode(code_t code) {
    const float m = constant_at<detail::bnb_fp4_magnitudes>(int(code & 7));
    return (code & 8) != 0 ? -m : m;
  }
  LOWBIT_HD static constexpr code_t encode(float x) {
    const code_t sign = bits_as<std::uint32_t>(x) >> 31;
    const int rank = count_below<detail::bnb_fp4_points>(magnitude(x));
    return code_t(constant_at<detail::bnb_fp4_codes_ascending>(rank)) | sign << 3;
  }
  static constexpr code_t (*encodes_in_order)(float) = &bnb_fp4::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
