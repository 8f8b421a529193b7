// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a row of codes to a row of values: the one place where a format meets the row operations of
// an instruction set. Parameters are planes, so that reading their rows is the same function again.
#pragma once
#include "entry_tables.hpp"
#include "row_reader/levels.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

template <class P>
void read_row(const row_ops& ops, const typename P::template data<borrowed>& p,
              const level_table<typename P::quantizer_type>& table, const code_run& run, index_t r,
              index_t first, index_t n, float* out);

/// A row of a parameter plane, any first column; n <= chunk_cols + 8.
template <class P>
void read_params(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                 index_t first, index_t n, float* out) {
  const level_table<typename P::quantizer_type> table(p.stored_levels());
  if constexpr (std::same_as<typename P::layout_type, canonical>) {
    const index_t early = first % 8;
    if (early == 0) return read_row<P>(ops, p, table, canonical_run(p, r, first), r, first, n, out);
    float wide[chunk_cols + row_slack + 16];
    read_row<P>(ops, p, table, canonical_run(p, r, first - early), r, first - early, n + early,
                wide);
    __builtin_memcpy(out, wide + early, std::size_t(n) * sizeof(float));
  } else {  // the codes of a row lie apart
    constexpr int bits = P::quantizer_type::bits, bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
    constexpr bool whole_bytes =
        std::same_as<typename P::layout_type, tile_stream> && bits == 8 * bytes;
    std::uint8_t codes[std::size_t(bytes * (chunk_cols + row_slack))];
    if constexpr (whole_bytes) {
      constexpr index_t step = tile_stream::tile_rows * bytes;
      const std::uint8_t* const from =
          static_cast<const std::uint8_t*>(p.codes.data()) +
          r / tile_stream::tile_rows * tile_stream::tile_bytes(p.cols, bits) + first * step +
          r % tile_stream::tile_rows * bytes;
      for (index_t i = 0; i < n; ++i) __builtin_memcpy(codes + i * bytes, from + i * step, bytes);
    } else {
      for (index_t i = 0; i < n; ++i) {
        const code_t code = p.code(r, first + i);
        __builtin_memcpy(codes + i * bytes, &code, bytes);
      }
    }
    read_row<P>(ops, p, table, {codes, n * bytes, 8 * bytes}, r, first, n, out);
  }
}

/// The parameters of the groups that columns first .. first + n - 1 of row r fall into, and their
/// number. A real zero comes out as the minimum that it makes. Room past the end: row_slack.
template <class Q, class G, class Data>
index_t read_group_params(const row_ops& ops, const Data& d, index_t r, index_t cols, index_t first,
                          index_t n, float* scale, float* zero) {
  const index_t width = G::block_cols == whole ? (cols > 0 ? cols : 1) : G::block_cols;
  const index_t from = first / width, groups = ceil_div(first + n, width) - from;
  const index_t i = G::block_rows == whole ? 0 : r / (G::block_rows == whole ? 1 : G::block_rows);
  if constexpr (requires { typename G::scale_plane; }) {
    read_params<typename G::scale_plane>(ops, d.scale[0], i, from, groups, scale);
    if constexpr (has_zero<Q>)
      read_params<typename Data::zero_plane>(ops, d.zero, i, from, groups, zero);
  } else {
    for (index_t g = 0; g < groups; ++g) {
      const group_params<Q> p = d.group(r, (from + g) * width);
      scale[g] = p.scale[0];
      if constexpr (has_zero<Q>) zero[g] = p.zero;
    }
  }
  if constexpr (zero_of<Q> == zero_kind::real)
    for (index_t g = 0; g < groups; ++g) zero[g] = -mul_rn(scale[g], zero[g]);
  return groups;
}

/// The same in an object of its own.
template <class Q, class G>
struct row_params {
  index_t width, used, groups;
  float scale[chunk_cols + row_slack + 16];
  float zero[has_zero<Q> ? chunk_cols + row_slack + 16 : 1];

  template <class Data>
  row_params(const row_ops& ops, const Data& d, index_t r, index_t cols, index_t first, index_t n)
      : width(G::block_cols == whole ? (cols > 0 ? cols : 1) : G::block_cols),
        used(first % width),
        groups(read_group_params<Q, G>(ops, d, r, cols, first, n, scale, zero)) {}
};

