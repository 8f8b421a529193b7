// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding to nearest by kernels: the codes of `nearest`, a run of a row at a time.
#pragma once
#include <vector>

#include "../granularity/blocks.hpp"
#include "../kernels/host/encoders.hpp"
#include "../quantizers/code_rule.hpp"
#include "coder.hpp"
#include "fit_groups.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Planes whose codes kernels can find.
template <class P, class Q = typename P::quantizer_type, class G = typename P::granularity_type>
concept encodes_runs = dim_of<Q>
== 1 && std::same_as<value_of<Q>, float>&& scales_of<Q> == 1 && has_code_rule<Q> &&
    !scales_columns<G>;

/// A parameter of all groups, as it decodes.
template <class Plane>
std::vector<float> read_parameter(arch target, const typename Plane::template data<owned>& from,
                                  extent groups) {
  std::vector<float> values(std::size_t(groups.rows * groups.cols + 64));
  if constexpr (std::same_as<Plane, plane<f16, unscaled>>) {
    const index_t n = groups.rows * groups.cols;
    kernels::read_halves(target)(from.codes.data(), 2 * n, n, values.data());
  } else {
    const auto stored = Plane::bind(from);
    for (index_t i = 0; i < groups.rows; ++i)
      for (index_t j = 0; j < groups.cols; ++j)
        values[std::size_t(i * groups.cols + j)] = stored.at(i, j);
  }
  return values;
}

template <class G, class Q>
using zero_plane_of_groups = typename G::template data<owned, Q>::zero_plane;

/// What the values of a row are coded under.
struct run_parameters {
  index_t width = 1;
  const float *scales = nullptr, *zeros = nullptr;
};
/// The parameters of all groups, as kernels read them.
template <class Q, class G>
struct decoded_groups {
  index_t width = 0, height = 1, cols = 0;
  std::vector<float> scales, zeros;

  run_parameters of_row(index_t r) const {
    const index_t g = r / height * cols;
    return {width, scales.data() + g, has_zero<Q> ? zeros.data() + g : nullptr};
  }

  decoded_groups(arch target, const typename G::template data<owned, Q>& groups, extent shape) {
    const extent n = G::params_shape(shape);
    width = G::block_cols == whole ? shape.cols : G::block_cols;
    height = G::block_rows == whole ? shape.rows : G::block_rows;
    cols = n.cols;
    if constexpr (requires { typename G::scale_plane; }) {
      scales = read_parameter<typename G::scale_plane>(target, groups.scale[0], n);
      if constexpr (has_zero<Q>)
        zeros =
            read_parameter<typename G::template data<owned, Q>::zero_plane>(target, groups.zero, n);
    } else {
      typename G::template data<borrowed, Q> stored{};
      G::template data<owned, Q>::each(binder{}, path{}, groups, stored);
      for (index_t i = 0; i < n.rows; ++i)
        for (index_t j = 0; j < n.cols; ++j) {
          const group_params<Q> p = stored.group(i * height, j * width);
          scales.push_back(p.scale[0]);
          zeros.push_back(p.zero);
        }
      scales.resize(scales.size() + 16);
      zeros.resize(zeros.size() + 16);
    }
  }
};

/// The codes of a row: n values under the parameters of their groups of `width` columns; null where
/// there are none. Values that are kept apart are 0.
template <class P>
void encode_row(arch target, const float* values, index_t cols, index_t width, const float* scales,
                const float* zeros, bool moderate, std::uint8_t* codes) {
  using Q = typename P::quantizer_type;
  constexpr index_t piece = 1024, room = piece + 64, bytes = Q::bits > 8 ? 2 : 1;
  const auto rule = code_rule<Q>();
  const auto find = kernels::find_codes<std::remove_const_t<decltype(rule)>, int(bytes)>(target);
  alignas(64) float u[room];
  alignas(64) std::uint8_t found[bytes * room], packed[bytes * room];
  for (index_t c = 0; c < cols; c += piece) {
    const index_t n = min_of(piece, cols - c);
    const float* positions = values + c;
    if constexpr (has_groups<typename P::granularity_type, Q>) {
      const index_t g = c / width;
      kernels::find_positions<zero_of<Q>>(target)(positions, n, width, c % width, scales + g,
                                                  has_zero<Q> ? zeros + g : nullptr, moderate, u);
      positions = u;
    }
    find(positions, n, rule, found);
    const std::uint8_t* stream = found;
    if constexpr (Q::bits % 8 != 0) {
      static_assert(Q::bits < 8);
      __builtin_memset(found + n, 0, std::size_t((n + 63) / 64 * 64 - n));
      kernels::pack_codes(target)(found, n, Q::bits, packed);
      stream = packed;
    }
    __builtin_memcpy(codes + c * Q::bits / 8, stream, std::size_t(ceil_div(n * Q::bits, 8)));
  }
}

