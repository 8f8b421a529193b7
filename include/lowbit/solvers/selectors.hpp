// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of several level sets a group uses: the one of least squared error.
#pragma once
#include <vector>

#include "../granularity/blocks.hpp"
#include "../importance.hpp"
#include "../ranges/group_error.hpp"
#include "coder.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// The blocks of groups that share a selector, as the quantizer says: a grid over the grid of
/// groups.
template <class Q, class G>
struct selector_units {
  using plane = typename G::template data<owned, Q>::selector_plane;
  using sharing = typename plane::granularity_type;
  static constexpr bool one_each = std::same_as<sharing, unscaled>;

  extent groups, size, grid;  // groups, groups in a unit, units

  explicit selector_units(extent all_groups) : groups(all_groups) {
    if constexpr (one_each) {
      size = {1, 1};
      grid = groups;
    } else {
      size = {sharing::block_rows == whole ? groups.rows : sharing::block_rows,
              sharing::block_cols == whole ? groups.cols : sharing::block_cols};
      grid = sharing::params_shape(groups);
    }
  }

  /// f(first group, the group behind the last one) for each unit, in order.
  template <class F>
  void for_each(F f) const {
    for (index_t i = 0; i < grid.rows; ++i)
      for (index_t j = 0; j < grid.cols; ++j)
        f(position{i * size.rows, j * size.cols},
          position{min_of((i + 1) * size.rows, groups.rows),
                   min_of((j + 1) * size.cols, groups.cols)});
  }
};

/// Gives every unit the level set of least error, ties to the first.
template <class Q, class G>
void choose_selectors(std::vector<group_params<Q>>& params, extent groups,
                      const std::vector<arr<double, selectors_of<Q>>>& errors) {
  selector_units<Q, G>(groups).for_each([&](position first, position last) {
    const auto for_groups = [&](auto f) {
      for (index_t i = first.row; i < last.row; ++i)
        for (index_t j = first.col; j < last.col; ++j) f(std::size_t(i * groups.cols + j));
    };
    arr<double, selectors_of<Q>> sum{};
    for_groups([&](std::size_t g) {
      for (int k = 0; k < selectors_of<Q>; ++k) sum[k] += errors[g][k];
    });
    int best = 0;
    for (int k = 1; k < selectors_of<Q>; ++k)
      if (sum[k] < sum[best]) best = k;
    for_groups([&](std::size_t g) { params[g].selector = code_t(best); });
  });
}

/// A group under level set K of Q: its parameters and its error.
template <class Q>
struct fitted {
  group_params<Q> params;
  double error;
};
template <int K, class Q, class Plan>
fitted<Q> fit_one(const Plan& plan, const group_values<Q>& g) {
  using T = typename Q::template table<K>;
  group_values<T> t;
  t.values = g.values;
  t.importance = g.importance;
  t.group = g.group;
  t.stored_scale = g.stored_scale;
  t.signed_scale = g.signed_scale;
  t.target = g.target;
  t.moderate = g.moderate;
  t.find_extremes = g.find_extremes;
  group_params<T> p = plan.template fit<T>(t);
  p.scale[0] = g.stored_scale(p.scale[0]);
  fitted<Q> f;
  f.params.scale[0] = p.scale[0];
  f.params.selector = code_t(K);
  f.error = group_error<T>(t, p);
  return f;
}
template <class Q, class Plan>
arr<fitted<Q>, selectors_of<Q>> fit_tables(const Plan& plan, const group_values<Q>& g) {
  return [&]<int... K>(std::integer_sequence<int, K...>) {
    return arr<fitted<Q>, selectors_of<Q>>{{fit_one<K, Q>(plan, g)...}};
  }
  (std::make_integer_sequence<int, selectors_of<Q>>());
}
/// Under the level set that is chosen.
template <class Q, class Plan>
group_params<Q> fit_table(const Plan& plan, const group_values<Q>& g, code_t selector) {
  group_params<Q> params;
  [&]<int... K>(std::integer_sequence<int, K...>) {
    ((selector == code_t(K) ? void(params = fit_one<K, Q>(plan, g).params) : void()), ...);
  }
  (std::make_integer_sequence<int, selectors_of<Q>>());
  return params;
}

/// Squared errors of each group under each level set of a state.
template <class Q, class G, class Levels, class Executor>
std::vector<arr<double, selectors_of<Q>>> selector_errors(grouped_values<Q, G>& values,
                                                          const value_hints& hints,
                                                          const Levels& levels,
                                                          const Executor& threads) {
  const auto encoder = encoder_of<Q>(levels);
  std::vector<arr<double, selectors_of<Q>>> errors(values.all_params().size());
  const auto add_row = [&](index_t r) {
    for (index_t c = 0; c < values.cols(); ++c) {
      if (hints.skips(r * values.cols() + c)) continue;
      const auto group = std::size_t(values.group(r, c));
      group_params<Q> p = values.all_params()[group];
      const float x = values(r, c), u = normalize<Q>(x, p), weight = hints.weight(r, c);
      for (int k = 0; k < selectors_of<Q>; ++k) {
        p.selector = code_t(k);
        const code_t code = encode_in<Q>(encoder, u, p);
        const float d = sub_rn(x, reconstruct<Q>(decode_in<Q>(levels, code, p), p));
        errors[group][k] += double(mul_rn(weight, d)) * double(d);  // an exact product
      }
    }
  };
  const index_t height = values.group_rows();
  for_rows(threads, G::params_shape({values.rows(), values.cols()}).rows, 1,
           [&](index_t first, index_t last) {
             for (index_t r = first * height; r < min_of(last * height, values.rows()); ++r)
               add_row(r);
           });
  return errors;
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
