// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/arith.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// How levels become int8, on host and device alike: level = unit * (value + zero_shift), exactly
/// where a power of two makes all of them integers (uniform, E2M1, ternary ...), else rounded to
/// unit = peak / 127 (NF4, user tables).
struct int8_scale {
  float unit = 1;
  float zero_shift = 0;  // what an integer zero must be reduced by; unit is 1 then
  bool exact = false;

  /// The int8 of a level. NaN and infinity, which no valid matrix holds, count as 0.
  LOWBIT_HD constexpr std::int8_t value(float level) const {
    const float v = is_finite(level) ? level : 0;
    return std::int8_t(exact ? int((v - zero_shift) / unit) : round_int(div_rn(v, unit)));
  }
};

/// For the levels levels[0] .. levels[count - 1], each asked once. An asymmetric set of 8 bits
/// (0 .. 255) is moved by 128 if it may be. Codes of NaN and infinity must not set the unit.
template <class Levels>
LOWBIT_HD constexpr int8_scale find_int8_scale(const Levels& levels, int count, bool may_shift) {
  constexpr int powers = 7;  // 2^0 .. 2^6
  float top = 0, least = 0, most = 0;
  unsigned whole_numbers = (1u << powers) - 1;
  for (int i = 0; i < count; ++i) {
    float v = levels[i];
    if (!is_finite(v)) v = 0;
    top = magnitude(v) > top ? magnitude(v) : top;
    least = v < least ? v : least;
    most = v > most ? v : most;
    if (!(v >= -128 && v <= 127)) {
      whole_numbers = 0;
    } else {
      for (int k = 0; k < powers; ++k) {
        const float scaled = v * float(1 << k);
        if (!(scaled >= -128 && scaled <= 127 && float(int(scaled)) == scaled))
          whole_numbers &= ~(1u << k);
      }
    }
  }
  int8_scale s;
  if (may_shift && least >= 0 && most > 127) {
    s.zero_shift = 128;
    s.exact = true;
  } else if (whole_numbers != 0) {
    int k = 0;
    while ((whole_numbers >> k & 1) == 0) ++k;
    s.unit = exp2_int(-k);
    s.exact = true;
  } else if (top > 0) {
    s.unit = div_rn(top, 127.f);
  }
  return s;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