/// Levels of a run of codes, each group's from the set that its selector says.
template <class P>
void read_selected_levels(const row_ops& ops, const typename P::template data<borrowed>& p,
                          const level_table<typename P::quantizer_type>& table, const code_run& run,
                          index_t r, index_t first, index_t n, float* out) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  using selectors = typename G::template data<borrowed, Q>::selector_plane;
  alignas(64) std::uint8_t codes[chunk_cols + 2 * row_slack];
  float selector[chunk_cols + row_slack + 16];
  ops.bytes_table(run.codes, run.readable, run.bits, n, nullptr,
                  reinterpret_cast<std::int8_t*>(codes));
  const index_t width = G::block_cols == whole ? p.cols : G::block_cols, from = first / width;
  const index_t i = G::block_rows == whole ? 0 : r / (G::block_rows == whole ? 1 : G::block_rows);
  read_params<selectors>(ops, p.groups.selector, i, from, ceil_div(first + n, width) - from,
                         selector);
  ops.levels_sets(codes, n, width, first % width, selector, table.data(), Q::bits, out);
}

/// Formats whose rows the operations above can read; the rest asks code by code.
template <class P>
inline constexpr bool fast_rows = dim_of<typename P::quantizer_type> == 1 &&
                                  std::same_as<value_of<typename P::quantizer_type>, float>&&
                                          scales_of<typename P::quantizer_type> == 1 &&
                                  (!has_selectors<typename P::quantizer_type> ||
                                   small_table_sets<typename P::quantizer_type>);

/// Any code set, code by code; parameters are read once per run of columns that share them.
/// `decode(code, params)` gives the block of a code.
template <class P, class V, class Decode>
void read_row_generic(const row_ops& ops, const typename P::template data<borrowed>& p,
                      const code_run& run, index_t r, index_t first, index_t n, V* out,
                      Decode decode) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  constexpr int dim = P::dim;
  const index_t cols = p.cols, end = first + n;
  const index_t width = scales_columns<G> ? 1 : G::block_cols == whole ? cols : G::block_cols;
  if constexpr (dim == 1 && Q::bits <= 4 && !scales_columns<G>) {
    // Few codes: the values of all of them are found once per group.
    alignas(64) std::uint8_t codes[chunk_cols + 2 * row_slack];
    ops.bytes_table(run.codes, run.readable, run.bits, n, nullptr,
                    reinterpret_cast<std::int8_t*>(codes));
    for (index_t c = first; c < end;) {
      const group_params<Q> params = p.params(r, c);
      V values[1 << Q::bits];
      for (code_t code = 0; code < (1u << Q::bits); ++code)
        values[code] = reconstruct<Q>(decode(code, params), params);
      const index_t stop = min_of(end, (c / width + 1) * width);
      for (; c < stop; ++c) out[c - first] = values[codes[c - first] & ((1 << Q::bits) - 1)];
    }
  } else {
    for (index_t c = first; c < end;) {
      const group_params<Q> params = p.params(r, c);
      const index_t stop = min_of(end, scales_columns<G> ? c + dim : (c / width + 1) * width);
      for (; c < stop; c += dim) {
        const std::uint64_t at = std::uint64_t((c - first) / dim) * static_cast<unsigned>(run.bits);
        const block_of<Q> x = decode(read_bits(run.codes, at, run.bits), params);
        if constexpr (dim == 1)
          out[c - first] = reconstruct<Q>(x, params);
        else
          for (int i = 0; i < dim && c + i < end; ++i)
            out[c + i - first] =
                reconstruct<Q>(x[i], scales_columns<G> && i > 0 ? p.params(r, c + i) : params);
      }
    }
  }
}

/// Levels that are in `out` already become values.
template <class P>
void apply_params(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
                  index_t first, index_t n, float* out) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  if constexpr (detail::has_groups<G, Q>) {
    const row_params<Q, G> params(ops, p.groups, r, p.cols, first, n);
    if constexpr (scales_columns<G>) {
      float s[chunk_cols + row_slack];
      for (index_t i = 0; i < n; ++i)
        s[i] = mul_rn(params.scale[(params.used + i) / params.width], p.groups.column(first + i));
      if constexpr (!has_zero<Q>)
        ops.scale(out, n, 1, 0, s);
      else
        for (index_t i = 0; i < n; ++i) out[i] = p.at(r, first + i);
    } else if constexpr (zero_of<Q> == zero_kind::none)
      ops.scale(out, n, params.width, params.used, params.scale);
    else if constexpr (zero_of<Q> == zero_kind::integer)
      ops.scale_minus_zero(out, n, params.width, params.used, params.scale, params.zero);
    else
      ops.scale_plus(out, n, params.width, params.used, params.scale, params.zero);
  }
}

