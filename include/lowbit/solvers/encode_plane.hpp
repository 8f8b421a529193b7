// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From values to a plane: factors of columns, ranges of groups, stored parameters, levels, codes.
#pragma once
#include <cstring>
#include <vector>

#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "../granularity/blocks.hpp"
#include "../importance.hpp"
#include "../ranges/default.hpp"
#include "encode_runs.hpp"
#include "fit_groups.hpp"
#include "learn_levels.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

template <class Q, class Range>
auto plan_of(const Range& range, matrix_view<const value_of<Q>> values) {
  if constexpr (plans_matrix<Range, Q>)
    return range.template for_matrix<Q>(values);
  else
    return range;
}

/// The values of a plane: those to be coded, 0 where they are kept apart, and what those are.
template <class V>
struct plane_values {
  matrix_view<V> work;              // a copy, which solvers change; empty: nobody does
  matrix_view<const V> original{};  // needed where something is kept apart, or without a copy
  values_apart apart{};
  bool has_copy = true;

  matrix_view<const V> values() const { return has_copy ? matrix_view<const V>(work) : original; }
};
/// The factor of a column; 1 where the granularity has none.
template <class P>
float column_factor([[maybe_unused]] const typename P::template data<borrowed>& coded,
                    [[maybe_unused]] index_t c) {
  if constexpr (scales_columns<typename P::granularity_type>)
    return coded.groups.column(c);
  else
    return 1;
}

/// In the end `work` holds what the solver made of the values, those kept apart included, divided
/// by the factors of their columns.
template <class P, class Range, class Solver, class Levels, class Executor>
typename P::template data<owned> encode_plane(const plane_values<typename P::value_type>& values,
                                              const value_hints& hints, const Range& range,
                                              const Solver& solver, const Levels& level_source,
                                              const Executor& threads);
template <class P, class Range, class Solver, class Levels, class Executor>
typename P::template data<owned> encode_step_by_step(
    const plane_values<typename P::value_type>& values, const value_hints& hints,
    const Range& range, const Solver& solver, const Levels& level_source, const Executor& threads);

/// A parameter of all groups, stored: a smaller matrix, encoded to nearest.
template <class P, class Range>
typename P::template data<owned> encode_params(std::vector<float> values, extent shape,
                                               const Range& range) {
  return encode_plane<P>({matrix_view<float>(values.data(), shape.rows, shape.cols)}, {}, range,
                         nearest{}, learn_levels{}, serial{});
}

template <class Q, class G>
auto store_selectors(const std::vector<group_params<Q>>& params, extent groups) {
  std::vector<float> values;
  values.reserve(params.size());
  for (const group_params<Q>& p : params) values.push_back(float(p.selector));
  return encode_params<typename G::template data<owned, Q>::selector_plane>(std::move(values),
                                                                            groups, absmax{});
}

template <class Q, class G, class Plan>
typename G::template data<owned, Q> store_groups(const std::vector<group_params<Q>>& params,
                                                 extent groups, const Plan& plan) {
  if constexpr (requires { G::template store<Q>(params, groups, plan); })
    return G::template store<Q>(params, groups, plan);
  else {
    using data = typename G::template data<owned, Q>;
    using scale_plane = typename G::scale_plane;
    const auto gather = [&](auto f) {
      std::vector<float> values;
      values.reserve(params.size());
      for (const group_params<Q>& p : params) values.push_back(f(p));
      return values;
    };
    data d;
    for (int k = 0; k < scales_of<Q>; ++k) {
      const auto values = gather([k](const group_params<Q>& p) { return p.scale[k]; });
      if constexpr (requires { plan.scale_range(); })
        d.scale[k] = encode_params<scale_plane>(values, groups, plan.scale_range());
      else
        d.scale[k] =
            encode_params<scale_plane>(values, groups,
                                       default_range<typename scale_plane::quantizer_type,
                                                     typename scale_plane::granularity_type>());
    }
    if constexpr (has_zero<Q>) {
      using zero_plane = typename data::zero_plane;
      d.zero =
          encode_params<zero_plane>(gather([](const group_params<Q>& p) { return p.zero; }), groups,
                                    default_range<typename zero_plane::quantizer_type,
                                                  typename zero_plane::granularity_type>());
    }
    if constexpr (has_selectors<Q>) d.selector = store_selectors<Q, G>(params, groups);
    return d;
  }
}

/// The parameters of all groups, as they decode.
template <class Q, class G>
std::vector<group_params<Q>> read_groups(const typename G::template data<borrowed, Q>& groups,
                                         extent shape) {
  const extent n = G::params_shape(shape);
  std::vector<group_params<Q>> params;
  params.reserve(std::size_t(n.rows * n.cols));
  const index_t height = G::block_rows == 0 ? 1 : G::block_rows;
  const index_t width = G::block_cols == 0 ? 1 : G::block_cols;
  for (index_t i = 0; i < n.rows; ++i)
    for (index_t j = 0; j < n.cols; ++j) params.push_back(groups.group(i * height, j * width));
  return params;
}

