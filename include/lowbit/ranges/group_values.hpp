// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../kernels/host/ops.hpp"
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What a range search sees of one group.
template <class Q>
struct group_values {
  span<const value_of<Q>> values;  // row by row, outliers left out; may be empty
  span<const float> importance;    // one weight per value, or empty: all 1
  position group{};                // where the group is in the grid of groups
  /// The zero is stored by codes of one sign, so that a range must contain 0.
  bool contains_zero = zero_of<Q> == zero_kind::integer;
  /// Scales of both signs can be stored.
  bool signed_scale = true;
  /// What becomes of a scale or zero once it is stored (rounding of a number; identity where the
  /// parameter is quantized in its turn, which no single group can know).
  float (*stored_scale)(float) = &as_it_is;
  float (*stored_zero)(float) = &as_it_is;
  bool stores_finite = false;    // what is finite is stored as something finite
  bool scales_in_order = false;  // of two scales the larger is never stored as the smaller one
  /// Kernels of an instruction set (see kernels/host/encoders.hpp), for the same results in less
  /// time; `runtime` and null: plain loops.
  arch target = arch::runtime;
  bool moderate = false;  // what kernels want to know (see run_survey)
  void (*find_extremes)(const float* x, index_t n, float* low, float* high) = nullptr;

  LOWBIT_HD float weight(index_t i) const { return importance.empty() ? 1.f : importance[i]; }
  LOWBIT_HD static float as_it_is(float x) { return x; }
};

/// A search that fits the quantizer Q.
template <class R, class Q>
concept range_for = requires(const R& r, const group_values<Q>& g) {
  { r.template fit<Q>(g) } -> std::same_as<group_params<Q>>;
};

/// A search whose `fit` is LOWBIT_HD and allocates nothing says `fits_anywhere = true`: then it
/// runs on a device too (gpu/offline/quantize.hpp).
template <class R>
inline constexpr bool runs_anywhere = false;
template <class R>
  requires requires { R::fits_anywhere; }
inline constexpr bool runs_anywhere<R> = R::fits_anywhere;

/// A range search that must see the whole matrix first: `for_matrix<Q>(values)` returns the search
/// for its groups, which may also say how the scales are quantized in their turn (`scale_range()`);
/// `scale_plane` then names the only way of storing them that it fits. It sees the values before
/// column factors are divided out.
template <class R, class Q>
concept plans_matrix = requires(const R& r, matrix_view<const value_of<Q>> m) {
  r.template for_matrix<Q>(m);
};

/// Several level sets, each a quantizer: a search is asked once for each of them.
template <class Q>
concept fits_each_table = has_selectors<Q> && requires {
  typename Q::template table<0>;
};

namespace detail {
template <class R, class Q>
inline constexpr bool searches_for = range_for<R, Q> || plans_matrix<R, Q>;
template <class R, fits_each_table Q>
inline constexpr bool searches_for<R, Q> = []<int... K>(std::integer_sequence<int, K...>) {
  return (... && range_for<R, typename Q::template table<K>>);
}
(std::make_integer_sequence<int, selectors_of<Q>>());
}  // namespace detail

template <class R, class Q>
concept range_search_for = detail::searches_for<R, Q>;

namespace detail {
/// The least and the largest value of a group that is not empty, of equal ones the first.
template <class Q>
struct extremes_of {
  float low, high;

  LOWBIT_HD explicit extremes_of(const group_values<Q>& g) : low(g.values[0]), high(low) {
    if (g.find_extremes != nullptr) {
      g.find_extremes(g.values.data(), g.values.size(), &low, &high);
      if (low != 0 && high != 0) return;
      low = high = g.values[0];  // which zero is the first?
    }
    for (const float x : g.values) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
  }
};

template <class Q>
LOWBIT_HD float largest_magnitude(const group_values<Q>& g) {
  if constexpr (std::same_as<value_of<Q>, float>)
    if (g.find_extremes != nullptr && g.values.size() > 0) {
      float low, high;
      g.find_extremes(g.values.data(), g.values.size(), &low, &high);
      return magnitude(low) > magnitude(high) ? magnitude(low) : magnitude(high);
    }
  float top = 0;
  for (const value_of<Q>& x : g.values) top = magnitude(x) > top ? magnitude(x) : top;
  return top;
}
/// The first value of largest magnitude; 0 of a group that is empty or all 0.
template <class Q>
LOWBIT_HD value_of<Q> largest_value(const group_values<Q>& g) {
  if constexpr (std::same_as<value_of<Q>, float>)
    if (g.find_extremes != nullptr && g.values.size() > 0) {
      float low, high;
      g.find_extremes(g.values.data(), g.values.size(), &low, &high);
      const float ends[] = {high, low};  // which of them is larger is as good as random
      if (-low != high) return ends[-low > high];
    }
  value_of<Q> top{};
  for (const value_of<Q>& x : g.values)
    if (magnitude(x) > magnitude(top)) top = x;
  return top;
}

/// The parameters that a search found, if they can be stored: one that was given nonsense, or a
/// user's, must not fill a matrix with NaN. Throws error not_finite.
template <class Q>
const group_params<Q>& checked_params(const group_values<Q>& g, const group_params<Q>& p) {
  if constexpr (scales_of<Q> == 1)
    if (g.stores_finite && is_finite(p.scale[0]) && (!has_zero<Q> || is_finite(p.zero))) return p;
  const auto check = [&](const char* what, float x, float stored) {
    if (!is_finite(stored))
      fail(errc::not_finite, "range_search",
           message("found the ", what, " ", x, " for group (", g.group.row, ", ", g.group.col,
                   "), expected a finite number"));
  };
  for (int k = 0; k < scales_of<Q>; ++k) check("scale", p.scale[k], g.stored_scale(p.scale[k]));
  if constexpr (has_zero<Q>) check("zero", p.zero, g.stored_zero(p.zero));
  return p;
}
}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
