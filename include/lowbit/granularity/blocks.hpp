// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/uniform.hpp"
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// No parameters: every scale is 1.
struct unscaled {
  static constexpr auto name = text("unscaled");
  static constexpr int block_rows = 0, block_cols = 0;
  LOWBIT_HD static constexpr extent params_shape(extent) { return {0, 0}; }

  template <class Place, class Q>
  struct data {
    template <class Visit, class... Self>
    static void each(Visit&&, const path&, Self&...) {}
    void set_shape(extent) {}
    void validate(const path&, extent) const {}
    LOWBIT_HD group_params<Q> group(index_t, index_t) const {
      group_params<Q> p{};
      for (int k = 0; k < scales_of<Q>; ++k) p.scale[k] = 1;
      return p;
    }
  };
};

namespace detail {
template <class S>
struct param_plane {
  using type = S;  // a plane already: parameters that have parameters
};
template <number N>
struct param_plane<N> {
  using type = plane<N, unscaled>;
};
/// The plane that stores a parameter: of a number, one code per group.
template <class S>
using param_plane_of = typename param_plane<S>::type;

template <class P, class Layout>
struct laid_plane;
template <class Q, class G, class From, class Layout>
struct laid_plane<plane<Q, G, From>, Layout> {
  using type = plane<Q, groups_in<G, Layout>, Layout>;
};
/// A parameter in another layout, and its own parameters too.
template <class S, class Layout>
using laid_param = typename laid_plane<param_plane_of<S>, Layout>::type;

struct no_plane {
  template <class Place>
  struct data {
    template <class Visit, class... Self>
    static void each(Visit&&, const path&, Self&...) {}
    void set_shape(extent) {}
  };
};
}  // namespace detail

/// The zero is stored as the quantizer says (`zero_number`).
struct zero_of_quantizer {
  static constexpr auto name = text("");
};
/// A real zero or a minimum is stored like the scale; an integer zero as the quantizer says.
struct zero_like_scale {
  static constexpr auto name = text("");
};

namespace detail {
template <class Zero, class Scale, class Q>
struct zero_plane {
  using type = param_plane_of<Zero>;
};
template <class Scale, class Q>
struct zero_plane<zero_of_quantizer, Scale, Q> {
  using type = laid_param<typename Q::zero_number, typename param_plane_of<Scale>::layout_type>;
};
template <class Scale, class Q>
struct zero_plane<zero_like_scale, Scale, Q>
    : zero_plane<std::conditional_t<zero_of<Q> == zero_kind::integer, zero_of_quantizer, Scale>,
                 Scale, Q> {};
template <class Zero, class Scale, class Q>
struct zero_plane_select {
  using type = no_plane;
};
template <class Zero, class Scale, class Q>
  requires has_zero<Q>
struct zero_plane_select<Zero, Scale, Q> : zero_plane<Zero, Scale, Q> {};

constexpr int bits_to_count(int n) {
  int b = 1;
  while ((1 << b) < n) ++b;
  return b;
}
}  // namespace detail

/// Which of Count level sets a group uses: 0 .. Count - 1. Larger codes are not valid.
template <int Count>
struct selector_code : uniform<detail::bits_to_count(Count), nonnegative> {
  static constexpr bool valid(code_t code) { return code < code_t(Count); }
};

namespace detail {
/// Selectors are a parameter like others: numbers, or a plane. One for each group unless the
/// quantizer says otherwise.
template <class Q>
struct selector_number {
  using type = selector_code<selectors_of<Q>>;
};
template <class Q>
  requires requires { typename Q::selector_number; }
struct selector_number<Q> {
  using type = typename Q::selector_number;
};
template <class Scale, class Q>
struct selector_plane {
  using type = no_plane;
};
template <class Scale, class Q>
  requires has_selectors<Q>
struct selector_plane<Scale, Q> {
  using type =
      laid_param<typename selector_number<Q>::type, typename param_plane_of<Scale>::layout_type>;
};
}  // namespace detail

