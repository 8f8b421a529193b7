// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "quantize/arguments.hpp"
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

template <class V>
void check_importance(const importance* w, matrix_view<const V> m) {
  if (w == nullptr) return;
  const extent e = w->weights.shape();
  check_importance_shape(e, m.shape());
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
  const serial one_thread;
  const nearest to_nearest;
  const auto& threads = pick<executor_role>(one_thread, how...);
  const auto& solver = pick<derived_role<rounding_solver>>(to_nearest, how...);
  constexpr bool copies =
      !rounds_in_runs<P, std::remove_cvref_t<decltype(solver)>> || !std::same_as<O, none>;
  if constexpr (copies) check_finite(m, threads);
  value_hints hints;
  if constexpr (given<importance_role, How...> > 0)
    hints.weights = &pick<importance_role>(no_importance, how...);
  check_importance(hints.weights, m);

  const index_t rows = m.rows(), cols = m.cols();
  std::vector<V> work(copies ? std::size_t(rows * cols) : 0);
  matrix_view<V> values;
  if constexpr (copies) {
    for (index_t r = 0; r < rows; ++r) std::copy(m.row(r), m.row(r) + cols, work.data() + r * cols);
    values = {work.data(), rows, cols};
  }

  std::vector<std::uint8_t> left_out;
  if constexpr (O::picks) {
    left_out.assign(work.size(), 0);
    for (const position& p :
         O::pick(pick<derived_role<outlier_criterion>>(typename O::criterion{}, how...), m,
                 hints.weights)) {
      work[std::size_t(p.row * cols + p.col)] = V{};
      left_out[std::size_t(p.row * cols + p.col)] = 1;
    }
    hints.left_out = left_out;
  }

  matrix_data<F, owned> data;
  data.main =
      encode_plane<P>({values, m, {left_out, keeps_single_values<O>}, copies}, hints,
                      pick<derived_role<range_search>>(default_range<Q, G>(), how...), solver,
                      pick<derived_role<level_source>>(learn_levels{}, how...), threads);

  if constexpr (!std::same_as<O, none>) {
    const auto coded = P::bind(data.main);
    std::vector<position> kept;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) {
        V x = m(r, c);
        if (hints.skips(r * cols + c)) {
          kept.push_back({r, c});
          const float factor = column_factor<P>(coded, c);
          if (factor != 0 && !(values(r, c) == over_scale(x, factor)))  // a solver changed it
            x = mul_rn(factor, values(r, c));
        }
        values(r, c) = sub_rn(x, coded.at(r, c));
      }
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
/// Throws error: not_finite naming row and column, or the group for which a range search found no
/// number; shape_mismatch of the importance; and what the arguments say.
/// Where kernels round each value by itself (nearest, no outliers, levels in the type) the values
/// are not copied. Any shape works, 0 rows or columns included.
template <format_like F, class... How>
quantized_matrix<F> quantize(matrix_view<const typename F::value_type> weights, const How&... how) {
  detail::check_arguments<F, How...>();
  if constexpr (detail::roles_of<How...>::differ &&
                (true && ... && detail::quantize_argument<How, F>::fits))
    return quantized_matrix<F>(detail::encode_matrix<F>(weights, how...));
  else
    return {};  // it does not compile, and the compiler has said why
}

/// Mutable and foreign matrices convert: anything that a matrix_view can be made from.
template <format_like F, class Matrix, class... How>
  requires(!std::same_as<std::remove_cvref_t<Matrix>, matrix_view<const typename F::value_type>> &&
           std::convertible_to<const Matrix&, matrix_view<const typename F::value_type>>)
quantized_matrix<F> quantize(const Matrix& weights, const How&... how) {
  return quantize<F>(matrix_view<const typename F::value_type>(weights), how...);
}

}  // namespace lowbit::inline LOWBIT_ABI
