// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arith.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// (((c0 t + c1) t + c2) t + ...), every step rounded.
template <class... Rest>
LOWBIT_HD constexpr float polynomial(float t, float c0, Rest... rest) {
  float sum = c0;
  ((sum = add_rn(mul_rn(sum, t), rest)), ...);
  return sum;
}

/// -log y of 0 < y <= 1 by the series of artanh: relative error below 3e-7.
LOWBIT_HD constexpr float minus_log(float y) {
  int e = ilog2(y);
  float m = mul_rn(y, exp2_int(-e));  // [1, 2)
  if (m >= 1.5f) {                    // [0.75, 1.5): no cancellation near y = 1
    m = mul_rn(m, 0.5f);
    ++e;
  }
  const float s = div_rn(add_rn(m, -1.0f), add_rn(m, 1.0f)), s2 = mul_rn(s, s);
  const float series = polynomial(s2, 2.0f / 11, 2.0f / 9, 2.0f / 7, 2.0f / 5, 2.0f / 3, 2.0f);
  return sub_rn(mul_rn(float(-e), 0.693147180559945309f), mul_rn(s, series));
}
}  // namespace detail

/// The standard normal quantile of probability 1/2 + k / 2^32, where k = bits + 1/2 read as a
/// two's complement number: odd in k, from -6.34 to 6.23. Relative error below 6e-7.
///
/// z = x f(w) with x = 2p - 1 and w = -log(1 - x^2), the form of Giles, "Approximating the erfinv
/// function" (2010), but with f by three minimax polynomials of our own, so that one needs neither
/// a square root nor the mathematical library: products, sums and one quotient in a fixed order.
LOWBIT_HD constexpr float normal_quantile(std::uint32_t bits) {
  const bool negative = bits >> 31 != 0;
  const std::uint32_t k = 2 * (negative ? ~bits : bits) + 1;  // 2 |k|, odd, below 2^32
  const float x = mul_rn(float(k), exp2_int(-32));
  const float tail = mul_rn(float(0u - k), exp2_int(-32));  // 1 - x, accurate where it is small
  const float w = detail::minus_log(mul_rn(tail, add_rn(1.0f, x)));
  float f = 0;
  if (w < 5) {
    f = detail::polynomial(mul_rn(add_rn(w, -2.5f), 0.4f), 6.15762838e-05f, 0.000296694285f,
                           -0.00121839973f, -0.000607225869f, 0.0120761795f, -0.0277032834f,
                           -0.0369260684f, 0.872006655f, 2.12331367f);
  } else if (w < 11) {
    f = detail::polynomial(mul_rn(add_rn(w, -8.0f), 1.0f / 3), -7.46868027e-05f, 0.000201005823f,
                           -0.000158350726f, -0.00104187347f, 0.00937354937f, -0.0643409193f,
                           0.748220861f, 3.76384258f);
  } else {  // up to 21.5
    f = detail::polynomial(mul_rn(add_rn(w, -16.6f), 1.0f / 5.6f), 3.53182841e-05f,
                           -0.000157558825f, 0.000613646174f, -0.00273050461f, 0.0134808868f,
                           -0.0820419788f, 0.981289029f, 5.53637123f);
  }
  const float z = mul_rn(x, f);
  return negative ? -z : z;
}

}  // namespace lowbit::inline LOWBIT_ABI
