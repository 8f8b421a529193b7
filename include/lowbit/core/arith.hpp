// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic whose result decides stored bytes: one correctly rounded binary32 operation each,
// which no compiler may fuse, reassociate or widen.
//
// The danger is contraction: g++ turns a * b + c into one fused operation whenever the target has
// it, also across inlined functions and inside `#pragma GCC target` regions. A detour through
// binary64 is no help, because float(double(a) * double(b)) is known to equal a * b and is made
// that; nor is __builtin_assoc_barrier, which the vectoriser forgets. So the host passes every
// product through an empty asm statement. Sums and quotients need nothing: what is fused is always
// a product with a sum.
#pragma once
#include <cstdint>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The object of type To with the bits of `from`, on host and device (std::bit_cast is for hosts).
template <class To, class From>
LOWBIT_HD constexpr To bits_as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

/// Tests on bits: they hold under every floating-point mode.
LOWBIT_HD constexpr bool is_finite(float x) {
  return (bits_as<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u;
}
LOWBIT_HD constexpr bool is_nan(float x) {
  return (bits_as<std::uint32_t>(x) & 0x7fffffffu) > 0x7f800000u;
}
LOWBIT_HD constexpr float magnitude(float x) {
  return bits_as<float>(bits_as<std::uint32_t>(x) & 0x7fffffffu);
}

/// 2^e for -149 <= e <= 127, exact.
LOWBIT_HD constexpr float exp2_int(int e) {
  return e >= -126 ? bits_as<float>(std::uint32_t(e + 127) << 23)
                   : bits_as<float>(std::uint32_t(1) << (e + 149));
}
/// floor(log2 x) of a finite x > 0, exact, subnormals included.
LOWBIT_HD constexpr int ilog2(float x) {
  const std::uint32_t b = bits_as<std::uint32_t>(x);
  return b >= 0x00800000u ? int(b >> 23) - 127 : 31 - __builtin_clz(b) - 149;
}
/// Normal ones: 2^-126 and more.
LOWBIT_HD constexpr bool is_power_of_two(float x) {
  return x > 0 && is_finite(x) && (bits_as<std::uint32_t>(x) & 0x007fffffu) == 0;
}

namespace detail {
/// x, of which the optimiser no longer knows that it is a product.
template <class Float>
LOWBIT_HD constexpr Float opaque(Float x) {
#if !defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
#if defined(__x86_64__)
    asm("" : "+x"(x));
#elif defined(__aarch64__)
    asm("" : "+w"(x));
#else
    asm("" : "+m"(x));
#endif
  }
#endif
  return x;
}
}  // namespace detail

/// a * b, a + b, a - b rounded once, whatever the compiler would fuse. Infinities and NaN as IEEE
/// has them. (Constants are computed by the same text in both passes of nvcc.)
LOWBIT_HD constexpr float mul_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __fmul_rn(a, b);
#endif
  return detail::opaque(a * b);
}
/// The same in binary64, for products that are not exact there: (x - y)^2 and the like. (Products
/// of two floats are, fused or not.)
LOWBIT_HD constexpr double mul_rn(double a, double b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __dmul_rn(a, b);
#endif
  return detail::opaque(a * b);
}
LOWBIT_HD constexpr float add_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __fadd_rn(a, b);
#endif
  return a + b;
}
LOWBIT_HD constexpr float sub_rn(float a, float b) { return add_rn(a, -b); }
/// a / b; a / 0 is not called by the library.
LOWBIT_HD constexpr float div_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __fdiv_rn(a, b);
#endif
  return a / b;
}
/// The root of a >= 0.
LOWBIT_HD inline float sqrt_rn(float a) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(a);
#else
  return __builtin_sqrtf(a);
#endif
}
LOWBIT_HD inline double sqrt_rn(double a) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(a);
#else
  return __builtin_sqrt(a);
#endif
}

namespace detail {
/// p + q rounded to odd: the nearest number towards zero or away from it whose last bit is one,
/// where the sum is not exact. Rounded again, to at least two bits less, it is rounded right (Boldo
/// and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
LOWBIT_HD constexpr double add_to_odd(double p, double q) {
  const double s = p + q;
  const double q_part = s - p, p_part = s - q_part;
  const double lost = (p - p_part) + (q - q_part);
  std::uint64_t bits = bits_as<std::uint64_t>(s);
  // Step towards the lost part, which is NaN where the sum is infinite.
  if ((lost < 0 || lost > 0) && (bits & 1) == 0)
    bits = (lost > 0) == (s > 0) ? bits + 1 : bits - 1;
  return bits_as<double>(bits);
}
}  // namespace detail

/// a * b + c rounded once: the product is exact in binary64, fused or not.
LOWBIT_HD constexpr float fma_rn(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __fmaf_rn(a, b, c);
#endif
  return float(detail::add_to_odd(double(a) * double(b), double(c)));
}

/// Nearest integer of |x| < 2^22, ties to even, as an int: integer arithmetic on the bits, the same
/// in every rounding mode. Larger magnitudes and NaN give +-2^22.
LOWBIT_HD constexpr int round_int(float x) {
  const std::uint32_t b = bits_as<std::uint32_t>(x);
  const int e = int((b >> 23) & 255) - 127;
  if (e < -1) return 0;
  std::uint32_t m = (b & 0x007fffffu) | 0x00800000u;
  int n = 0;
  if (e >= 22) {
    n = 1 << 22;
  } else {
    const int drop = 23 - e;  // 2..24 bits below the unit
    const std::uint32_t half = std::uint32_t(1) << (drop - 1);
    n = int((m + half - 1 + ((m >> drop) & 1)) >> drop);  // no branch that depends on a fraction
  }
  return (b >> 31) != 0 ? -n : n;
}

/// Sum of values in binary64 in one fixed order, whatever the target or the number of threads: 16
/// strided partials combined pairwise. `f(i)` must be exact in binary64 (a float, a product of
/// two).
LOWBIT_TRUST_CALLEES
template <class F>
LOWBIT_HD constexpr double ordered_sum(std::int64_t n, F f) {
  double part[16] = {};
  for (std::int64_t i = 0; i < n; ++i) part[i & 15] += f(i);
  for (int step = 8; step > 0; step /= 2)
    for (int i = 0; i < step; ++i) part[i] += part[i + step];
  return part[0];
}

}  // namespace lowbit::inline LOWBIT_ABI
