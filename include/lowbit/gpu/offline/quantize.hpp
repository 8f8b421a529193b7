// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../quantize.hpp"
#include "policy.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace offline {

namespace detail {

using lowbit::detail::has_groups;

/// The parameters of a plane's groups are planes that can be found too, each in a matrix without
/// gaps: there a group may be all of it.
template <class P, bool Inner>
constexpr bool finds_plane() {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  if constexpr (dim_of<Q> != 1 || !std::same_as<value_of<Q>, float> || has_state<Q> ||
                has_selectors<Q> || scales_of<Q> != 1 || scales_columns<G>)
    return false;
  else if constexpr (!has_groups<G, Q>)
    return true;
  else if constexpr (!requires { typename G::scale_plane; } ||
                     (G::block_rows != 1 &&
                      !(Inner && G::block_rows == whole && G::block_cols == whole)))
    return false;
  else if constexpr (!finds_plane<typename G::scale_plane, true>())
    return false;
  else if constexpr (has_zero<Q>)
    return finds_plane<lowbit::detail::zero_plane_of_groups<G, Q>, true>();
  else
    return true;
}
/// The search needs nothing but a group, or the largest magnitude of the matrix beside it.
template <class R, class Q>
concept plans_by_top = requires(float top) {
  R::template for_matrix_top<Q>(top);
};
template <class R, class Q>
concept finds_range = (range_for<R, Q> && runs_anywhere<R>) || plans_by_top<R, Q>;

}  // namespace detail

/// Formats that offline::quantize can make: single real values, groups in rows, levels in the type,
/// nothing kept apart; scales and zeros numbers, or planes of such groups (two_level, NVFP4).
template <class F>
concept quantized_offline = format_like<F> && std::same_as<typename F::outliers_type, none> &&
    detail::finds_plane<typename F::plane_type, false>();

namespace detail {

/// Arrays in memory that somebody lends.
struct lent {
  template <class T>
  using array = span<T>;
};
struct lent_binder {
  template <class T>
  void operator()(const path&, element, const span<T>& from, unaligned_span<T>& to) const {
    to = {from.data(), from.size()};
  }
  template <class T>
  void derived(const T& from, T& to) const {
    to = from;
  }
};

/// Gives out memory, from multiples of 256 bytes on; null: only counts.
struct memory_cutter {
  std::uint8_t* memory;
  index_t used = 0;
  span<std::uint8_t> operator()(index_t bytes) {
    const span<std::uint8_t> s(memory == nullptr ? nullptr : memory + used, bytes);
    used += ceil_div(bytes, 256) * 256;
    return s;
  }
};
template <class P>
void lay_out(typename P::template data<lent>& to, extent shape, memory_cutter& memory) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  to.cols = shape.cols;
  to.codes = memory(shape.rows * P::row_bytes(shape.cols));
  if constexpr (has_groups<G, Q>) {
    lay_out<typename G::scale_plane>(to.groups.scale[0], G::params_shape(shape), memory);
    if constexpr (has_zero<Q>)
      lay_out<lowbit::detail::zero_plane_of_groups<G, Q>>(to.groups.zero, G::params_shape(shape),
                                                          memory);
  }
}

/// The range of a group, a thread for each, and whether it cannot be stored.
template <class Q, class G, class Range>
struct find_group {
  matrix_view<const float> values;
  Range range;
  float *scales, *zeros;
  std::uint8_t* wrong;

  LOWBIT_HD void operator()(index_t i) const {
    const index_t groups = G::params_shape(values.shape()).cols;
    group_values<Q> g;
    lowbit::detail::say_how_stored<G>(g);
    g.group = {i / groups, i % groups};
    if constexpr (G::block_rows == whole) {
      g.values = {values.data(), values.rows() * values.cols()};
    } else {
      const index_t width = G::block_cols == whole ? values.cols() : G::block_cols;
      const index_t first = g.group.col * width;
      g.values = {values.row(g.group.row) + first, min_of(width, values.cols() - first)};
    }
    const group_params<Q> p = range.template fit<Q>(g);
    scales[i] = p.scale[0];
    bool stored = is_finite(g.stored_scale(p.scale[0]));
    if constexpr (has_zero<Q>) {
      zeros[i] = p.zero;
      stored = stored && is_finite(g.stored_zero(p.zero));
    }
    wrong[i] = stored ? 0 : 1;
  }
};
/// Eight codes of a row, which are whole bytes, under parameters as they decode.
template <class P>
struct encode_chunk {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  matrix_view<const float> values;
  typename P::template data<borrowed> stored;
  std::uint8_t* codes;

  LOWBIT_HD void operator()(index_t i) const {
    constexpr index_t width = G::block_cols;
    const index_t cols = values.cols(), chunks = ceil_div(cols, 8);
    const index_t r = i / chunks, first = i % chunks * 8;
    std::uint8_t bytes[Q::bits] = {};
    group_params<Q> p{};
    for (int k = 0; k < 8 && first + k < cols; ++k) {
      const index_t c = first + k;
      float x = values(r, c);
      if constexpr (has_groups<G, Q>) {
        if (k == 0 || (width != whole && c % (width == whole ? 1 : width) == 0))
          p = stored.params(r, c);
        x = normalize<Q>(x, p);
      }
      write_bits(bytes, std::uint64_t(k * Q::bits), Q::bits, encode_in<Q>(Q{}, x, p));
    }
    const index_t length = P::row_bytes(cols), start = first / 8 * Q::bits;
    for (int k = 0; k < Q::bits && start + k < length; ++k)
      codes[r * length + start + k] = bytes[k];
  }
};

