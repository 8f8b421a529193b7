// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/power.hpp"
#include "per.hpp"
#include "per_column.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// CrossQuant: the step of element (r, c) is t_r^alpha c_c^(1 - alpha) / peak, with t_r and c_c the
/// largest magnitudes of its row and its column, and alpha = AlphaPercent / 100 (the paper's value
/// is 15; 100 is per_row, 0 per column). Stored are a scale per row, t^alpha / peak, and a factor
/// per column, c^(1 - alpha). No value is clipped but by the rounding of what is stored, because
/// |x| <= min(t, c) <= t^alpha c^(1 - alpha).
///
/// An explicit range search (absmax ...) sees the values divided by the factors of their columns:
/// absmax gives a scale that is never larger. Zero rows and columns reconstruct as zeros.
/// Source: CrossQuant, arXiv 2410.07505.
template <int AlphaPercent, class Number = f16>
struct cross : detail::with_column_factors<per_row::with<Number>, Number> {
  static_assert(AlphaPercent >= 0 && AlphaPercent <= 100,
                "lowbit::cross: the weight of the row is 0 to 100 percent");
  static constexpr float alpha = AlphaPercent / 100.f;
  static constexpr auto name =
      "cross<" + (number_text<AlphaPercent>() + ("," + (Number::name + ">")));

  template <class Q, class Plan>
  static std::vector<float> fit_columns(matrix_view<const value_of<Q>> m,
                                        const detail::value_hints&, const Plan&) {
    std::vector<float> factors(std::size_t(m.cols()));
    for (index_t r = 0; r < m.rows(); ++r)
      for (index_t c = 0; c < m.cols(); ++c) {
        float& top = factors[std::size_t(c)];
        if (magnitude(m(r, c)) > top) top = magnitude(m(r, c));
      }
    for (float& f : factors) f = f == 0 ? 0 : float(power(f, 1 - alpha));
    return factors;
  }

  /// The default search: row scales from the values as they were given.
  struct range : range_search {
    struct plan {
      std::vector<float> row_scales;
      template <class Q>
      group_params<Q> fit(const group_values<Q>& g) const {
        group_params<Q> p;
        p.scale[0] = row_scales[std::size_t(g.group.row)];
        return p;
      }
    };
    template <class Q>
      requires(!has_zero<Q> && scales_of<Q> == 1)
    plan for_matrix(matrix_view<const value_of<Q>> m)
    const {
      plan all;
      for (index_t r = 0; r < m.rows(); ++r) {
        float top = 0;
        for (index_t c = 0; c < m.cols(); ++c)
          if (magnitude(m(r, c)) > top) top = magnitude(m(r, c));
        all.row_scales.push_back(top == 0 ? 0 : div_rn(float(power(top, alpha)), peak_of<Q>));
      }
      return all;
    }
  };
};

}  // namespace lowbit::inline LOWBIT_ABI