namespace detail {
/// What storing does to one parameter of a group.
LOWBIT_TRUST_CALLEES
template <class P>
LOWBIT_HD constexpr float (*rounding_of())(float) {
  if constexpr (!std::same_as<typename P::granularity_type, unscaled>)
    return [](float x) { return x; };
  else if constexpr (requires { P::quantizer_type::nearest(0.f); })
    return [](float x) { return P::quantizer_type::nearest(x); };
  else
    return [](float x) { return P::quantizer_type::decode(P::quantizer_type::encode(x)); };
}

/// Whether that is finite for all that is finite, as far as the library knows.
template <class P>
inline constexpr bool stores_finite =
    !std::same_as<typename P::granularity_type, unscaled> ||
    std::same_as<strategy_of<typename P::quantizer_type>, affine_codes> ||
    requires { P::quantizer_type::nearest(0.f); };

/// Whether of two numbers the larger is never stored as the smaller one, as far as the library
/// knows.
template <class P>
inline constexpr bool stores_in_order = !std::same_as<typename P::granularity_type, unscaled> ||
    requires { P::quantizer_type::nearest(0.f); };

/// Whether a code set has levels of both signs.
template <class Q>
inline constexpr bool has_both_signs = [] {
  if constexpr (has_state<Q> || has_selectors<Q>) return true;
  else if constexpr (Q::bits <= 8) {
    bool negative = false, positive = false;
    for (code_t c = 0; c >> Q::bits == 0; ++c) {
      const float level = Q{}.decode(c);
      if (is_nan(level)) continue;  // no constant may be compared with it
      negative = negative || level < 0;
      positive = positive || level > 0;
    }
    return negative && positive;
  } else if constexpr (requires { Q::is_signed; }) return Q::is_signed;
  else if constexpr (requires { Q::starts_at_zero; }) return !Q::starts_at_zero;
  else return true;
}();
/// Whether a plane can hold parameters of both signs at a time.
template <class P>
inline constexpr bool stores_both_signs =
    has_zero<typename P::quantizer_type> || has_both_signs<typename P::quantizer_type>;
}  // namespace detail

namespace detail {
// Members that exist only where the quantizer needs them (see levels_member).
template <class Plane, class Place>
struct zero_member {
  typename Plane::template data<Place> zero{};
};
template <class Place>
struct zero_member<no_plane, Place> {};
template <class Plane, class Place>
struct selector_member {
  typename Plane::template data<Place> selector{};
};
template <class Place>
struct selector_member<no_plane, Place> {};
template <class Zero, class Scale, class Q>
using zero_plane_of = typename zero_plane_select<Zero, Scale, Q>::type;
template <class Scale, class Q>
using selector_plane_of = typename selector_plane<Scale, Q>::type;

template <class Zero, class Layout>
struct laid_zero {
  using type = laid_param<Zero, Layout>;
};
template <class Layout>
struct laid_zero<zero_of_quantizer, Layout> {
  using type = zero_of_quantizer;
};
template <class Layout>
struct laid_zero<zero_like_scale, Layout> {
  using type = zero_like_scale;
};
}  // namespace detail

namespace detail {
/// Fails unless a stored parameter is what its plane promises and finite for every group: a product
/// of scales may be beyond binary32 though each of them is not.
template <class Parameter>
void validate_parameter(const Parameter& p, const path& at, extent n) {
  p.validate(at, n);
  const index_t rows = n.cols > 0 ? n.rows : 0;  // many for nothing otherwise
  if constexpr (!std::same_as<typename Parameter::plane_type::granularity_type, unscaled>)
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < n.cols; ++c)
        if (!is_finite(p.at(r, c)))
          fail(errc::corrupted, at.str(),
               message("the parameter at (", r, ", ", c, ") is beyond binary32"));
}
}  // namespace detail

/// As a size of a group: the whole row or column.
inline constexpr int whole = 0;

/// Groups of R rows by C columns (`whole`: all of them), each with a scale and, where the
/// quantizer displaces its values, a zero, and where it has several level sets, a selector. Scale
/// and Zero are numbers (f16, e8m0, ...) or planes (`scaled<uniform<6, nonnegative>,
/// per_group<8>>`): parameters quantized in their turn. Groups at the right and lower edge may be
/// short. Stored: one code per group and parameter.
template <int R, int C, class Scale, class Zero = zero_of_quantizer>
struct blocks {
  static_assert(R >= 0 && C >= 0, "lowbit::blocks: a group has at least one row and column");
  static constexpr int block_rows = R, block_cols = C;
  using scale_plane = detail::param_plane_of<Scale>;
  /// The same groups with other parameters: per_row::with<f32>.
  template <class OtherScale, class OtherZero = zero_of_quantizer>
  using with = blocks<R, C, OtherScale, OtherZero>;
  /// The same groups with their parameters in another layout.
  template <class Layout>
  using laid = blocks<R, C, detail::laid_param<Scale, Layout>,
                      typename detail::laid_zero<Zero, Layout>::type>;

