// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named choices of a conversion to a narrower number. They are template arguments, so that a
// choice is visible where the conversion is written and costs nothing where it is made.
#pragma once
#include <cstdint>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Which neighbour a value between two representable ones becomes.
enum class rounding {
  nearest_even,  // the nearer; of two equally near the one with an even last bit
  nearest_away,  // the nearer; of two equally near the larger magnitude
  toward_zero,   // the smaller magnitude
  up,            // the larger value
  down           // the smaller value
};

/// What becomes of a value that rounds beyond the largest finite one.
enum class overflow {
  saturate,         // the largest finite value, for infinities too (CUDA: satfinite)
  saturate_finite,  // the largest finite value; infinities as in infinity_or_nan
  infinity_or_nan   // infinity; without infinity NaN; without NaN the largest (CUDA: nosat)
};

/// Which code a NaN becomes. A type without NaN has no right answer: under `quiet` and `all_ones`
/// it is the largest finite value, positive, so that the mistake shows (CUDA and ONNX do this).
enum class nan_policy {
  quiet,        // the positive quiet NaN with an empty payload
  all_ones,     // the positive NaN whose bits are all ones (CUDA)
  signed_quiet  // quiet, with the sign of the argument; a type without NaN: zero with the opposite
                // sign (ml_dtypes)
};

/// m / 2^n rounded to an integer; `negative` is the sign of the whole. m < 2^24, 1 <= n <= 25.
template <rounding R>
LOWBIT_HD constexpr std::uint32_t shift_right(std::uint32_t m, int n, bool negative) {
  const std::uint32_t half = std::uint32_t(1) << (n - 1), below_one = 2 * half - 1;
  std::uint32_t add = 0;
  if constexpr (R == rounding::nearest_even) add = half - 1 + ((m >> n) & 1);
  if constexpr (R == rounding::nearest_away) add = half;
  if constexpr (R == rounding::up) add = negative ? 0 : below_one;
  if constexpr (R == rounding::down) add = negative ? below_one : 0;
  return (m + add) >> n;
}

}  // namespace lowbit::inline LOWBIT_ABI
