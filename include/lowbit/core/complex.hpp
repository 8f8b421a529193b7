// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arith.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A complex number for host and device code (std::complex is neither trivial under every
/// compiler nor callable in device code, and <complex> costs 0.4 s of compile time).
struct complex32 {
  float re, im;

  friend LOWBIT_HD constexpr bool operator==(complex32 a, complex32 b) {
    return a.re == b.re && a.im == b.im;
  }
  friend LOWBIT_HD constexpr complex32 operator+(complex32 a, complex32 b) {
    return {a.re + b.re, a.im + b.im};
  }
  friend LOWBIT_HD constexpr complex32 operator-(complex32 a, complex32 b) {
    return {a.re - b.re, a.im - b.im};
  }
  friend LOWBIT_HD constexpr complex32 operator*(complex32 a, complex32 b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
};

/// re - i im.
LOWBIT_HD constexpr complex32 conjugate_of(complex32 x) { return {x.re, -x.im}; }
LOWBIT_HD constexpr bool is_finite(complex32 x) { return is_finite(x.re) && is_finite(x.im); }
/// The larger of |re| and |im|: what a scale must cover when both axes share it.
LOWBIT_HD constexpr float magnitude(complex32 x) {
  const float a = magnitude(x.re), b = magnitude(x.im);
  return a > b ? a : b;
}
LOWBIT_HD constexpr complex32 mul_rn(float a, complex32 b) {
  return {mul_rn(a, b.re), mul_rn(a, b.im)};
}
LOWBIT_HD constexpr complex32 add_rn(complex32 a, complex32 b) {
  return {add_rn(a.re, b.re), add_rn(a.im, b.im)};
}
LOWBIT_HD constexpr complex32 sub_rn(complex32 a, complex32 b) {
  return {sub_rn(a.re, b.re), sub_rn(a.im, b.im)};
}

}  // namespace lowbit::inline LOWBIT_ABI