/// What levels are learned from: normalised blocks, each with the weight of its squared error.
template <class Q>
struct training_set {
  std::vector<block_of<Q>> blocks;
  std::vector<float> weights;
  std::vector<index_t> starts;  // of the runs of blocks that share a selector, and the end
};
/// The whole blocks of the rows (the short ones, filled up with 0, where a row has no other). The
/// weight is the square of the scale times the mean importance of the values not kept apart; scales
/// are relative to the largest, so that their squares are numbers.
template <class Q, class G>
training_set<Q> training_blocks(grouped_values<Q, G>& values, const value_hints& hints) {
  constexpr int dim = dim_of<Q>;
  const index_t cols = values.cols(), count = cols < dim ? values.blocks() : cols / dim;
  float top = 0;
  for (const group_params<Q>& p : values.all_params())
    if (magnitude(p.scale[0]) > top) top = magnitude(p.scale[0]);
  const int up = top == 0 ? 0 : -ilog2(top);
  const float unit = exp2_int(up < 127 ? up : 127);
  training_set<Q> set;
  set.blocks.reserve(std::size_t(values.rows() * count));
  set.weights.reserve(set.blocks.capacity());
  const auto add = [&](index_t r, index_t b) {
    block_of<Q> x = values.get(r, b);
    const group_params<Q>& p = values.params(r, b * dim);
    if constexpr (dim == 1)
      x = normalize<Q>(x, p);
    else
      for (int i = 0; i < dim; ++i) x[i] = normalize<Q>(x[i], p);
    float weight = 0;
    for (index_t c = b * dim; c < min_of(cols, (b + 1) * dim); ++c)
      if (!hints.skips(r * cols + c)) weight = add_rn(weight, hints.weight(r, c));
    const float s = mul_rn(p.scale[0], unit);
    set.blocks.push_back(x);
    set.weights.push_back(mul_rn(div_rn(weight, float(dim)), mul_rn(s, s)));
  };
  if constexpr (!has_selectors<Q>) {
    for (index_t r = 0; r < values.rows(); ++r)
      for (index_t b = 0; b < count; ++b) add(r, b);
  } else {
    static_assert(dim == 1, "lowbit: level sets with selectors are for single values");
    const extent group{values.group_rows(), values.group_cols()};
    selector_units<Q, G>(G::params_shape({values.rows(), cols}))
        .for_each([&](position first, position last) {
          set.starts.push_back(index_t(set.blocks.size()));
          for (index_t r = first.row * group.rows; r < min_of(last.row * group.rows, values.rows());
               ++r)
            for (index_t c = first.col * group.cols; c < min_of(last.col * group.cols, cols); ++c)
              add(r, c);
        });
    set.starts.push_back(index_t(set.blocks.size()));
  }
  return set;
}

template <class Q, class G, class Levels, class Executor>
state_of<Q, owned> find_levels(grouped_values<Q, G>& values, const value_hints& hints,
                               const Levels& source, const Executor& threads) {
  const training_set<Q> set = training_blocks(values, hints);
  const span<const block_of<Q>> blocks(set.blocks);
  const span<const float> weights(set.weights);
  const span<const index_t> starts(set.starts);
  if constexpr (has_selectors<Q> &&
                requires { source.template state<Q>(blocks, weights, starts, threads); })
    return source.template state<Q>(blocks, weights, starts, threads);
  else
    return source.template state<Q>(blocks, weights, threads);
}

[[noreturn]] inline void fail_not_finite(position at) {
  fail(errc::not_finite, "weights",
       message("the value at row ", at.row, ", column ", at.col, " is not finite"));
}
/// Throws error not_finite that names the first.
template <class V, class Executor = serial>
void check_finite(matrix_view<const V> m, const Executor& threads = {}) {
  const auto survey = kernels::survey(kernels::target_of(arch::runtime));
  std::vector<char> finite(std::size_t(m.rows()), 1);
  for_rows(threads, m.rows(), 16, [&](index_t first, index_t last) {
    for (index_t r = first; r < last; ++r)
      finite[std::size_t(r)] = survey(reinterpret_cast<const float*>(m.row(r)),
                                      m.cols() * index_t(sizeof(V) / sizeof(float)))
                                   .finite;
  });
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = 0; c < m.cols() && finite[std::size_t(r)] == 0; ++c)
      if (!is_finite(m(r, c))) fail_not_finite({r, c});
}

/// Where kernels round each value by itself nobody changes the values, and no copy is needed.
template <class P, class Solver>
concept rounds_in_runs = encodes_runs<P> && std::same_as<Solver, nearest>;

