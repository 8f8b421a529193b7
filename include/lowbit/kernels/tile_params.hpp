// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "row_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Granularities whose parameters are stored as tiles.
template <class G>
inline constexpr bool has_tile_params = [] {
  if constexpr (requires { typename G::scale_plane; })
    return std::same_as<typename G::scale_plane::layout_type, tile_stream> && !scales_columns<G>;
  else
    return false;
}();

/// Parameters that are read at a time, of each row: they and their own parameters stay in the
/// first cache.
inline constexpr index_t params_piece = 64;

template <class P>
void read_tile_plane(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                     index_t first, index_t n, float* out);

/// One parameter of the groups first .. first + n - 1 of rows r .. r + 15: out[group][row]. The
/// groups have `block_rows` rows (0: all).
template <class P>
void read_tile_param(const row_ops& ops, const typename P::template data<borrowed>& p,
                     int block_rows, index_t r, index_t first, index_t n, float* out) {
  constexpr index_t rows = row_ops::tile_rows;
  if (block_rows == 1) return read_tile_plane<P>(ops, p, r, first, n, out);
  float row[params_piece + row_slack];
  for (index_t i = 0, last = -1; i < rows; ++i) {
    const index_t from = block_rows == whole ? 0 : (r + i) / block_rows;
    if (from != last) read_params<P>(ops, p, from, first, n, row);
    last = from;
    for (index_t g = 0; g < n; ++g) out[g * rows + i] = row[g];
  }
}

/// What read_group_params gives, for the sixteen rows of a tile at a time and groups first .. first
/// + n - 1 of them: [group][row]. Rows that fill up the last tile come out as anything.
template <class Q, class G, class Data>
void read_tile_params(const row_ops& ops, const Data& d, index_t r, index_t first, index_t n,
                      float* scale, float* zero) {
  constexpr index_t rows = row_ops::tile_rows;
  for (index_t g = 0; g < n; g += params_piece) {
    const index_t piece = min_of(params_piece, n - g);
    float* const s = scale + g * rows;
    float* const z = zero + (has_zero<Q> ? g * rows : 0);
    read_tile_param<typename G::scale_plane>(ops, d.scale[0], G::block_rows, r, first + g, piece,
                                             s);
    if constexpr (has_zero<Q>)
      read_tile_param<typename Data::zero_plane>(ops, d.zero, G::block_rows, r, first + g, piece,
                                                 z);
    if constexpr (zero_of<Q> == zero_kind::real)
      for (index_t i = 0; i < piece * rows; ++i) z[i] = -mul_rn(s[i], z[i]);
  }
}

/// Columns first .. first + n - 1 of rows r .. r + 15 of a plane of parameters: out[column][row],
/// as `at` gives them. n <= params_piece.
template <class P>
void read_tile_plane(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                     index_t first, index_t n, float* out) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  constexpr index_t rows = row_ops::tile_rows;
  if constexpr (fast_rows<P> && !has_selectors<Q> && (!detail::has_groups<G, Q> ||
                                                      has_tile_params<G>)) {
    const index_t skip =
        r / rows * tile_stream::tile_bytes(p.cols, Q::bits) + first * 2 * Q::bits;
    const code_run codes{static_cast<const std::uint8_t*>(p.codes.data()) + skip,
                         index_t(p.codes.size()) - skip, Q::bits};
    read_levels<P>(ops, p, level_table<Q>(p.stored_levels()), codes, n * rows, out);
    if constexpr (detail::has_groups<G, Q>) {
      const index_t width = G::block_cols == whole ? p.cols : G::block_cols;
      const index_t from = first / width, used = first % width;
      constexpr index_t room = (params_piece + 2) * rows;
      float scale[room], zero[has_zero<Q> ? room : 1];
      read_tile_params<Q, G>(ops, p.groups, r, from, ceil_div(first + n, width) - from, scale,
                             zero);
      if constexpr (zero_of<Q> == zero_kind::integer)
        for (index_t c = 0; c < n; ++c) {
          const index_t at = (used + c) / width * rows;
          ops.scale_minus_zero(out + c * rows, rows, 1, 0, scale + at, zero + at);
        }
      else
        ops.scale_tile(out, n, width, used, scale, has_zero<Q> ? zero : nullptr);
    }
  } else {
    for (index_t c = 0; c < n; ++c)
      for (index_t i = 0; i < rows; ++i) out[c * rows + i] = p.at(r + i, first + c);
  }
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
