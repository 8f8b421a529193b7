// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Powers, logarithms and tangents whose bits are the same everywhere: libm's differ between
// libraries, and polynomials in binary64 between compilers that fuse and ones that do not. So all
// of it is integer arithmetic on fixed-point numbers. For the few values that a level set is made
// of: about half a microsecond each, usable in constant expressions.
#pragma once
#include "arith.hpp"
#include "arr.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The upper half of a product of 64-bit numbers.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t low = 0xffffffffu, a0 = a & low, a1 = a >> 32, b0 = b & low, b1 = b >> 32;
  const std::uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & low);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/// 2^n as a binary64, -1022 <= n <= 1023.
constexpr double power_of_2(int n) { return bits_as<double>(std::uint64_t(n + 1023) << 52); }

/// Rotations by the angles atan(2^-i) (CORDIC; Volder 1959): shifts and sums of numbers with 60
/// bits after the point.
struct rotation {
  static constexpr int bits = 60;
  static constexpr double unit = power_of_2(bits);
  std::int64_t x, y, angle;

  /// atan(2^-i), in units of 2^-60: the series t - t^3/3 + t^5/5 ...
  static constexpr arr<std::int64_t, bits> angles() {
    arr<std::int64_t, bits> all{};
    all[0] = 0x0c90fdaa22168c23;  // pi / 4
    for (int i = 1; i < bits; ++i)
      for (int k = 0, shift = i; shift < bits; ++k, shift += 2 * i) {
        const std::int64_t term = (std::int64_t(1) << (bits - shift)) / (2 * k + 1);
        all[i] += k % 2 == 0 ? term : -term;
      }
    return all;
  }

  /// Turns by +-atan(2^-i), i = 0, 1 ..., always so that `turn_back(*this)` changes sign.
  template <class F>
  constexpr void turn(F turn_back) {
    constexpr arr<std::int64_t, bits> all = angles();
    for (int i = 0; i < bits; ++i) {
      const std::int64_t s = turn_back(*this) ? -1 : 1, dx = y >> i, dy = x >> i;
      x -= s * dx;
      y += s * dy;
      angle -= s * all.items[i];
    }
  }
  /// 52 of the bits, exact as a binary64.
  static constexpr double number(std::int64_t v) { return double(v >> 8) * power_of_2(8 - bits); }
};

}  // namespace detail

/// 2^x, |x| <= 1000; relative error below 2^-51.
constexpr double portable_exp2(double x) {
  int n = int(x);
  if (x < double(n)) --n;  // floor
  // 2^f = e^t, t = f log 2, by the series of e^t; t with 64, the terms with 62 bits.
  const std::uint64_t f = std::uint64_t((x - double(n)) * detail::power_of_2(63)) << 1;
  const std::uint64_t t = detail::multiply_high(f, 0xb17217f7d1cf79abu);
  std::uint64_t term = std::uint64_t(1) << 62, sum = term;
  for (std::uint64_t k = 1; term != 0; ++k) {
    term = detail::multiply_high(term, t) / k;
    sum += term;
  }
  return double(sum >> 10) * detail::power_of_2(-52) * detail::power_of_2(n);
}

/// log2 x of a normal, positive binary64; error below 2^-50.
constexpr double portable_log2(double x) {
  const std::uint64_t b = bits_as<std::uint64_t>(x);
  const int exponent = int(b >> 52) - 1023;
  std::uint64_t m = (b << 11) | std::uint64_t(1) << 63, fraction = 0;  // [1, 2), 63 bits
  for (int i = 0; i < 52; ++i) {  // squaring doubles the logarithm: its next bit comes out on top
    m = detail::multiply_high(m, m);
    fraction = fraction << 1 | m >> 63;
    if (m >> 63 == 0) m <<= 1;
  }
  return double(exponent) + double(fraction) * detail::power_of_2(-52);
}

/// tan a, 0 <= a <= 1.57; absolute error of sine and cosine below 2^-50.
constexpr double portable_tan(double a) {
  detail::rotation r{std::int64_t(1) << detail::rotation::bits, 0,
                     std::int64_t(a * detail::rotation::unit)};
  r.turn([](const detail::rotation& at) { return at.angle < 0; });
  return detail::rotation::number(r.y) / detail::rotation::number(r.x);
}

/// atan t, t >= 0 and finite, in radians; absolute error below 2^-50.
constexpr double portable_atan(double t) {
  const double x = t > 1 ? 1 / t : 1, y = t > 1 ? 1 : t;
  detail::rotation r{std::int64_t(x * detail::rotation::unit),
                     std::int64_t(y * detail::rotation::unit), 0};
  r.turn([](const detail::rotation& at) { return at.y > 0; });
  return detail::rotation::number(r.angle);
}

}  // namespace lowbit::inline LOWBIT_ABI
