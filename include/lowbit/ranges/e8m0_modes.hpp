// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Power-of-two scales of MX blocks: S = 2^E from A = max|x|, the top level L of the quantizer and
// its exponent e = floor(log2 L). E is clamped to -127..127; an all-zero block has E = -127, as OCP
// and torchao have it. All exponents are read from bits. Source: OCP Microscaling Formats 1.0;
// ScaleCalculationMode of torchao's mx_formats. Importance matters to `e8m0_best` only.
#pragma once
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

template <class Q>
concept takes_power_of_two = !has_zero<Q> && scales_of<Q> == 1;

template <class Q>
LOWBIT_HD group_params<Q> power_of_two_scale(int exponent) {
  group_params<Q> p{};
  p.scale[0] = exp2_int(exponent < -127 ? -127 : exponent > 127 ? 127 : exponent);
  return p;
}

/// Digits after the leading one of the levels in the topmost octave.
template <class Q>
constexpr int top_digits() {
  if constexpr (requires { Q::mantissa_bits; })
    return Q::mantissa_bits;
  else
    return ilog2(peak_of<Q>);  // steps of 1
}

}  // namespace detail

/// E = floor(log2 A) - e, the rule of the OCP specification and the default of microscaling.
/// Values whose mantissa exceeds that of L are clipped to L.
struct e8m0_floor : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(detail::takes_power_of_two<Q>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    return for_top<Q>(detail::largest_magnitude(g));
  }
  template <class Q>
    requires(detail::takes_power_of_two<Q>)
  LOWBIT_HD static group_params<Q> for_top(float top) {
    return detail::power_of_two_scale<Q>(top == 0 ? -127 : ilog2(top) - ilog2(peak_of<Q>));
  }
};

/// E = floor(log2 A') - e with A' = A rounded to the digits of the topmost levels: what would round
/// up to the next power of two gets it. Needs levels with a mantissa, or integers.
struct e8m0_even : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(detail::takes_power_of_two<Q> && (std::same_as<strategy_of<Q>, field_codes> ||
                                               std::same_as<strategy_of<Q>, affine_codes>))
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    const float top = detail::largest_magnitude(g);
    const std::uint32_t half = std::uint32_t(1) << (22 - detail::top_digits<Q>());
    const float rounded = bits_as<float>(bits_as<std::uint32_t>(top) + half);
    return detail::power_of_two_scale<Q>(top == 0 ? -127 : ilog2(rounded) - ilog2(peak_of<Q>));
  }
};

/// E = ceil(log2 A) - e: A is at most the power of two below L, and nothing is clipped.
struct e8m0_ceil : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(detail::takes_power_of_two<Q>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    const float top = detail::largest_magnitude(g);
    if (top == 0) return detail::power_of_two_scale<Q>(-127);
    const int exponent = ilog2(top) + int(top > exp2_int(ilog2(top)));
    return detail::power_of_two_scale<Q>(exponent - ilog2(peak_of<Q>));
  }
};

/// E = ceil(log2(A / L)): the smallest power of two that clips nothing (NVIDIA's recipe).
struct e8m0_rceil : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(detail::takes_power_of_two<Q>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    const float top = detail::largest_magnitude(g);
    if (top == 0) return detail::power_of_two_scale<Q>(-127);
    const int e = ilog2(top) - ilog2(peak_of<Q>);
    const double two_to_e = bits_as<double>(std::uint64_t(e + 1023) << 52);  // e may leave a float
    return detail::power_of_two_scale<Q>(e + int(double(top) > two_to_e * double(peak_of<Q>)));
  }
};

/// The best of floor's E - 1, E and E + 1 by squared error; ties take the larger.
struct e8m0_best : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(detail::takes_power_of_two<Q> && dim_of<Q> == 1 && !has_state<Q>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    const int middle = ilog2(e8m0_floor{}.fit<Q>(g).scale[0]);
    group_params<Q> best = detail::power_of_two_scale<Q>(middle + 1);
    double least = group_error(g, best);
    for (int e = middle; e >= middle - 1; --e) {
      const group_params<Q> p = detail::power_of_two_scale<Q>(e);
      const double error = group_error(g, p);
      if (error < least) {
        least = error;
        best = p;
      }
    }
    return best;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
