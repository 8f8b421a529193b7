// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ranges of all groups of a matrix.
#pragma once
#include <vector>

#include "../kernels/host/encoders.hpp"
#include "selectors.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Tells a search how the granularity stores what it finds.
template <class G, class Q>
LOWBIT_HD void say_how_stored(group_values<Q>& g) {
  if constexpr (requires { typename G::scale_plane; }) {
    g.stored_scale = rounding_of<typename G::scale_plane>();
    g.signed_scale = stores_both_signs<typename G::scale_plane>;
    g.stores_finite = stores_finite<typename G::scale_plane>;
    g.scales_in_order = stores_in_order<typename G::scale_plane>;
    if constexpr (has_zero<Q>) {
      using zero_plane = typename G::template data<owned, Q>::zero_plane;
      g.stored_zero = rounding_of<zero_plane>();
      g.contains_zero = !stores_both_signs<zero_plane>;
      g.stores_finite = g.stores_finite && stores_finite<zero_plane>;
    }
  }
}

/// Calls f(values of the group, its row and column) for the groups of rows first .. last - 1 of the
/// grid of groups; `moderate` as run_survey has it. A group that lies in one row is not copied.
template <class Q, class G, class F>
void scan_groups(matrix_view<const value_of<Q>> work, const value_hints& hints, index_t first,
                 index_t last, bool moderate, F f) {
  constexpr bool real = std::same_as<value_of<Q>, float>;
  const arch target = kernels::target_of(arch::runtime);
  const bool in_rows = G::block_rows == 1 && hints.left_out.empty() && hints.weights == nullptr;
  const extent groups = G::params_shape(work.shape());
  const index_t height = G::block_rows == 0 ? work.rows() : G::block_rows;
  const index_t width = G::block_cols == 0 ? work.cols() : G::block_cols;
  std::vector<value_of<Q>> values;
  std::vector<float> weights;
  group_values<Q> g;
  g.target = target;
  g.moderate = moderate;
  if constexpr (real) g.find_extremes = kernels::find_extremes(target);
  say_how_stored<G>(g);
  for (index_t i = first; i < last; ++i)
    for (index_t j = 0; j < groups.cols; ++j) {
      g.group = {i, j};
      if (in_rows) {
        g.values = {work.row(i) + j * width, min_of(width, work.cols() - j * width)};
      } else {
        values.clear();
        weights.clear();
        for (index_t r = i * height; r < min_of(work.rows(), (i + 1) * height); ++r)
          for (index_t c = j * width; c < min_of(work.cols(), (j + 1) * width); ++c) {
            if (hints.skips(r * work.cols() + c)) continue;
            values.push_back(work(r, c));
            if (hints.weights != nullptr) weights.push_back(hints.weights->at(r, c));
          }
        g.values = values;
        g.importance = weights;
      }
      f(static_cast<const group_values<Q>&>(g), i, j);
    }
}
/// Calls f(values of the group, its number) for every group, on the executor.
template <class Q, class G, class Executor, class F>
void for_groups(matrix_view<const value_of<Q>> work, const value_hints& hints,
                const Executor& threads, F f) {
  const extent groups = G::params_shape(work.shape());
  for_rows(threads, groups.rows, 8, [&](index_t first, index_t last) {
    scan_groups<Q, G>(work, hints, first, last, false,
                      [&](const group_values<Q>& g, index_t i, index_t j) {
                        f(g, std::size_t(i * groups.cols + j));
                      });
  });
}

/// The range of every group; of a quantizer with several level sets, that of the best of them.
template <class Q, class G, class Plan, class Executor>
std::vector<group_params<Q>> fit_groups(matrix_view<const value_of<Q>> work,
                                        const value_hints& hints, const Plan& plan,
                                        const Executor& threads) {
  const extent groups = G::params_shape(work.shape());
  std::vector<group_params<Q>> params(std::size_t(groups.rows * groups.cols));
  const auto for_all = [&](auto f) { for_groups<Q, G>(work, hints, threads, f); };
  if constexpr (!fits_each_table<Q>)
    for_all([&](const group_values<Q>& g, std::size_t i) {
      params[i] = checked_params(g, plan.template fit<Q>(g));
    });
  else if constexpr (selector_units<Q, G>::one_each)
    for_all([&](const group_values<Q>& g, std::size_t i) {
      const auto fits = fit_tables<Q>(plan, g);
      int best = 0;
      for (int k = 1; k < selectors_of<Q>; ++k)
        if (fits[k].error < fits[best].error) best = k;
      params[i] = checked_params(g, fits[best].params);
    });
  else {
    std::vector<arr<double, selectors_of<Q>>> errors(params.size());
    for_all([&](const group_values<Q>& g, std::size_t i) {
      const auto fits = fit_tables<Q>(plan, g);
      for (int k = 0; k < selectors_of<Q>; ++k) errors[i][k] = fits[k].error;
    });
    choose_selectors<Q, G>(params, groups, errors);
    for_all([&](const group_values<Q>& g, std::size_t i) {
      params[i] = checked_params(g, fit_table<Q>(plan, g, params[i].selector));
    });
  }
  return params;
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
