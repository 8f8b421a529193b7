// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../ranges/axis_mean.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The fourth roots of unity, for complex weights in two bits: codes 0, 1, 2, 3 are +1, -1, +i, -i;
/// bit 1 chooses the axis, bit 0 the sign. So a product with a code adds, subtracts and swaps, and
/// never multiplies. A group has two scales, of the real and of the imaginary axis: the values are
/// +-S_re and +-i S_im. (Whether a product conjugates its activations is the product's business.)
///
/// Encodes the phase: [-pi/4, pi/4) is +1, [pi/4, 3pi/4) is +i, [3pi/4, 5pi/4) is -1, the rest -i:
/// an angle on an edge belongs to the sector above it. Exact comparisons of the two parts; scales
/// play no role. Zero (of any sign) becomes +1. A NaN part gives -i.
/// Source: PhaseQuant of iFairy (arXiv 2508.05571).
struct complex_unit {
  using strategy = axis_codes;
  using range = axis_mean;
  static constexpr int bits = 2, scales = 2;
  static constexpr auto name = text("complex_unit");
  static constexpr float peak = 1;

  LOWBIT_HD static constexpr complex32 decode(code_t code) {
    const float unit = (code & 1) != 0 ? -1.f : 1.f;
    return (code & 2) != 0 ? complex32{0, unit} : complex32{unit, 0};
  }
  LOWBIT_HD static constexpr code_t encode(complex32 x) {
    const float a = x.re, b = x.im;
    if ((a > 0 && -a <= b && b < a) || (a == 0 && b == 0)) return 0;
    if (b > 0 && -b < a && a <= b) return 2;
    if (a < 0 && a < b && b <= -a) return 1;
    return 3;
  }

  LOWBIT_HD static constexpr complex32 scaled(complex32 level, const arr<float, 2>& scale) {
    return {mul_rn(scale[0], level.re), mul_rn(scale[1], level.im)};
  }
  LOWBIT_HD static constexpr complex32 unscaled(complex32 x, const arr<float, 2>&) { return x; }
};

}  // namespace lowbit::inline LOWBIT_ABI
