// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernels that encode know of a quantizer and of a group: rules and numbers, no formats.
#pragma once
#include "../../core/arr.hpp"
#include "../../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Equal steps: a position u gets the code clamp(round(u + shift), low, high) + zero_code, ties to
/// even; its level is what is clamped, plus `bias`.
struct affine_rule {
  float shift, low, high, bias;
  int zero_code;
};
/// At most sixteen codes in the order of their levels. A position gets the first code whose point
/// it is not above: points are the largest floats of each code, all compared as `ordered_bits`.
/// What fills up to sixteen is never reached.
struct point_rule {
  arr<std::int32_t, 16> points;
  arr<float, 16> levels;
  arr<std::uint8_t, 16> codes;
};
/// Small floats with a mantissa: nearest, ties to even, what is larger to `peak_code`.
struct field_rule {
  int exponent_bits, mantissa_bits, bias;
  bool is_signed;
  std::int32_t peak_code;
};

/// What is known of a run of values: none is NaN or infinite; all are 0 or of 2^-60 .. 2^60, so
/// that quotients may be found by products.
struct run_survey {
  bool finite, moderate;
};

/// The bits of a float as an integer of the same order; -0 is below 0.
constexpr std::int32_t ordered_bits(std::int32_t bits) {
  return bits ^ std::int32_t(std::uint32_t(bits >> 31) >> 1);
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
