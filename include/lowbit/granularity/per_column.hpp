// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../importance.hpp"
#include "../ranges/group_values.hpp"
#include "blocks.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// Base of granularities with a factor per column: `Base` stores the rest, `Number` the factors.
/// The factors lie along the inner dimension of a product, so that a kernel folds them into the
/// other operand. Stored as one row, "columns".
template <class Base, class Number>
struct with_column_factors : Base {
  using base_type = Base;
  using column_number = Number;
  using columns_plane = param_plane_of<Number>;
  /// Factors of columns stay one canonical row.
  template <class Layout>
  using laid = with_column_factors<groups_in<Base, Layout>, Number>;

  template <class Place, class Q>
    requires(!has_several_scales<Q> || !has_zero<Q>)  // else no factor can be taken out of them
  struct data : Base::template data<Place, Q> {
    typename columns_plane::template data<Place> columns{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      Base::template data<Place, Q>::each(visit, at, self...);
      columns_plane::template data<Place>::each(visit, at / "columns", self.columns...);
    }
    void set_shape(extent e) {
      Base::template data<Place, Q>::set_shape(e);
      columns.set_shape({1, e.cols});
    }
    void validate(const path& at, extent e) const requires(std::same_as<Place, borrowed>) {
      Base::template data<Place, Q>::validate(at, e);
      columns.validate(at / "columns", {1, e.cols});
    }
    LOWBIT_HD float column(index_t c) const requires(std::same_as<Place, borrowed>) {
      return columns.at(0, c);
    }
  };
};

}  // namespace detail

/// One scale for each column and nothing else: the scale of element (r, c) is that of column c.
/// It is found by the range search like that of any group (absmax unless said otherwise). For
/// quantizers with one scale and no zero; the zeros of columns would have to be multiplied with the
/// other operand once more.
template <class Number>
struct column_scales : detail::with_column_factors<unscaled, Number> {
  static constexpr auto name = "per_column<" + (Number::name + ">");
  template <class OtherNumber>
  using with = column_scales<OtherNumber>;

  template <class Place, class Q>
    requires(scales_of<Q> == 1 && !has_zero<Q> && dim_of<Q> == 1)
  using data = typename detail::with_column_factors<unscaled, Number>::template data<Place, Q>;

  template <class Q, class Plan>
  static std::vector<float> fit_columns(matrix_view<const value_of<Q>> m,
                                        const detail::value_hints& hints, const Plan& plan) {
    std::vector<float> scales(std::size_t(m.cols()));
    std::vector<value_of<Q>> values;
    std::vector<float> weights;
    for (index_t c = 0; c < m.cols(); ++c) {
      values.clear();
      weights.clear();
      for (index_t r = 0; r < m.rows(); ++r) {
        if (hints.skips(r * m.cols() + c)) continue;
        values.push_back(m(r, c));
        if (hints.weights != nullptr) weights.push_back(hints.weights->at(r, c));
      }
      group_values<Q> g;
      g.values = values;
      g.importance = weights;
      g.group = {0, c};
      g.stored_scale = detail::rounding_of<detail::param_plane_of<Number>>();
      g.signed_scale = detail::stores_both_signs<detail::param_plane_of<Number>>;
      scales[std::size_t(c)] = detail::checked_params(g, plan.template fit<Q>(g)).scale[0];
    }
    return scales;
  }
};

/// Scales are f16 unless said otherwise: per_column::with<f32>.
using per_column = column_scales<f16>;

}  // namespace lowbit::inline LOWBIT_ABI
