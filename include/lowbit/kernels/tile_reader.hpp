// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "activations.hpp"
#include "row_reader.hpp"
#include "workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Columns with one scale, of all columns of a matrix: of a group, or the whole row.
template <class F>
index_t group_width(index_t cols) {
  using G = typename F::granularity_type;
  constexpr bool one_group =
      G::block_cols == whole || !detail::has_groups<G, typename F::quantizer_type>;
  if constexpr (one_group)
    return cols > 0 ? cols : 1;
  else
    return G::block_cols;
}

/// Reads tiles of sixteen rows of a matrix: parameters for a span of columns at a time, codes for
/// chunks of it, so that neither leaves the first caches. Sums are taken over runs
/// of columns that share their parameters.
template <class View>
class tile_reader {
 public:
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using P = typename View::plane_type;
  static constexpr index_t tile_rows = row_ops::tile_rows, chunk = chunk_cols;
  static constexpr index_t row_stride = chunk + row_slack;
  static constexpr bool has_groups = detail::has_groups<G, Q>;
  /// Its tiles are stored as kernels read them.
  static constexpr bool packed =
      std::same_as<typename View::layout_type, host_layout> && P::dim == 1;

  /// `most` bounds the length of a run, a power of two; runs also divide `other`, the width of the
  /// activations' groups.
  tile_reader(const row_ops& ops, const View& w, index_t most, index_t other)
      : ops_(ops),
        w_(w),
        width_(group_width<F>(w.cols())),
        span_(width_ < chunk / 128 ? chunk : chunk * min_of(4, 128 * width_ / chunk)),
        run_(most) {
    const auto divides = [&](index_t width) { return width >= w.cols() || width % run_ == 0; };
    while (!divides(width_) || !divides(other)) run_ /= 2;
  }

  index_t run() const { return run_; }
  index_t runs() const { return ceil_div(w_.cols(), run_); }
  index_t width() const { return width_; }
  /// Columns whose parameters are read at once: some 128 groups.
  index_t span() const { return span_; }
  /// Room for the parameters of a span.
  index_t params_room() const { return tile_rows * params_stride(); }

  /// The group of each run, counted from the first one that its span touches.
  void list_groups(std::int32_t* group) const {
    for (index_t i = 0; i < runs(); ++i) {
      const index_t c = i * run_;
      group[i] = std::int32_t(c / width_ - c / span_ * span_ / width_);
    }
  }

  /// Memory of one task.
  struct memory {
    std::uint8_t* rows;   // codes of a chunk as bytes, row by row
    std::uint8_t* codes;  // and as a tile
    float* params;        // parameters of its groups, row by row
    float* scales;        // and as tiles
    float* zeros;
  };
  memory take(detail::carver& from) const {
    memory m{};
    m.rows = from.take<std::uint8_t>(packed ? 0 : tile_rows * row_stride);
    m.codes = from.take<std::uint8_t>(tile_rows * row_stride);
    const index_t params = has_groups ? params_room() : 0;
    m.params = from.take<float>(has_zero<Q> ? 2 * params : params);
    m.scales = from.take<float>(has_groups ? params : tile_rows);
    m.zeros = from.take<float>(has_zero<Q> ? params : 0);
    return m;
  }

  /// Scales, and zeros where there are any, of rows r .. r + rows - 1 and the groups that columns
  /// c .. c + n - 1 touch; returns the number of groups. Without groups one scale of 1.
  index_t read_params(index_t r, index_t rows, index_t c, index_t n, const memory& m) const {
    if constexpr (!has_groups) {
      for (index_t i = 0; i < tile_rows; ++i) m.scales[i] = 1;
      return 1;
    } else {
      const index_t stride = params_stride(), bytes = stride * index_t(sizeof(float));
      float* const zero_rows = m.params + (has_zero<Q> ? tile_rows * stride : 0);
      index_t groups = 0;
      for (index_t i = 0; i < rows; ++i)
        groups = read_group_params<Q, G>(ops_, w_.main.groups, r + i, w_.cols(), c, n,
                                         m.params + i * stride, zero_rows + i * stride);
      clear_rest(m.params, stride, rows);
      ops_.transpose(m.params, bytes, groups, m.scales);
      if constexpr (has_zero<Q>) {
        clear_rest(zero_rows, stride, rows);
        ops_.transpose(zero_rows, bytes, groups, m.zeros);
      }
      return groups;
    }
  }

