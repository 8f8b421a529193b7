// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "solvers/encode_plane.hpp"
#include "storage/quantized_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Levels that the caller has: the state of the quantizer, taken as it is.
template <class State>
struct given_levels : level_source {
  State levels;
  explicit given_levels(State s) : levels(std::move(s)) {}
  template <class Q, class Executor>
  state_of<Q, owned> state(span<const block_of<Q>>, span<const float>, const Executor&) const {
    static_assert(std::same_as<State, state_of<Q, owned>>,
                  "lowbit::quantize: given_levels holds the state of another quantizer");
    return levels;
  }
};

namespace detail {

template <class T, class F>
concept fits_role =
    std::derived_from<T, range_search> || std::derived_from<T, rounding_solver> ||
    std::derived_from<T, outlier_criterion> || std::derived_from<T, level_source> ||
    std::same_as<T, importance> || executor<T>;

template <class Base>
struct derived_role {
  template <class T>
  static constexpr bool is = std::derived_from<T, Base>;
};
inline const importance no_importance{matrix_view<const float>()};
struct importance_role {
  template <class T>
  static constexpr bool is = std::same_as<T, importance>;
};
struct executor_role {
  template <class T>
  static constexpr bool is = executor<T>;
};

/// The argument of a role, or the fallback.
template <class Role, class Fallback>
constexpr const Fallback& pick(const Fallback& fallback) {
  return fallback;
}
template <class Role, class Fallback, class First, class... Rest>
constexpr const auto& pick(const Fallback& fallback, const First& first, const Rest&... rest) {
  if constexpr (Role::template is<First>) return first;
  else return pick<Role>(fallback, rest...);
}
template <class Role, class... How>
inline constexpr int given = (0 + ... + int(Role::template is<How>));

/// A search that also quantizes scales needs a granularity that stores them so.
template <class How, class G>
inline constexpr bool stores_scales_of = true;
template <class How, class G>
  requires requires { typename How::scale_plane; }
inline constexpr bool stores_scales_of<How, G> = [] {
  if constexpr (requires { typename G::scale_plane; })
    return std::same_as<typename How::scale_plane, typename G::scale_plane>;
  else return false;
}();

/// A criterion that chooses what this outlier policy keeps.
template <class C, class O, class V>
concept criterion_for = !O::picks || requires(const C& c, matrix_view<const V> m) {
  O::pick(c, m, static_cast<const importance*>(nullptr));
};

/// Turns every wrong argument of quantize into one sentence.
template <class F, class... How>
constexpr void check_arguments() {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  static_assert((... && fits_role<How, F>),
                "lowbit::quantize: an argument is none of: range_search, rounding_solver, "
                "outlier_criterion, level_source, importance, executor (derive it from its role)");
  static_assert((... && (!std::derived_from<How, range_search> ||
                         range_search_for<How, Q>)),
                "lowbit::quantize: this range_search does not fit the format's quantizer");
  static_assert((... && (!std::derived_from<How, rounding_solver> || solver_for<How, Q, G>)),
                "lowbit::quantize: this rounding_solver does not fit the format");
  static_assert((... && stores_scales_of<How, G>),
                "lowbit::quantize: this range_search is for scales that are stored in another way "
                "(nvfp4_absmax, four_over_six: e4m3 with one f32)");
  static_assert(given<derived_role<range_search>, How...> <= 1,
                "lowbit::quantize: two arguments are a range_search");
  static_assert(given<derived_role<rounding_solver>, How...> <= 1,
                "lowbit::quantize: two arguments are a rounding_solver");
  static_assert(given<derived_role<outlier_criterion>, How...> <= 1,
                "lowbit::quantize: two arguments are an outlier_criterion");
  static_assert(given<derived_role<level_source>, How...> <= 1,
                "lowbit::quantize: two arguments are a level_source");
  static_assert(given<importance_role, How...> <= 1,
                "lowbit::quantize: two arguments are an importance");
  static_assert(given<executor_role, How...> <= 1,
                "lowbit::quantize: two arguments are an executor");
  static_assert(given<derived_role<outlier_criterion>, How...> == 0 || F::outliers_type::picks,
                "lowbit::quantize: an outlier_criterion, but the format picks no outliers");
  static_assert((... && (!std::derived_from<How, outlier_criterion> ||
                         criterion_for<How, typename F::outliers_type, value_of<Q>>)),
                "lowbit::quantize: this outlier_criterion does not fit the format's outliers "
                "(elements for sparse, columns for columns)");
  static_assert(given<derived_role<level_source>, How...> == 0 || has_state<Q>,
                "lowbit::quantize: a level_source, but the format's levels are in its type");
  static_assert(given<derived_role<range_search>, How...> == 0 || !std::same_as<G, unscaled>,
                "lowbit::quantize: a range_search, but the format is unscaled");
}

template <class V>
void check_finite(matrix_view<const V> m) {
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = 0; c < m.cols(); ++c)
      if (!is_finite(m(r, c)))
        fail(errc::not_finite, "weights",
             message("the value at row ", r, ", column ", c, " is not finite"));
}

