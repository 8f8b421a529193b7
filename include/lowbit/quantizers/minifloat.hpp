// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The small floats in use, by the names of their field. Each is a quantizer and a scale type.
#pragma once
#include "../concepts.hpp"
#include "../core/e8m0.hpp"
#include "../core/minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// binary32 as a 32-bit code: nothing is rounded, every bit kept, infinities and NaN included.
struct f32 {
  using strategy = field_codes;
  static constexpr int bits = 32, exponent_bits = 8, mantissa_bits = 23, bias = 127;
  static constexpr bool is_signed = true;
  static constexpr auto name = text("f32");
  static constexpr float peak = 0x1.fffffep127f;
  LOWBIT_HD static constexpr float decode(code_t code) { return bits_as<float>(code); }
  LOWBIT_HD static constexpr code_t encode(float x) { return bits_as<code_t>(x); }
};

using f16 = minifloat<5, 10, flavour::ieee>;  // IEEE binary16, +-65504
using bf16 = minifloat<8, 7, flavour::ieee>;  // the upper half of a binary32

using fp4_e2m1 = minifloat<2, 1, flavour::finite>;  // OCP: 0 .5 1 1.5 2 3 4 6
using fp4_e1m2 = minifloat<1, 2, flavour::finite>;  // 0 .5 1 ... 3.5: uniform
using fp4_e3m0 = minifloat<3, 0, flavour::finite>;  // 0 .25 .5 1 ... 16
using fp6_e2m3 = minifloat<2, 3, flavour::finite>;  // OCP, +-7.5
using fp6_e3m2 = minifloat<3, 2, flavour::finite>;  // OCP, +-28
using fp8_e4m3 = minifloat<4, 3, flavour::fn>;      // OCP, +-448, no infinity
using fp8_e5m2 = minifloat<5, 2, flavour::ieee>;    // OCP, +-57344

using e4m3 = fp8_e4m3;
using e4m3_ieee = minifloat<4, 3, flavour::ieee>;  // +-240, with infinity: not OCP's
using e5m2 = fp8_e5m2;
/// NVFP4's scale without the sign that it never has: 7 bits. Files store it in a byte, that is as
/// an e4m3.
using ue4m3 = minifloat<4, 3, flavour::fn, 7, false>;

}  // namespace lowbit::inline LOWBIT_ABI
