// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every contract of the library, on one page. A part is any type with the right members; nothing
// inherits, nothing registers. What a part does not say is deduced by the traits beside it.
#pragma once
#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/arr.hpp"
#include "core/complex.hpp"
#include "core/matrix_view.hpp"
#include "core/place.hpp"
#include "core/strategy.hpp"
#include "core/text.hpp"

namespace lowbit::inline LOWBIT_ABI {

// ---------------------------------------------------------------------------------------------
// Code set: real values <-> codes. A quantizer codes one value, a codebook a block of `dim`.
//
//   required   bits                        1..32 (1..16 for the codes of a weight; 0 for a
//   parameter
//                                          that is one value for all groups, see
//                                          quantizers/one.hpp)
//              decode(code) -> V           V = float, complex32, or arr<float, dim>
//              encode(V) -> code           nearest level; called with finite values only
//   optional   name                        a lowbit::text; needed to save
//              dim                         values per code, default 1
//              strategy                    see core/strategy.hpp
//              peak                        largest magnitude of a level, default: looked up
//              zero                        a zero_kind: values are displaced per group
//              zero_number                 the quantizer that stores the zero
//              scales, scaled, unscaled    several scales per group (complex units have two): the
//                                          value of a level, and the other way round; the third
//                                          argument is the zero, where there is one
//              selectors                   several level sets, one chosen per group: decode and
//                                          encode take the selector as a second argument
//              selector_number             how selectors are stored; default: one for each group
//              table<k>                    each level set as a quantizer, so that ranges are found
//                                          for it; else every search sees the whole
//              state<Place>, learn         levels that travel with the matrix; a state may have
//                                          `encoder()`, an object whose `encode` is made for many
//                                          values
//              range                       the range search used when quantize is given none
// ---------------------------------------------------------------------------------------------

/// How a group's zero displaces its values; S the scale, L the level, Z the stored zero.
enum class zero_kind {
  none,     // S * L
  integer,  // S * (L - Z), L and Z integers, so that the difference is exact
  real,     // fma(S, L, -(S * Z))
  minimum   // fma(S, L, Z)
};

/// What a code set says of itself, or the default: values per code, scales of a group, what its
/// zero is, how many level sets a group may choose from.
template <class Q>
inline constexpr int dim_of = 1;
template <class Q>
  requires requires { Q::dim; }
inline constexpr int dim_of<Q> = Q::dim;

template <class Q>
inline constexpr int scales_of = 1;
template <class Q>
  requires requires { Q::scales; }
inline constexpr int scales_of<Q> = Q::scales;

template <class Q>
inline constexpr bool has_several_scales = scales_of<Q> != 1;

template <class Q>
inline constexpr zero_kind zero_of = zero_kind::none;
template <class Q>
  requires requires { Q::zero; }
inline constexpr zero_kind zero_of<Q> = Q::zero;
template <class Q>
inline constexpr bool has_zero = zero_of<Q> != zero_kind::none;

template <class Q>
inline constexpr int selectors_of = 0;
template <class Q>
  requires requires { Q::selectors; }
inline constexpr int selectors_of<Q> = Q::selectors;
template <class Q>
inline constexpr bool has_selectors = selectors_of<Q> != 0;

namespace detail {
template <class Q, class Place>
struct state_select {
  using type = Q;  // the levels are in the type: a stateless quantizer is its own state
};
template <class Q, class Place>
  requires requires { typename Q::template state<Place>; }
struct state_select<Q, Place> {
  using type = typename Q::template state<Place>;
};

template <class T>
struct element_of {
  using type = T;
};
template <class T, int N>
struct element_of<arr<T, N>> {
  using type = T;
};
}  // namespace detail

/// The object that decodes: Q itself, or the levels that a matrix carries.
template <class Q, class Place = borrowed>
using state_of = typename detail::state_select<Q, Place>::type;
template <class Q>
inline constexpr bool has_state = !std::is_same_v<state_of<Q>, Q>;

namespace detail {
template <class Q>
struct decoded {};
template <class Q>
  requires(!has_selectors<Q> && requires(const state_of<Q>& q) { q.decode(code_t{}); })
struct decoded<Q> {
  using type = decltype(std::declval<const state_of<Q>&>().decode(code_t{}));
};
template <class Q>
  requires(has_selectors<Q> && requires(const state_of<Q>& q) { q.decode(code_t{}, code_t{}); })
struct decoded<Q> {
  using type = decltype(std::declval<const state_of<Q>&>().decode(code_t{}, code_t{}));
};
}  // namespace detail

/// What decode returns: a value, or `arr<value, dim>`.
template <class Q>
using block_of = std::remove_cvref_t<typename detail::decoded<Q>::type>;
template <class Q>
using value_of = typename detail::element_of<block_of<Q>>::type;

namespace detail {
template <class Q>
struct strategy_select {
  using type =
      std::conditional_t<(dim_of<Q> > 1), vector_codes,
                         std::conditional_t<Q::bits <= 8 && std::is_same_v<value_of<Q>, float>,
                                            table_codes, any_codes>>;
};
template <class Q>
  requires requires { typename Q::strategy; }
struct strategy_select<Q> {
  using type = typename Q::strategy;
};

template <class Q>
constexpr float scan_peak() {
  float top = 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c) {
    const float m = magnitude(Q{}.decode(c));
    if (m > top) top = m;  // a NaN code never wins
  }
  return top;
}
}  // namespace detail