  /// Where the packed codes of a tile begin, from column c on (a multiple of 32).
  const std::uint8_t* packed_codes(index_t r, index_t c) const requires(packed) {
    return static_cast<const std::uint8_t*>(w_.main.codes.data()) +
           r / tile_rows * host_layout::tile_bytes(w_.cols(), Q::bits) + c * 2 * Q::bits;
  }

  /// A tile of bytes: codes through a table of 256.
  void read_codes(index_t r, index_t rows, index_t c, index_t n, const std::int8_t* table,
                  const memory& m) const requires(P::dim == 1) {
    if constexpr (packed) {
      unpack_tile<Q::bits>(ops_.target)(packed_codes(r, c), ceil_div(n, 32), table, m.codes);
    } else {
      for (index_t i = 0; i < rows; ++i) {
        const code_run from = canonical_run(w_.main, r + i, c);
        ops_.bytes_table(from.codes, from.readable, Q::bits, n, table, row_of(m, i));
      }
      transpose_rows(rows, n, m);
    }
  }
  /// A tile of bytes: `entry(code)` gives the dim bytes of a code, whole quads.
  template <class Entry>
  void read_entries(index_t r, index_t rows, index_t c, index_t n, Entry entry,
                    const memory& m) const requires(P::dim % 4 == 0) {
    constexpr int quads = P::dim / 4;
    const index_t codes = ceil_div(n, P::dim);
    const auto put = [&](index_t row, index_t b, code_t code) {
      const std::int8_t* const from = entry(code);
      for (int q = 0; q < quads; ++q)
        __builtin_memcpy(m.codes + 64 * (b * quads + q) + 4 * row, from + 4 * q, 4);
    };
    if constexpr (std::same_as<typename View::layout_type, canonical>) {
      for (index_t i = 0; i < rows; ++i) {
        const code_run run = canonical_run(w_.main, r + i, c);
        for (index_t b = 0; b < codes; ++b)
          put(i, b,
              Q::bits == 8 ? code_t(run.codes[b])
                           : read_bits(run.codes, std::uint64_t(b) * Q::bits, Q::bits));
      }
    } else {
      constexpr int low = Q::bits < 8 ? Q::bits : 8;
      std::uint8_t* const high = m.rows + tile_rows * row_stride / 2;
      const index_t row_codes = P::blocks(w_.cols()), first = c / P::dim;
      const std::uint8_t* const tile = static_cast<const std::uint8_t*>(w_.main.codes.data()) +
                                       r / tile_rows * host_layout::tile_bytes(row_codes, Q::bits);
      const index_t blocks = ceil_div(codes, host_layout::block_codes);
      unpack_tile<low>(ops_.target)(tile + first * 2 * low, blocks, same_bytes.items, m.rows);
      if constexpr (Q::bits > 8)
        unpack_tile<Q::bits - 8>(ops_.target)(
            tile + host_layout::tile_bytes(row_codes, 8) + first * 2 * (Q::bits - 8), blocks,
            same_bytes.items, high);
      for (index_t b = 0; b < codes; ++b)
        for (index_t i = 0; i < tile_rows; ++i) {
          const index_t at = b / 4 * 64 + 4 * i + b % 4;
          put(i, b, Q::bits > 8 ? code_t(m.rows[at]) | code_t(high[at]) << 8 : m.rows[at]);
        }
    }
  }

 private:
  std::int8_t* row_of(const memory& m, index_t i) const {
    return reinterpret_cast<std::int8_t*>(m.rows) + i * row_stride;
  }
  void transpose_rows(index_t rows, index_t n, const memory& m) const {
    clear_rest(m.rows, row_stride, rows);
    ops_.transpose(m.rows, row_stride, ceil_div(n, 64) * 16, m.codes);
  }
  /// Groups that a span may touch, rounded up to what a transposition takes.
  index_t params_stride() const { return ceil_div(span_ / min_of(width_, span_) + 2, 64) * 64; }
  template <class T>
  static void clear_rest(T* rows, index_t stride, index_t used) {
    for (T* p = rows + used * stride; p < rows + tile_rows * stride; ++p) *p = 0;
  }

  const row_ops& ops_;
  const View& w_;
  index_t width_, span_, run_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