template <class V>
void check_importance(const importance* w, matrix_view<const V> m) {
  if (w == nullptr) return;
  const extent e = w->weights.shape();
  if (e.cols != m.cols() || (e.rows != 1 && e.rows != m.rows()))
    fail(errc::shape_mismatch, "importance",
         message(e.rows, " x ", e.cols, " weights for a matrix of ", m.rows(), " x ", m.cols(),
                 ", expected one per column or one per element"));
  for (index_t r = 0; r < e.rows; ++r)
    for (index_t c = 0; c < e.cols; ++c)
      if (!is_finite(w->weights(r, c)) || w->weights(r, c) < 0)
        fail(errc::bad_argument, "importance",
             message("the weight at row ", r, ", column ", c,
                     " is negative or not finite, expected a finite weight of at least 0"));
}

template <format_like F, class... How>
matrix_data<F, owned> encode_matrix(matrix_view<const typename F::value_type> m,
                                    const How&... how) {
  using Q = typename F::quantizer_type;
  using O = typename F::outliers_type;
  using V = typename F::value_type;
  using P = typename F::plane_type;
  using G = typename F::granularity_type;
  const float_mode_guard mode;
  check_finite(m);
  value_hints hints;
  if constexpr (given<importance_role, How...> > 0)
    hints.weights = &pick<importance_role>(no_importance, how...);
  check_importance(hints.weights, m);

  const index_t rows = m.rows(), cols = m.cols();
  std::vector<V> work(std::size_t(rows * cols));
  for (index_t r = 0; r < rows; ++r) std::copy(m.row(r), m.row(r) + cols, work.data() + r * cols);
  const matrix_view<V> values(work.data(), rows, cols);

  std::vector<position> kept;
  std::vector<std::uint8_t> left_out;
  if constexpr (O::picks) {
    kept = O::pick(pick<derived_role<outlier_criterion>>(typename O::criterion{}, how...), m,
                   hints.weights);
    left_out.assign(work.size(), 0);
    for (const position& p : kept) {
      work[std::size_t(p.row * cols + p.col)] = V{};
      left_out[std::size_t(p.row * cols + p.col)] = 1;
    }
    hints.left_out = left_out;
  }

  matrix_data<F, owned> data;
  data.main = encode_plane<P>(
      values, hints, pick<derived_role<range_search>>(default_range<Q, G>(), how...),
      pick<derived_role<rounding_solver>>(nearest{}, how...),
      pick<derived_role<level_source>>(learn_levels{}, how...),
      pick<executor_role>(serial{}, how...));

  if constexpr (!std::same_as<O, none>) {
    const auto coded = P::bind(data.main);
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) values(r, c) = sub_rn(m(r, c), coded.at(r, c));
    data.apart = O::template store<V>(matrix_view<const V>(values), kept);
  }
  data.set_shape(m.shape());
  return data;
}

}  // namespace detail

/// Quantizes a matrix: `quantize<format<uniform<4>, per_group<128>>>(weights)`.
///
/// Optional arguments in any order, each known by its role: a range_search (absmax, mse_grid ...),
/// a rounding_solver (nearest), an outlier_criterion (top_fraction ...), a level_source, importance
/// weights, an executor. Two of one role, or one that the format cannot use, do not compile.
///
/// Order: outliers are taken out, column factors divided out, ranges found per group, parameters
/// stored, levels learned, codes solved against the parameters as they decode. Bytes are the same
/// for every compiler, flag, floating-point mode and number of threads.
///
/// Throws error: not_finite naming row and column, shape_mismatch of the importance.
/// Allocates a copy of the values. Any shape works, 0 rows or columns included.
template <format_like F, class... How>
quantized_matrix<F> quantize(matrix_view<const typename F::value_type> weights,
                             const How&... how) {
  detail::check_arguments<F, How...>();
  return quantized_matrix<F>(detail::encode_matrix<F>(weights, how...));
}

/// Mutable and foreign matrices convert: anything that a matrix_view can be made from.
template <format_like F, class Matrix, class... How>
  requires(!std::same_as<std::remove_cvref_t<Matrix>, matrix_view<const typename F::value_type>> &&
           std::convertible_to<const Matrix&, matrix_view<const typename F::value_type>>)
quantized_matrix<F> quantize(const Matrix& weights, const How&... how) {
  return quantize<F>(matrix_view<const typename F::value_type>(weights), how...);
}

}  // namespace lowbit::inline LOWBIT_ABI
