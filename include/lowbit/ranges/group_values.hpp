// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What a range search sees of one group.
template <class Q>
struct group_values {
  span<const value_of<Q>> values;  // row by row, outliers left out; may be empty
  span<const float> importance;    // one weight per value, or empty: all 1
  /// What becomes of a scale or zero once it is stored (rounding of a number; identity where the
  /// parameter is quantized in its turn, which no single group can know).
  float (*stored_scale)(float) = [](float s) { return s; };
  float (*stored_zero)(float) = [](float z) { return z; };

  float weight(index_t i) const { return importance.empty() ? 1.f : importance[i]; }
};

/// A search that fits the quantizer Q.
template <class R, class Q>
concept range_for = requires(const R& r, const group_values<Q>& g) {
  { r.template fit<Q>(g) } -> std::same_as<group_params<Q>>;
};

/// Squared error of a group under given parameters, weighted; in binary64, in a fixed order.
/// Levels must be in the type: a search cannot decode levels that are learned after it.
template <class Q>
double group_error(const group_values<Q>& g, const group_params<Q>& p) {
  static_assert(!has_state<Q>,
                "lowbit: a search that tries levels needs them in the type; learned levels come "
                "after the ranges");
  return ordered_sum(g.values.size(), [&](index_t i) {
    const value_of<Q> x = g.values[i];
    const value_of<Q> y =
        reconstruct<Q>(decode_in<Q>(Q{}, encode_in<Q>(Q{}, normalize<Q>(x, p), p), p), p);
    if constexpr (std::same_as<value_of<Q>, float>) {
      const double d = double(x) - double(y);
      return d * d * double(g.weight(i));
    } else {
      const double a = double(x.re) - double(y.re), b = double(x.im) - double(y.im);
      return (a * a + b * b) * double(g.weight(i));
    }
  });
}

}  // namespace lowbit::inline LOWBIT_ABI
