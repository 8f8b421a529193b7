// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arguments of quantize: found by their roles, and a sentence for each that cannot be used.
#pragma once
#include "../core/executor.hpp"
#include "../granularity/blocks.hpp"
#include "../importance.hpp"
#include "../ranges/group_values.hpp"
#include "../solvers/coder.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

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
  if constexpr (Role::template is<First>)
    return first;
  else
    return pick<Role>(fallback, rest...);
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
  else
    return false;
}();

/// A criterion that chooses what this outlier policy keeps.
template <class C, class O, class V>
concept criterion_for = !O::picks || requires(const C& c, matrix_view<const V> m) {
  O::pick(c, m, static_cast<const importance*>(nullptr));
};

/// What one argument of quantize is, and whether a format can use it.
template <class Argument, class F>
struct quantize_argument {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using O = typename F::outliers_type;
  static constexpr bool is_range = std::derived_from<Argument, range_search>;
  static constexpr bool is_solver = std::derived_from<Argument, rounding_solver>;
  static constexpr bool is_criterion = std::derived_from<Argument, outlier_criterion>;
  static constexpr bool is_levels = std::derived_from<Argument, level_source>;
  static constexpr bool has_role = is_range || is_solver || is_criterion || is_levels ||
                                   std::same_as<Argument, importance> || executor<Argument>;

  static constexpr bool has_scales = !is_range || !std::same_as<G, unscaled>;
  static constexpr bool fits_quantizer = !is_range || range_search_for<Argument, Q>;
  static constexpr bool fits_scales = stores_scales_of<Argument, G>;
  static constexpr bool solves = !is_solver || solver_for<Argument, Q, G>;
  static constexpr bool has_outliers = !is_criterion || O::picks;
  static constexpr bool picks = !is_criterion || criterion_for<Argument, O, value_of<Q>>;
  static constexpr bool has_levels = !is_levels || has_state<Q>;
  static constexpr bool fits = has_role && has_scales && fits_quantizer && fits_scales && solves &&
                               has_outliers && picks && has_levels;
};

/// Turns a wrong argument of quantize into one sentence; compilers print its type beside it.
template <class Argument, class F>
constexpr void check_argument() {
  using argument = quantize_argument<Argument, F>;
  static_assert(argument::has_role,
                "lowbit::quantize: an argument is none of: range_search, rounding_solver, "
                "outlier_criterion, level_source, importance, executor (derive it from its role)");
  static_assert(argument::has_scales,
                "lowbit::quantize: a range_search, but the format is unscaled");
  static_assert(argument::fits_quantizer,
                "lowbit::quantize: this range_search does not fit the format's quantizer: it has "
                "no 'fit<Quantizer>(group_values<Quantizer>)' for it");
  static_assert(argument::fits_scales,
                "lowbit::quantize: this range_search is for scales that are stored in another way "
                "(nvfp4_absmax, four_over_six: e4m3 with one f32)");
  static_assert(argument::solves,
                "lowbit::quantize: this rounding_solver does not fit the format: it has neither "
                "'solve_row(coder<Quantizer, Granularity>&, row)' nor 'solve(coder<...>&)' for it");
  static_assert(argument::has_outliers,
                "lowbit::quantize: an outlier_criterion, but the format picks no outliers");
  static_assert(argument::picks || !argument::has_outliers,
                "lowbit::quantize: this outlier_criterion does not fit the format's outliers: "
                "'pick' chooses elements for sparse, 'pick_columns' columns for columns");
  static_assert(argument::has_levels,
                "lowbit::quantize: a level_source, but the format's levels are in its type");
}

/// How many arguments have a role.
template <class... How>
struct roles_of {
  static constexpr int ranges = given<derived_role<range_search>, How...>;
  static constexpr int solvers = given<derived_role<rounding_solver>, How...>;
  static constexpr int criteria = given<derived_role<outlier_criterion>, How...>;
  static constexpr int levels = given<derived_role<level_source>, How...>;
  static constexpr int weights = given<importance_role, How...>;
  static constexpr int executors = given<executor_role, How...>;
  static constexpr bool differ =
      ranges <= 1 && solvers <= 1 && criteria <= 1 && levels <= 1 && weights <= 1 && executors <= 1;
};

/// The same for all arguments.
template <class F, class... How>
constexpr void check_arguments() {
  using roles = roles_of<How...>;
  static_assert(roles::ranges <= 1, "lowbit::quantize: two arguments are a range_search");
  static_assert(roles::solvers <= 1, "lowbit::quantize: two arguments are a rounding_solver");
  static_assert(roles::criteria <= 1, "lowbit::quantize: two arguments are an outlier_criterion");
  static_assert(roles::levels <= 1, "lowbit::quantize: two arguments are a level_source");
  static_assert(roles::weights <= 1, "lowbit::quantize: two arguments are an importance");
  static_assert(roles::executors <= 1, "lowbit::quantize: two arguments are an executor");
  (check_argument<How, F>(), ...);
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
