// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding to nearest by kernels: the codes of `nearest`, a run of a row at a time.
#pragma once
#include <vector>

#include "../granularity/blocks.hpp"
#include "../kernels/host/encoders.hpp"
#include "../quantizers/code_rule.hpp"
#include "coder.hpp"

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

/// The parameters of all groups, as kernels read them.
template <class Q, class G>
struct decoded_groups {
  index_t width = 0, height = 1, cols = 0;
  std::vector<float> scales, zeros;

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
    }
  }
};

/// The codes of rows first .. last - 1. Values that are kept apart are 0.
template <class P, class Groups>
void encode_run(arch target, matrix_view<const float> values, const Groups& groups, index_t first,
                index_t last, std::uint8_t* codes) {
  using Q = typename P::quantizer_type;
  constexpr index_t piece = 1024, room = piece + 64, bytes = Q::bits > 8 ? 2 : 1;
  const auto rule = code_rule<Q>();
  const auto find = kernels::find_codes<std::remove_const_t<decltype(rule)>, int(bytes)>(target);
  alignas(64) float u[room];
  alignas(64) std::uint8_t found[bytes * room], packed[bytes * room];
  for (index_t r = first; r < last; ++r)
    for (index_t c = 0; c < values.cols(); c += piece) {
      const index_t n = min_of(piece, values.cols() - c);
      const float* positions = values.row(r) + c;
      if constexpr (has_groups<typename P::granularity_type, Q>) {
        const index_t g = r / groups.height * groups.cols + c / groups.width;
        kernels::find_positions<zero_of<Q>>(target)(
            positions, n, groups.width, c % groups.width, groups.scales.data() + g,
            has_zero<Q> ? groups.zeros.data() + g : nullptr, u);
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
      __builtin_memcpy(codes + r * P::row_bytes(values.cols()) + c * Q::bits / 8, stream,
                       std::size_t(ceil_div(n * Q::bits, 8)));
    }
}

/// All codes, under the parameters that `out` has.
template <class P, class Executor>
void encode_runs(matrix_view<const float> values, typename P::template data<owned>& out,
                 const Executor& threads) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const arch target = kernels::target_of(arch::runtime);
  const auto encode = [&](const auto& groups) {
    for_rows(threads, values.rows(), 16, [&](index_t first, index_t last) {
      encode_run<P>(target, values, groups, first, last, out.codes.data());
    });
  };
  if constexpr (has_groups<G, Q>)
    encode(decoded_groups<Q, G>(target, out.groups, values.shape()));
  else
    encode(no_plane{});
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