/// How kernels decode it: what it says, else vectors, a table (up to 8 bits), or any way.
template <class Q>
using strategy_of = typename detail::strategy_select<Q>::type;

/// Largest magnitude of a level: what absmax divides by.
template <class Q>
inline constexpr float peak_of = detail::scan_peak<Q>();
template <class Q>
  requires requires { Q::peak; }
inline constexpr float peak_of<Q> = Q::peak;

/// The parameters of one group, decoded.
template <class Q>
struct group_params {
  arr<float, scales_of<Q>> scale{};
  float zero = 0;
  code_t selector = 0;
};

/// What a matrix may hold.
template <class V>
concept matrix_value = std::same_as<V, float> || std::same_as<V, complex32>;

/// The members that a code set must have, one by one: messages name the one that is missing.
template <class Q>
concept has_bits = requires {
  { Q::bits } -> std::convertible_to<int>;
}
&&(Q::bits >= 0 && Q::bits <= 32);
template <class Q>
concept has_decode = requires {
  typename detail::decoded<Q>::type;
};
template <class Q>
concept decodes_values = matrix_value<value_of<Q>> &&
    (dim_of<Q> == 1 ? std::is_same_v<block_of<Q>, value_of<Q>>
                    : std::is_same_v<block_of<Q>, arr<value_of<Q>, dim_of<Q>>>);
template <class Q>
concept has_encode = requires(const state_of<Q>& q, const block_of<Q>& x) {
  { q.encode(x) } -> std::convertible_to<code_t>;
}
|| requires(const state_of<Q>& q, const block_of<Q>& x) {
  { q.encode(x, code_t{}) } -> std::convertible_to<code_t>;
};
template <class Q>
concept has_name = requires {
  { Q::name } -> std::convertible_to<std::string_view>;
};
/// A search for the range runs before levels are learned, so their peak is part of the type.
template <class Q>
concept knows_peak = !has_state<Q> || requires {
  { Q::peak } -> std::convertible_to<float>;
};
template <class Q>
concept applies_its_scales = !has_several_scales<Q> ||
    requires(value_of<Q> v, const arr<float, scales_of<Q>>& s) {
  { Q::scaled(v, s) } -> std::same_as<value_of<Q>>;
  { Q::unscaled(v, s) } -> std::same_as<value_of<Q>>;
}
|| requires(value_of<Q> v, const arr<float, scales_of<Q>>& s) {
  { Q::scaled(v, s, 0.f) } -> std::same_as<value_of<Q>>;
  { Q::unscaled(v, s, 0.f) } -> std::same_as<value_of<Q>>;
};