/// Values of columns first .. first + n - 1 of row r (first a multiple of 8, n <= chunk_cols + 8),
/// as `at` gives them. `out` has room for n rounded up to 64.
template <class P>
void read_row(const row_ops& ops, const typename P::template data<borrowed>& p,
              const level_table<typename P::quantizer_type>& table, const code_run& run, index_t r,
              index_t first, index_t n, float* out) {
  using Q = typename P::quantizer_type;
  if constexpr (fast_rows<P>) {
    if constexpr (has_selectors<Q>)
      read_selected_levels<P>(ops, p, table, run, r, first, n, out);
    else
      read_levels<P>(ops, p, table, run, n, out);
    apply_params<P>(ops, p, r, first, n, out);
  } else {
    read_row_generic<P>(ops, p, run, r, first, n, out,
                        [&](code_t c, const group_params<Q>& params) {
                          return decode_in<Q>(p.stored_levels(), c, params);
                        });
  }
}

/// Reads rows of a matrix in pieces of `chunk` columns. One reader serves one thread.
template <class View>
class row_reader {
 public:
  using P = typename View::plane_type;
  using Q = typename P::quantizer_type;
  using V = typename P::value_type;
  static constexpr index_t chunk = chunk_cols / (32 * P::dim) * (32 * P::dim);
  static constexpr bool has_entries =
      small_codebook<Q> && Q::bits <= 16 && scales_of<Q> == 1 && !has_zero<Q>;
  /// Numbers in the tables of a codebook's entries, for products that read each of them often.
  static constexpr index_t table_size = [] {
    if constexpr (has_entries)
      return entry_tables<Q>::size * dim_of<Q>;
    else
      return index_t(0);
  }();

  /// How levels are found, in a word, for kernel_name.
  static constexpr auto levels_name() {
    if constexpr (has_entries)
      return text("entries");
    else if constexpr (!fast_rows<P>)
      return text("generic");
    else if constexpr (has_selectors<Q>)
      return text("sets");
    else
      return name_of<row_levels_of<Q>>();
  }

  /// `entries`: what `tabulate` wrote, or null.
  row_reader(const row_ops& ops, const View& w, const float* entries = nullptr)
      : ops_(ops), w_(w), entries_(entries), table_(w.main.stored_levels()) {}

  static void tabulate(const state_of<Q>& state, float* entries) {
    if constexpr (has_entries)
      entry_tables<Q>::each(state, [&](index_t i, const block_of<Q>& entry) {
        __builtin_memcpy(entries + i * P::dim, entry.items, sizeof(entry));
      });
  }

  /// Values of the main plane: columns first (a multiple of `chunk`) .. first + n - 1, n <= chunk.
  /// `out` has room for n rounded up to 64 and to whole vectors.
  void read(index_t r, index_t first, index_t n, V* out) {
    if constexpr (has_entries)
      if (entries_ != nullptr) return read_entries(r, first, n, out);
    const code_run run = source_.run(ops_, w_.main, r, first, n);
    if constexpr (std::same_as<V, float>)
      read_row<P>(ops_, w_.main, table_, run, r, first, n, out);
    else
      read_row_generic<P>(ops_, w_.main, run, r, first, n, out,
                          [&](code_t c, const group_params<Q>& params) {
                            return decode_in<Q>(w_.main.stored_levels(), c, params);
                          });
  }

 private:
  void read_entries(index_t r, index_t first, index_t n, float* out) {
    using tables = entry_tables<Q>;
    const row_ops::entry_codes codes = bytes_.codes(ops_, w_.main, r, first, n);
    const auto read_tables = [&](index_t width, index_t used, const float* scales) {
      for (int t = 0; t < tables::count; ++t)
        ops_.entry_values(codes, ceil_div(n, P::dim),
                          {tables::first_bit(t), tables::bits(t),
                           entries_ + tables::offset(t) * P::dim, P::dim, t > 0},
                          width, used, t + 1 == tables::count ? scales : nullptr, out);
    };
    using G = typename P::granularity_type;
    if constexpr (detail::has_groups<G, Q> && !scales_columns<G>) {
      const row_params<Q, G> params(ops_, w_.main.groups, r, w_.main.cols, first, n);
      read_tables(ceil_div(params.width, P::dim), params.used / P::dim, params.scale);
    } else {
      read_tables(0, 0, nullptr);
      apply_params<P>(ops_, w_.main, r, first, n, out);
    }
  }

  struct nothing {};
  const row_ops& ops_;
  const View& w_;
  const float* entries_;
  level_table<Q> table_;
  code_source<P> source_;
  std::conditional_t<has_entries, byte_source<P>, nothing> bytes_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