  static constexpr auto name = [] {
    constexpr auto shape = [] {
      if constexpr (R == whole && C == whole) return text("per_tensor<");
      else if constexpr (R == 1 && C == whole) return text("per_row<");
      else if constexpr (R == 1) return "per_group<" + (number_text<C>() + ",");
      else return "per_block<" + (number_text<R>() + ("," + (number_text<C>() + ",")));
    }();
    if constexpr (Zero::name.size() > 0) return shape + (Scale::name + ("," + (Zero::name + ">")));
    else if constexpr (std::same_as<Zero, zero_like_scale>) return shape + (Scale::name + ",*>");
    else return shape + (Scale::name + ">");
  }();

  LOWBIT_HD static constexpr extent params_shape(extent e) {
    return {R == whole ? index_t(e.rows > 0) : ceil_div(e.rows, R == whole ? 1 : R),
            C == whole ? index_t(e.cols > 0) : ceil_div(e.cols, C == whole ? 1 : C)};
  }

  template <class Place, class Q>
  struct data : detail::zero_member<detail::zero_plane_of<Zero, Scale, Q>, Place>,
                detail::selector_member<detail::selector_plane_of<Scale, Q>, Place> {
    using zero_plane = detail::zero_plane_of<Zero, Scale, Q>;
    using selector_plane = detail::selector_plane_of<Scale, Q>;
    arr<typename scale_plane::template data<Place>, scales_of<Q>> scale{};

    static std::string_view scales_name(int k) {
      constexpr std::string_view names[] = {"scales", "scales2", "scales3", "scales4"};
      return names[k];
    }
    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      for (int k = 0; k < scales_of<Q>; ++k)
        scale_plane::template data<Place>::each(visit, at / scales_name(k), self.scale[k]...);
      if constexpr (has_zero<Q>)
        zero_plane::template data<Place>::each(visit, at / "zeros", self.zero...);
      if constexpr (has_selectors<Q>)
        selector_plane::template data<Place>::each(visit, at / "selectors", self.selector...);
    }
    void set_shape(extent e) {
      for (int k = 0; k < scales_of<Q>; ++k) scale[k].set_shape(params_shape(e));
      if constexpr (has_zero<Q>) this->zero.set_shape(params_shape(e));
      if constexpr (has_selectors<Q>) this->selector.set_shape(params_shape(e));
    }
    void validate(const path& at, extent e) const
      requires std::same_as<Place, borrowed>
    {
      const extent n = params_shape(e);
      for (int k = 0; k < scales_of<Q>; ++k)
        detail::validate_parameter(scale[k], at / scales_name(k), n);
      if constexpr (has_zero<Q>) detail::validate_parameter(this->zero, at / "zeros", n);
      if constexpr (has_selectors<Q>) this->selector.validate(at / "selectors", n);
    }
    LOWBIT_HD group_params<Q> group(index_t r, index_t c) const
      requires std::same_as<Place, borrowed>
    {
      const index_t i = R == whole ? 0 : r / (R == whole ? 1 : R);
      const index_t j = C == whole ? 0 : c / (C == whole ? 1 : C);
      group_params<Q> p{};
      for (int k = 0; k < scales_of<Q>; ++k) p.scale[k] = scale[k].at(i, j);
      if constexpr (has_zero<Q>) p.zero = this->zero.at(i, j);
      if constexpr (has_selectors<Q>) p.selector = code_t(this->selector.at(i, j));
      return p;
    }
  };
};

/// Codes Q with groups G: a parameter that is quantized in its turn.
template <class Q, class G>
using scaled = plane<Q, G>;

}  // namespace lowbit::inline LOWBIT_ABI