template <class Q>
concept code_set = has_bits<Q> && has_decode<Q> && decodes_values<Q> && has_encode<Q> &&
    knows_peak<Q> && applies_its_scales<Q>;
template <class Q>
concept quantizer = code_set<Q> && dim_of<Q>
== 1;
template <class Q>
concept codebook = code_set<Q> &&(dim_of<Q> > 1);
/// A quantizer that can store a parameter: real, stateless, without parameters of its own.
template <class Q>
concept number = quantizer<Q> && std::same_as < value_of<Q>,
float > &&!has_state<Q> && !has_zero<Q> && !has_selectors<Q>;

// ---------------------------------------------------------------------------------------------
// Granularity: which parameters a value has, and how they are stored.
//
//   block_rows, block_cols       size of a group, 0 = the whole extent
//   params_shape(extent)         groups along rows and columns
//   data<Place, Q>               the stored parameters: resize(extent), group(r, c), each(...)
//   store<Q>(params, ...)        group_params of all groups -> data<owned, Q>
//   column_number                optional: a factor per column, data<...>.column(c); a kernel
//                                folds it into the other operand
// ---------------------------------------------------------------------------------------------
template <class G>
concept has_blocks = requires(extent e) {
  { G::block_rows } -> std::convertible_to<int>;
  { G::block_cols } -> std::convertible_to<int>;
  { G::params_shape(e) } -> std::same_as<extent>;
};
template <class G, class Q>
concept reads_groups = requires(const typename G::template data<borrowed, Q>& d, index_t r) {
  { d.group(r, r) } -> std::same_as<group_params<Q>>;
};
/// Selectors need groups to be stored for.
template <class G, class Q>
concept keeps_selectors = !has_selectors<Q> ||
    requires(typename G::template data<borrowed, Q>& d) { d.selector; };
/// A code never spans two groups.
template <class G, class Q>
concept codes_stay_in_a_group = G::block_cols % dim_of<Q> == 0;
template <class G, class Q>
concept granularity_for = has_blocks<G> && reads_groups<G, Q> && keeps_selectors<G, Q> &&
    codes_stay_in_a_group<G, Q>;
template <class G>
concept scales_columns = requires {
  typename G::column_number;
};

// ---------------------------------------------------------------------------------------------
// Outliers: what is kept apart, added to the value of its element.
//
//   data<Place, V>               at(r, c), scratch_size(), prepare(x, scratch), dot(r, x, scratch),
//                                add_row(r, out), resize(extent), each(...)
//   store<V>(residual, kept)     the rest W - Q(W) and the chosen positions -> data<owned, V>
//   picks                        true: a criterion chooses positions, which the main codes skip
//   single_values                optional, true: any position may be chosen, so that a solver may
//                                choose more of them (see solvers/coder.hpp)
//   prepared(x, k, first, step)  optional: a share of scratch[k] before it is rounded to V, from
//                                every step-th number of x; and `dot` with `first` and `step` after
//                                its arguments: a share of the term. The lanes of a warp take one
//                                each; without these a single lane does it all
// ---------------------------------------------------------------------------------------------
template <class O, class V>
concept outliers_for = requires(const typename O::template data<borrowed, V>& d, index_t r,
                                const V* x, V* scratch) {
  { O::picks } -> std::convertible_to<bool>;
  { d.at(r, r) } -> std::same_as<V>;
  { d.scratch_size() } -> std::convertible_to<index_t>;
  d.prepare(x, scratch);
  { d.dot(r, x, scratch) } -> std::same_as<V>;
  d.add_row(r, scratch);
};
template <class O>
inline constexpr bool keeps_single_values = false;
template <class O>
  requires requires { O::single_values; }
