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

/// Canonical codes of rows r .. r + rows - 1, at most sixteen -> their tile of a tile_stream.
template <int Bits>
void stream_tile(const kernels::row_ops& ops, const unaligned_span<std::uint8_t>& codes,
                 index_t row_codes, index_t r, index_t rows, std::uint8_t* tile) {
  static_assert(Bits <= 8 || Bits == 16 || Bits == 32);
  constexpr index_t height = tile_stream::tile_rows, piece = 64, size = Bits <= 8 ? 1 : Bits / 8;
  alignas(64) std::uint8_t row[piece * size], columns[piece * height * size];
  alignas(64) std::uint8_t stream[sizeof(columns)];
  __builtin_memset(columns, 0, sizeof(columns));
  for (index_t c = 0; c < row_codes; c += piece) {
    const index_t n = min_of(piece, row_codes - c);
    for (index_t i = 0; i < rows; ++i) {
      const index_t first = (r + i) * canonical::row_bytes(row_codes, Bits) + c * Bits / 8;
      const std::uint8_t* from = static_cast<const std::uint8_t*>(codes.data()) + first;
      if constexpr (Bits < 8) {
        ops.bytes_table(from, codes.size() - first, Bits, n, nullptr,
                        reinterpret_cast<std::int8_t*>(row));
        from = row;
      }
      for (index_t k = 0; k < n; ++k)
        __builtin_memcpy(columns + (k * height + i) * size, from + k * size, std::size_t(size));
    }
    const std::uint8_t* packed = columns;
    if constexpr (Bits < 8) {
      kernels::pack_codes(ops.target)(columns, n * height, Bits, stream);
      packed = stream;
    }
    __builtin_memcpy(tile + c * 2 * Bits, packed, std::size_t(n * 2 * Bits));
  }
}

/// The parameters of groups, and the parameters of those, where layouts store them differently.
template <class G, class From, class To, class Executor>
void relay_groups(const From& from, To& to, extent e, const Executor& threads);
template <class From, class To, class Executor>
void relay_parameter(const From& from, To& to, extent e, const Executor& threads) {
  using P = typename To::plane_type;
  using Q = typename P::quantizer_type;
  using layout = typename P::layout_type;
  using from_layout = typename From::plane_type::layout_type;
  if constexpr (!std::same_as<typename From::plane_type, P>) {
    const index_t row_codes = P::blocks(e.cols);
    to.codes.assign(std::size_t(layout::bytes(e.rows, row_codes, Q::bits)), 0);
    if constexpr (Q::bits > 0) {
      constexpr index_t run = host_layout::tile_rows;
      const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
      threads.for_each(ceil_div(e.rows, run), [&](index_t piece) {
        const index_t r = piece * run, rows = min_of(run, e.rows - r);
        if constexpr (std::same_as<layout, tile_stream> && std::same_as<from_layout, canonical> &&
                      (Q::bits <= 8 || Q::bits == 16 || Q::bits == 32))
          stream_tile<Q::bits>(ops, from.codes, row_codes, r, rows,
                               to.codes.data() + piece * layout::tile_bytes(row_codes, Q::bits));
        else
          relay_rows<P, layout>(from, to.codes.data(), r, rows);
      });
    }
    if constexpr (has_groups<typename P::granularity_type, Q>)
      relay_groups<typename P::granularity_type>(from.groups, to.groups, e, threads);
  }
}
template <class G, class From, class To, class Executor>
void relay_groups(const From& from, To& to, extent e, const Executor& threads) {
  const extent n = G::params_shape(e);
  if constexpr (requires { from.scale; })
    for (int k = 0; k < int(sizeof(from.scale) / sizeof(from.scale[0])); ++k)
      relay_parameter(from.scale[k], to.scale[k], n, threads);
  if constexpr (requires { from.zero; }) relay_parameter(from.zero, to.zero, n, threads);
  if constexpr (requires { from.selector; })
    relay_parameter(from.selector, to.selector, n, threads);
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
      detail::relay_groups<typename F::granularity_type>(w.main.groups, data.main.groups, w.shape(),
                                                         threads);
  }
  return quantized_matrix<F, To>(std::move(data));
}
template <class To, format_like F, class From, executor Executor = serial>
quantized_matrix<F, To> repack(const quantized_matrix<F, From>& w, const Executor& threads = {}) {
  return repack<To>(w.view(), threads);
}

}  // namespace lowbit::inline LOWBIT_ABI