struct magnitude_at {
  matrix_view<const float> values;
  LOWBIT_HD float operator()(index_t i) const {
    const position at = place_of(i, values.cols());
    return magnitude(values(at.row, at.col));
  }
};
template <class Q, class Policy, class Range>
auto plan_of(const Policy& policy, matrix_view<const float> values, const Range& range) {
  if constexpr (plans_by_top<Range, Q>)
    return Range::template for_matrix_top<Q>(
        reduce(policy, values.rows() * values.cols(), magnitude_at{values}, 0.f, largest_of_two{}));
  else
    return range;
}

template <class P, class Policy, class Range>
void find_plane(const Policy& policy, matrix_view<const float> values, const Range& range,
                const typename P::template data<lent>& to);

/// A parameter of all groups; a search that says how scales are stored is asked.
template <class P, class Policy, class Plan>
void store_parameter(const Policy& policy, const float* values, extent groups, const Plan& plan,
                     const typename P::template data<lent>& to) {
  const matrix_view<const float> m(values, groups.rows, groups.cols);
  if constexpr (requires { plan.scale_range(); })
    find_plane<P>(policy, m, plan.scale_range(), to);
  else
    find_plane<P>(policy, m,
                  default_range<typename P::quantizer_type, typename P::granularity_type>(), to);
}
struct no_plan {};

template <class P, class Policy, class Range>
void find_plane(const Policy& policy, matrix_view<const float> values, const Range& range,
                const typename P::template data<lent>& to) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  if constexpr (has_groups<G, Q>) {
    const extent groups = G::params_shape(values.shape());
    const index_t n = groups.rows * groups.cols;
    const policy_array<float, Policy> found(policy, 2 * n);
    const policy_array<std::uint8_t, Policy> flags(policy, n);
    float *const scales = found.data(), *const zeros = scales + n;
    const auto plan = plan_of<Q>(policy, values, range);
    using plan_type = std::remove_const_t<decltype(plan)>;
    for_each(policy, n, find_group<Q, G, plan_type>{values, plan, scales, zeros, flags.data()});
    const index_t wrong = first_where(policy, n, is_set{flags.data()});
    if (wrong < n) {
      group_values<Q> g;
      lowbit::detail::say_how_stored<G>(g);
      g.group = place_of(wrong, groups.cols);
      group_params<Q> p;
      p.scale[0] = fetch(policy, scales + wrong);
      if constexpr (has_zero<Q>) p.zero = fetch(policy, zeros + wrong);
      lowbit::detail::checked_params(g, p);
    }
    store_parameter<typename G::scale_plane>(policy, scales, groups, plan, to.groups.scale[0]);
    if constexpr (has_zero<Q>)
      store_parameter<lowbit::detail::zero_plane_of_groups<G, Q>>(policy, zeros, groups, no_plan{},
                                                                  to.groups.zero);
  }
  if constexpr (Q::bits > 0) {
    typename P::template data<borrowed> stored{};
    P::template data<lent>::each(lent_binder{}, path{}, to, stored);
    for_each(policy, values.rows() * ceil_div(values.cols(), 8),
             encode_chunk<P>{values, stored, to.codes.data()});
  }
}

template <format_like F>
using range_of =
    decltype(default_range<typename F::quantizer_type, typename F::granularity_type>());

}  // namespace detail

/// How much memory offline::quantize fills: all arrays, each from a multiple of 256 bytes on.
template <quantized_offline F>
index_t quantized_bytes(extent shape) {
  typename F::plane_type::template data<lowbit::offline::detail::lent> counted;
  detail::memory_cutter memory{nullptr};
  detail::lay_out<typename F::plane_type>(counted, shape, memory);
  return memory.used;
}

/// Quantizes a matrix in memory that the policy can reach, into `memory` there: the bytes of
/// `lowbit::quantize<F>(values, range)` in canonical arrays, of which a view is returned. `Space`
/// says what the view is for: `device`, or `host` where the policy is a host's.
///
/// Ranges are found by a thread for each group, by the same code as on the host: any range search
/// that says `fits_anywhere` (absmax, minmax, mse_grid, least_squares, the e8m0 modes,
/// fixed_scale), and nvfp4_absmax. Codes are found by a thread for each 8 of a row. Parameters that
/// are quantized in their turn are treated likewise.
/// Memory of the policy: 9 bytes for each group.
/// Throws error not_finite naming row and column, before anything is written, or the group for
/// which a search found no number; bad_argument for another size of `memory`.
template <quantized_offline F, class Space = device, class Policy,
          class Range = detail::range_of<F>>
quantized_view<F, canonical, Space> quantize(const Policy& policy, matrix_view<const float> values,
                                             span<std::uint8_t> memory, const Range& range = {}) {
  using P = typename F::plane_type;
  static_assert(detail::finds_range<Range, typename F::quantizer_type>,
                "lowbit::offline::quantize: this range search is for the host, or for another "
                "quantizer (see runs_anywhere)");
  if (memory.size() != quantized_bytes<F>(values.shape()))
    fail(errc::bad_argument, "memory",
         message(memory.size(), " bytes, expected ", quantized_bytes<F>(values.shape())));
  detail::check_finite(policy, values);
  const float_mode_guard mode;
  thrust::fill_n(policy, memory.data(), memory.size(), std::uint8_t(0));
  matrix_data<F, detail::lent> data;
  data.size = values.shape();
  detail::memory_cutter cut{memory.data()};
  detail::lay_out<P>(data.main, values.shape(), cut);
  detail::find_plane<P>(policy, values, range, data.main);
  quantized_view<F, canonical, Space> view;
  using borrowed_type = typename decltype(view)::data_type;
  decltype(data)::each(detail::lent_binder{}, data, static_cast<borrowed_type&>(view));
  return view;
}

}  // namespace offline
}  // namespace lowbit::inline LOWBIT_ABI
