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

/// Codes of rows r .. r + 15, from column `first` on.
template <class P>
code_run tile_codes(const typename P::template data<borrowed>& p, index_t r, index_t first) {
  constexpr int bits = P::quantizer_type::bits;
  const index_t skip =
      r / row_ops::tile_rows * tile_stream::tile_bytes(p.cols, bits) + first * 2 * bits;
  return {static_cast<const std::uint8_t*>(p.codes.data()) + skip, index_t(p.codes.size()) - skip,
          bits};
}

/// Planes of parameters that are nothing but levels times scales of their own, which products may
/// use one after the other: `outer_cols` columns share a scale.
template <class P>
inline constexpr bool has_outer_scales = [] {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  if constexpr (fast_rows<P> && !has_selectors<Q> && detail::has_groups<G, Q> &&
                requires { typename G::scale_plane; })
    return !has_zero<Q> && !scales_columns<G> &&
           (has_tile_params<G> || std::same_as<typename P::layout_type, canonical>);
  else
    return false;
}();
template <class P>
index_t outer_cols(const typename P::template data<borrowed>& p) {
  using G = typename P::granularity_type;
  return G::block_cols == whole ? p.cols : G::block_cols;
}
template <class A, class B>
inline constexpr bool same_outer_cols =
    A::granularity_type::block_cols == B::granularity_type::block_cols;
/// The levels of columns first .. first + n - 1 without their scales: out[column][row].
template <class P>
void read_inner_params(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                       index_t first, index_t n, float* out) {
  read_levels<P>(ops, p, level_table<typename P::quantizer_type>(p.stored_levels()),
                 tile_codes<P>(p, r, first), n * row_ops::tile_rows, out);
}
/// The same of one row, stored by rows.
template <class P>
void read_inner_row(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                    index_t first, index_t n, float* out) {
  const index_t early = first % 8;
  float wide[chunk_cols + row_slack + 16];
  read_levels<P>(ops, p, level_table<typename P::quantizer_type>(p.stored_levels()),
                 canonical_run(p, r, first - early), n + early, wide);
  __builtin_memcpy(out, wide + early, std::size_t(n) * sizeof(float));
}
/// And the scales, `n` from number `first` on: out[number][row].
template <class P>
void read_outer_params(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                       index_t first, index_t n, float* out) {
  read_tile_params<typename P::quantizer_type, typename P::granularity_type>(
      ops, p.groups, r, first, n, out, nullptr);
}

/// Levels of up to eight bits that are integers of at most 127 in size; 0 where others are among
/// them.
template <class Q>
inline constexpr int largest_integer = [] {
  if constexpr (tabulated<Q> && Q::bits <= 8) {
    int largest = 0;
    for (const float level : levels_of<Q>.items) {
      if (!(magnitude(level) <= 127) || float(int(level)) != level) return 0;
      largest = int(magnitude(level)) > largest ? int(magnitude(level)) : largest;
    }
    return largest;
  } else {
    return 0;
  }
}();
/// Such levels as bytes, by the code and whatever bits stand above it.
template <class Q>
inline constexpr arr<std::int8_t, 256> integer_levels = [] {
  arr<std::int8_t, 256> t{};
  for (int i = 0; i < 256; ++i)
    t.items[i] = std::int8_t(levels_of<Q>.items[i & ((1 << Q::bits) - 1)]);
  return t;
}();
/// Such levels of columns first .. first + n - 1: out[column][row].
template <class P>
void read_integer_params(const row_ops& ops, const typename P::template data<borrowed>& p,
                         index_t r, index_t first, index_t n, std::int8_t* out) {
  using Q = typename P::quantizer_type;
  constexpr int least = integer_levels<Q>.items[0];
  constexpr bool in_steps_of_1 = [] {
    for (int i = 0; i < 1 << Q::bits; ++i)
      if (integer_levels<Q>.items[i] != least + i) return false;
    return true;
  }();
  const code_run codes = tile_codes<P>(p, r, first);
  const index_t count = n * row_ops::tile_rows;
  if constexpr (in_steps_of_1)
    ops.bytes_moved(codes.codes, codes.readable, Q::bits, count, least, out);
  else
    ops.bytes_table(codes.codes, codes.readable, Q::bits, count, integer_levels<Q>.items, out);
}

/// Columns first .. first + n - 1 of rows r .. r + 15 of a plane of parameters: out[column][row],
/// as `at` gives them. n <= params_piece.
template <class P>
void read_tile_plane(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                     index_t first, index_t n, float* out) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  constexpr index_t rows = row_ops::tile_rows;
  if constexpr (fast_rows<P> && !has_selectors<Q> &&
                (!detail::has_groups<G, Q> || has_tile_params<G>)) {
    read_inner_params<P>(ops, p, r, first, n, out);
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
