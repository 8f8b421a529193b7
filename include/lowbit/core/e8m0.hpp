// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arith.hpp"
#include "rounding.hpp"
#include "span.hpp"
#include "strategy.hpp"
#include "text.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// OCP's UE8M0, the scale of MX formats: code c is 2^(c - 127), 255 is NaN; no zero, no sign, no
/// infinity. Code 0 is 2^-127, a subnormal of binary32 (a minifloat would have zero there).
struct e8m0 {
  using strategy = field_codes;
  static constexpr int bits = 8, exponent_bits = 8, mantissa_bits = 0, bias = 127;
  static constexpr bool is_signed = false;
  static constexpr auto name = text("e8m0");
  static constexpr code_t peak_code = 254, nan_code = 255;
  static constexpr float peak = exp2_int(127);

  LOWBIT_HD static constexpr float decode(code_t code) {
    const std::uint32_t c = code & 255;
    if (c == nan_code) return bits_as<float>(0x7fc00000u);
    return bits_as<float>(c == 0 ? 0x00400000u : c << 23);
  }

  /// The nearest power of two, ties up; zero and all below 2^-127 give code 0, negative values
  /// too; beyond peak, and infinity, code 254; NaN code 255.
  LOWBIT_HD static constexpr code_t encode(float x) { return encode_as(x); }

  /// The three roundings in use: `down` (OCP, GGUF: floor), `nearest_even` (ties up, for one digit
  /// is never even), `up` (NVIDIA's recipe). toward_zero and nearest_away mean the same as down
  /// and nearest_even. Where the overflow policy asks for infinity it is NaN: there is no infinity.
  template <rounding R = rounding::nearest_even, overflow O = overflow::saturate>
  LOWBIT_HD static constexpr code_t encode_as(float x) {
    const std::uint32_t b = bits_as<std::uint32_t>(x);
    if ((b & 0x7fffffffu) > 0x7f800000u) return nan_code;
    if (b >> 31 != 0 || b <= 0x00400000u) return 0;
    // A code step is 2^23 of binary32's bits, in the subnormal octave (2^-127, 2^-126) as well
    // once its leading 1 stands where the others have theirs.
    const std::uint32_t a = b >= 0x00800000u ? b : (b << 1) & 0x007fffffu;
    std::uint32_t code = a >> 23;
    if constexpr (R == rounding::up) code = (a + 0x007fffffu) >> 23;
    if constexpr (R == rounding::nearest_even || R == rounding::nearest_away)
      code = (a + 0x00400000u) >> 23;
    if (code <= peak_code) return code;
    const bool finite = b < 0x7f800000u;
    return O == overflow::saturate || (O == overflow::saturate_finite && finite) ? peak_code
                                                                                 : nan_code;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
