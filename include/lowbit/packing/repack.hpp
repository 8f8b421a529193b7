// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/executor.hpp"
#include "../storage/quantized_matrix.hpp"
#include "code_rows.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Rows r .. r + rows - 1 of codes into another layout, code by code; `to` is zero there.
template <class P, class Layout, class From>
void relay_rows(const From& from, std::uint8_t* to, index_t r, index_t rows) {
  constexpr int bits = P::quantizer_type::bits;
  const index_t row_codes = P::blocks(from.cols);
  for (index_t i = r; i < r + rows; ++i)
    for (index_t b = 0; b < row_codes; ++b)
      Layout::write(to, row_codes, bits, i, b, from.code(i, b));
}

/// The parameters of groups, and the parameters of those, where layouts store them differently.
template <class G, class From, class To>
void relay_groups(const From& from, To& to, extent e);
template <class From, class To>
void relay_parameter(const From& from, To& to, extent e) {
  using P = typename To::plane_type;
  using Q = typename P::quantizer_type;
  using layout = typename P::layout_type;
  if constexpr (!std::same_as<typename From::plane_type, P>) {
    to.codes.assign(std::size_t(layout::bytes(e.rows, P::blocks(e.cols), Q::bits)), 0);
    if constexpr (Q::bits > 0) relay_rows<P, layout>(from, to.codes.data(), 0, e.rows);
    if constexpr (has_groups<typename P::granularity_type, Q>)
      relay_groups<typename P::granularity_type>(from.groups, to.groups, e);
  }
}
template <class G, class From, class To>
void relay_groups(const From& from, To& to, extent e) {
  const extent n = G::params_shape(e);
  if constexpr (requires { from.scale; })
    for (int k = 0; k < int(sizeof(from.scale) / sizeof(from.scale[0])); ++k)
      relay_parameter(from.scale[k], to.scale[k], n);
  if constexpr (requires { from.zero; }) relay_parameter(from.zero, to.zero, n);
  if constexpr (requires { from.selector; }) relay_parameter(from.selector, to.selector, n);
}

}  // namespace detail

/// The same matrix in another layout: for speed to `host_layout` or `mma16`, to save back to
/// `canonical`. The format, its name and every value stay. Allocates the result. Cost: reads and
/// writes every code once: some GB/s on one core.
template <class To, format_like F, class From, executor Executor = serial>
quantized_matrix<F, To> repack(const quantized_view<F, From>& w, const Executor& threads = {}) {
  using from_data = typename quantized_view<F, From>::data_type;
  using Q = typename F::quantizer_type;
  typename quantized_matrix<F, To>::data_type data;
  from_data kept = w;
  if constexpr (!std::same_as<To, From>) kept.main.codes = {};  // they are not copied but moved
  decltype(data)::each(detail::owner{}, static_cast<const from_data&>(kept), data);
  if constexpr (!std::same_as<To, From>) {
    const index_t row_codes = F::plane_type::blocks(w.cols());
    std::vector<std::uint8_t>& codes = data.main.codes;
    codes.assign(std::size_t(To::bytes(w.rows(), row_codes, Q::bits)), 0);
    constexpr index_t run = host_layout::tile_rows;
    const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
    threads.for_each(ceil_div(w.rows(), run), [&](index_t piece) {
      const index_t r = piece * run, rows = min_of(run, w.rows() - r);
      if constexpr (Q::bits > 16) {
        detail::relay_rows<typename F::plane_type, To>(w.main, codes.data(), r, rows);
      } else if constexpr (Q::bits > 0) {
        constexpr index_t most = detail::code_rows<Q::bits>::most;
        const auto* const stored = static_cast<const std::uint8_t*>(w.main.codes.data());
        for (index_t c = 0; c < row_codes; c += most)
          detail::move_codes<From, To, Q::bits>(
              ops, stored, w.main.codes.size(),
              {row_codes, r, rows, c, min_of(most, row_codes - c)}, codes.data());
      }
    });
    if constexpr (detail::has_groups<typename F::granularity_type, Q>)
      detail::relay_groups<typename F::granularity_type>(w.main.groups, data.main.groups,
                                                         w.shape());
  }
  return quantized_matrix<F, To>(std::move(data));
}
template <class To, format_like F, class From, executor Executor = serial>
quantized_matrix<F, To> repack(const quantized_matrix<F, From>& w, const Executor& threads = {}) {
  return repack<To>(w.view(), threads);
}

}  // namespace lowbit::inline LOWBIT_ABI
