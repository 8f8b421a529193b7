// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Levels that are powers of 2 or of its square root: what logarithmic and power_of_two share.
#pragma once
#include "../concepts.hpp"
#include "nearest_level.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Bases of exponential level sets: the levels are 1, 1/base, 1/base^2 ...
struct base_2 {
  static constexpr auto name = text("2");
  static constexpr int steps = 1;  // levels per factor of 2
  static constexpr float odd_factor = 1;
};
struct base_sqrt2 {
  static constexpr auto name = text("sqrt2");
  static constexpr int steps = 2;
  static constexpr float odd_factor = 0x1.6a09e6p0f;  // sqrt 2
};

/// What an exponential level set does about zero; N = 2^Bits.
struct with_zero {  // zero takes the place of the smallest levels
  static constexpr auto name = text("with_zero");
};
struct filled {  // with zero, and the code of -0 is one power more, the next smaller one
  static constexpr auto name = text("filled");
};
struct without_zero {  // every code is a power
  static constexpr auto name = text("without_zero");
};
struct released {  // N + 1 levels as in POST's program: one bit more than its name says
  static constexpr auto name = text("released");
};

namespace detail {

/// base^-k for k >= 0: 2^-ceil(k / steps), times the odd factor where k is no multiple of steps.
/// The product is exact.
template <class Base>
LOWBIT_HD constexpr float power_level(int k) {
  const float power = exp2_int(-((k + Base::steps - 1) / Base::steps));
  return k % Base::steps == 0 ? power : power * Base::odd_factor;
}

/// Points within an octave [1, 2) at which k drops by one: those of the nearest level (decision
/// points of 1, sqrt 2, 2), and those of the nearest logarithm (1/4, 1/2, 3/4 powers of 2, rounded
/// down: they are irrational, so that there are no ties).
template <class Base>
struct linear_points;
template <>
struct linear_points<base_2> {
  static constexpr float first = 1.5f, second = 2;
};
template <>
struct linear_points<base_sqrt2> {
  static constexpr float first = decision_point(1, base_sqrt2::odd_factor),
                         second = decision_point(base_sqrt2::odd_factor, 2);
};
template <class Base>
struct logarithmic_points;
template <>
struct logarithmic_points<base_2> {
  static constexpr float first = 0x1.6a09e6p0f, second = 2;
};
template <>
struct logarithmic_points<base_sqrt2> {
  static constexpr float first = 0x1.306fep0f, second = 0x1.ae89f8p0f;
};

inline constexpr int beyond_every_power = 1 << 20;

/// The k of the level base^-k nearest to x >= 0, in the sense of Points; negative above 1. Zero and
/// subnormals give beyond_every_power, infinity and NaN something negative.
template <class Base, class Points>
LOWBIT_HD constexpr int nearest_power(float x) {
  const std::uint32_t b = bits_as<std::uint32_t>(x);
  if (b < 0x00800000u) return beyond_every_power;
  const float mantissa = bits_as<float>((b & 0x007fffffu) | 0x3f800000u);
  const int exponent = int(b >> 23) - 127;
  return -Base::steps * exponent - int(mantissa > Points::first) - int(mantissa > Points::second);
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