/// Throws error not_finite.
template <class P, class Range, class Executor>
typename P::template data<owned> encode_in_runs(const plane_values<typename P::value_type>& input,
                                                const value_hints& hints, const Range& range,
                                                const Executor& threads) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const matrix_view<const float> values = input.values();
  typename P::template data<owned> out;
  out.codes.assign(std::size_t(values.rows() * P::row_bytes(values.cols())), 0);
  if constexpr (has_local_groups<P> && !plans_matrix<Range, Q>) {
    if (!encode_tiles<P>(values, hints, range, out, threads)) check_finite(values);
  } else {
    check_finite(values, threads);
    if constexpr (has_groups<G, Q>) {
      const auto plan = plan_of<Q>(range, values);
      out.groups = store_groups<Q, G>(fit_groups<Q, G>(values, hints, plan, threads),
                                      G::params_shape(values.shape()), plan);
    }
    out.set_shape(values.shape());
    encode_runs<P>(values, out, threads);
  }
  out.set_shape(values.shape());
  for (index_t i = 0; i < input.apart.flags.size(); ++i)
    if (input.apart.flags[i] != 0) {
      const index_t r = i / values.cols(), c = i % values.cols();
      input.work(r, c) = input.original(r, c);
    }
  return out;
}

template <class P, class Range, class Solver, class Levels, class Executor>
typename P::template data<owned> encode_plane(const plane_values<typename P::value_type>& input,
                                              const value_hints& hints, const Range& range,
                                              const Solver& solver, const Levels& level_source,
                                              const Executor& threads) {
  if constexpr (rounds_in_runs<P, Solver>)
    return encode_in_runs<P>(input, hints, range, threads);
  else
    return encode_step_by_step<P>(input, hints, range, solver, level_source, threads);
}

template <class P, class Range, class Solver, class Levels, class Executor>
typename P::template data<owned> encode_step_by_step(
    const plane_values<typename P::value_type>& input, const value_hints& hints, const Range& range,
    const Solver& solver, const Levels& level_source, const Executor& threads) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const matrix_view<typename P::value_type> work = input.work;
  const index_t rows = work.rows(), cols = work.cols();
  typename P::template data<owned> out;

  [[maybe_unused]] const auto plan = plan_of<Q>(range, matrix_view<const value_of<Q>>(work));
  if constexpr (scales_columns<G>) {
    using columns_plane = param_plane_of<typename G::column_number>;
    out.groups.columns = encode_params<columns_plane>(
        G::template fit_columns<Q>(matrix_view<const value_of<Q>>(work), hints, plan), {1, cols},
        default_range<typename columns_plane::quantizer_type,
                      typename columns_plane::granularity_type>());
    const auto factor = columns_plane::bind(out.groups.columns);
    for (index_t c = 0; c < cols; ++c) {
      const float f = factor.at(0, c);
      for (index_t r = 0; r < rows; ++r) work(r, c) = over_scale(work(r, c), f);
    }
  }

  std::vector<group_params<Q>> params;
  if constexpr (has_groups<G, Q>) {
    params = fit_groups<Q, G>(matrix_view<const value_of<Q>>(work), hints, plan, threads);
    const extent groups = G::params_shape(work.shape());
    if constexpr (requires { typename G::base_type; }) {
      using base = typename G::base_type;  // everything but the column factors
      if constexpr (has_groups<base, Q>)
        static_cast<typename base::template data<owned, Q>&>(out.groups) =
            store_groups<Q, base>(params, groups, plan);
    } else {
      out.groups = store_groups<Q, G>(params, groups, plan);
    }
  }
  out.set_shape(work.shape());
  if constexpr (has_groups<G, Q>) {
    typename G::template data<borrowed, Q> groups{};
    G::template data<owned, Q>::each(binder{}, path{}, out.groups, groups);
    params = read_groups<Q, G>(groups, work.shape());
  }

  out.codes.assign(std::size_t(rows * P::row_bytes(cols)), 0);
  grouped_values<Q, G> values(work, std::move(params));
  state_of<Q> levels{};
  if constexpr (has_state<Q>) {
    out.levels = find_levels(values, hints, level_source, threads);
    state_of<Q, owned>::each(binder{}, path{}, out.levels, levels);
    levels.validate(path{});
    if constexpr (has_selectors<Q>) {
      const extent groups = G::params_shape(work.shape());
      choose_selectors<Q, G>(values.all_params(), groups,
                             selector_errors(values, hints, levels, threads));
      out.groups.selector = store_selectors<Q, G>(values.all_params(), groups);
    }
  }
  if (!input.apart.flags.empty()) {
    const auto bound = P::bind(out);
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        if (input.apart.flags[r * cols + c] != 0)
          work(r, c) = over_scale(input.original(r, c), column_factor<P>(bound, c));
  }
  coder<Q, G> codes(std::move(values), levels, out.codes.data(), input.apart);
  if constexpr (requires { solver.solve_row(codes, index_t{}); })
    for_rows(threads, rows, 16, [&](index_t first, index_t last) {
      for (index_t r = first; r < last; ++r) solver.solve_row(codes, r);
    });
  else
    solver.solve(codes);
  return out;
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