/// All codes, under the parameters that `out` has.
template <class P, class Executor>
void encode_runs(matrix_view<const float> values, typename P::template data<owned>& out,
                 const Executor& threads) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const arch target = kernels::target_of(arch::runtime);
  const index_t row_bytes = P::row_bytes(values.cols());
  const auto encode = [&](const auto& parameters) {
    for_rows(threads, values.rows(), 16, [&](index_t first, index_t last) {
      for (index_t r = first; r < last; ++r) {
        const run_parameters p = parameters(r);
        const bool moderate = kernels::survey(target)(values.row(r), values.cols()).moderate;
        encode_row<P>(target, values.row(r), values.cols(), p.width, p.scales, p.zeros, moderate,
                      out.codes.data() + r * row_bytes);
      }
    });
  };
  if constexpr (has_groups<G, Q>) {
    const decoded_groups<Q, G> groups(target, out.groups, values.shape());
    encode([&](index_t r) { return groups.of_row(r); });
  } else {
    encode([](index_t) { return run_parameters{}; });
  }
}

/// Parameters that are numbers, each by itself: then a row of groups is fitted, stored and encoded
/// while its values are in the cache.
template <class P>
inline constexpr bool is_numbers = std::same_as<typename P::granularity_type, unscaled>;
template <class P, class Q = typename P::quantizer_type, class G = typename P::granularity_type>
concept has_local_groups = has_groups<G, Q> && requires {
  typename G::scale_plane;
} && G::block_rows != whole&& is_numbers<typename G::scale_plane> && !has_selectors<Q> &&
    (!has_zero<Q> || is_numbers<zero_plane_of_groups<G, Q>>);

/// Stores the parameters of a row of groups, and leaves what they decode to.
template <class Plane>
void store_row(arch target, float* values, index_t n, index_t row,
               std::vector<std::uint8_t>& codes) {
  using N = typename Plane::quantizer_type;
  std::uint8_t* const to = codes.data() + row * Plane::row_bytes(n);
  if constexpr (encodes_runs<Plane>) {
    encode_row<Plane>(target, values, n, n, nullptr, nullptr, false, to);
  } else {
    for (index_t i = 0; i < n; ++i)
      write_bits(to, std::uint64_t(i) * N::bits, N::bits, N::encode(values[i]));
  }
  if constexpr (std::same_as<N, f16>)
    kernels::read_halves(target)(to, 2 * n, n, values);
  else
    for (index_t i = 0; i < n; ++i)
      values[i] = N::decode(read_bits(to, std::uint64_t(i) * N::bits, N::bits));
}

/// Ranges, parameters and codes, one row of groups after the other. Returns whether all values are
/// finite; else what it wrote means nothing.
template <class P, class Plan, class Executor>
bool encode_tiles(matrix_view<const float> values, const value_hints& hints, const Plan& plan,
                  typename P::template data<owned>& out, const Executor& threads) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const arch target = kernels::target_of(arch::runtime);
  const index_t cols = values.cols(), row_bytes = P::row_bytes(cols);
  const extent groups = G::params_shape(values.shape());
  const index_t height = G::block_rows == whole ? values.rows() : G::block_rows;
  const index_t width = G::block_cols == whole ? cols : G::block_cols;
  const auto bytes = [&](const auto& plane) {
    using parameter = typename std::remove_cvref_t<decltype(plane)>::plane_type;
    return std::size_t(groups.rows * parameter::row_bytes(groups.cols));
  };
  out.groups.scale[0].codes.assign(bytes(out.groups.scale[0]), 0);
  if constexpr (has_zero<Q>) out.groups.zero.codes.assign(bytes(out.groups.zero), 0);
  bool finite = true;
  for_rows(threads, groups.rows, ceil_div(16, height > 0 ? height : 1),
           [&](index_t first, index_t last) {
             std::vector<float> scales(std::size_t(groups.cols + 64)), zeros(scales);
             for (index_t i = first; i < last; ++i) {
               const index_t end = min_of(values.rows(), (i + 1) * height);
               bool moderate = true;
               for (index_t r = i * height; r < end; ++r) {
                 const auto found = kernels::survey(target)(values.row(r), cols);
                 moderate = moderate && found.moderate;
                 if (!found.finite) return __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
               }
               scan_groups<Q, G>(values, hints, i, i + 1, moderate,
                                 [&](const group_values<Q>& g, index_t, index_t j) {
                                   const group_params<Q> p =
                                       checked_params(g, plan.template fit<Q>(g));
                                   scales[std::size_t(j)] = p.scale[0];
                                   zeros[std::size_t(j)] = p.zero;
                                 });
               store_row<typename G::scale_plane>(target, scales.data(), groups.cols, i,
                                                  out.groups.scale[0].codes);
               if constexpr (has_zero<Q>)
                 store_row<zero_plane_of_groups<G, Q>>(target, zeros.data(), groups.cols, i,
                                                       out.groups.zero.codes);
               for (index_t r = i * height; r < end; ++r)
                 encode_row<P>(target, values.row(r), cols, width, scales.data(), zeros.data(),
                               moderate, out.codes.data() + r * row_bytes);
             }
           });
  return finite;
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