inline constexpr bool keeps_single_values<O> = O::single_values;

// ---------------------------------------------------------------------------------------------
// Transform: a change of basis that leaves products as they are. In front of a matrix, activations
// become x' = T x and its rows w' = T^-T w, so that w' . x' = w . x; behind a matrix, its columns
// become T w, and T^-1 takes the results back. See storage/linear.hpp.
//
//   required   transformed_size(n)         numbers that it makes of n, padding counted; fails for
//   an
//                                          n that it cannot take
//              apply(x, out)               x' = T x; spans that do not overlap
//              inverse(x', out)            x = T^-1 x' for the size of `out`; may destroy x'
//   optional   orthogonal = true           rows of weights are transformed by `apply` too
//              apply_to_row(w, out)        w' = T^-T w, where it is not orthogonal
//              restore_row(w', out)        w = T^T w', there too; may destroy w'. Without these it
//                                          transforms activations only (see widely_linear)
//              original_size(n')           the n that n' numbers came from when nobody knows,
//                                          default n'
//              result<V>                   the value type of x', default that of x
//              name, each, validate        to save it: as for the parts above
// ---------------------------------------------------------------------------------------------
namespace detail {
template <class T, class V>
struct transform_result {
  using type = V;
};
template <class T, class V>
  requires requires { typename T::template result<V>; }
struct transform_result<T, V> {
  using type = typename T::template result<V>;
};
}  // namespace detail

/// The value type of T x for an x of type V.
template <class T, class V>
using transformed = typename detail::transform_result<T, V>::type;

template <class T, class V>
concept transform_of = requires(const T& t, index_t n, span<const V> x, span<V> back,
                                span<transformed<T, V>> out) {
  { t.transformed_size(n) } -> std::same_as<index_t>;
  t.apply(x, out);
  t.inverse(out, back);
};
template <class T>
concept transform = transform_of<T, float> || transform_of<T, complex32>;
template <class T>
concept orthogonal_transform = transform<T> && requires {
  requires T::orthogonal;
};
/// It can stand before a matrix of V.
template <class T, class V>
concept row_transform_of = transform_of<T, V> &&
    (orthogonal_transform<T> ||
     requires(const T& t, span<const V> w, span<V> changed, span<V> out) {
       t.apply_to_row(w, out);
       t.restore_row(changed, out);
     });

// ---------------------------------------------------------------------------------------------
// Format and matrix.
// ---------------------------------------------------------------------------------------------
template <class F>
concept format_like = requires {
  typename F::quantizer_type;
  typename F::granularity_type;
  typename F::outliers_type;
  requires matrix_value<typename F::value_type>;
};

/// What a kernel takes: trivially copyable, with a shape, a value type and element access.
template <class W>
concept quantized_matrix_like = std::is_trivially_copyable_v<W> && requires(const W& w, index_t r) {
  typename W::format_type;
  { w.at(r, r) } -> std::same_as<typename W::value_type>;
  { w.shape() } -> std::same_as<extent>;
};

// ---------------------------------------------------------------------------------------------
// Arguments of quantize: each role has an empty base, so that a wrong one can be named.
//
//   range_search      fit<Q>(group_values<Q>) -> group_params<Q>
//   rounding_solver   solve_row(coder&, row), rows in any order, or solve(coder&)
//   outlier_criterion pick(matrix_view, importance) -> positions
//   level_source      state<Q>(values, weights, executor) -> state_of<Q, owned>; of a quantizer
//                     with selectors the values are runs that share one, and state<Q>(values,
//                     weights, starts of the runs and the end, executor) is asked first
//   importance        a weight per element or per column
//   an executor       threads
// ---------------------------------------------------------------------------------------------
struct range_search {};
struct rounding_solver {};
struct outlier_criterion {};
struct level_source {};

}  // namespace lowbit::inline LOWBIT_ABI
