// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "activations.hpp"
#include "tile_params.hpp"
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

/// The plane of zeros of a granularity; void where there is none.
template <class Q, class G>
constexpr auto zero_plane_of() {
  if constexpr (requires { typename G::template data<borrowed, Q>::zero_plane; })
    return std::type_identity<typename G::template data<borrowed, Q>::zero_plane>();
  else
    return std::type_identity<void>();
}

/// Reads tiles of sixteen rows of a matrix: parameters for a span of columns at a time, codes for
/// chunks of it, so that neither leaves the first caches. Sums are taken over runs
/// of columns that share their parameters.
template <class View>
class tile_reader {
 public:
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  using P = typename View::plane_type;
  using G = typename P::granularity_type;
  using zero_plane = typename decltype(zero_plane_of<Q, G>())::type;
  static constexpr index_t tile_rows = row_ops::tile_rows, chunk = chunk_cols;
  static constexpr index_t row_stride = chunk + row_slack;
  static constexpr bool has_groups = detail::has_groups<G, Q>;
  /// Its tiles are stored as kernels read them.
  static constexpr bool packed =
      std::same_as<typename View::layout_type, host_layout> && P::dim == 1;

  /// Its parameters too.
  static constexpr bool packed_params = has_tile_params<G>;
  static constexpr index_t span_groups = packed_params ? 32 : 128;

  /// Its scales have scales of their own, and are read apart from them; its minima too.
  static constexpr bool nested = [] {
    if constexpr (has_groups && requires { typename G::scale_plane; })
      return G::block_rows == 1 && !scales_columns<G> && has_outer_scales<typename G::scale_plane>;
    else
      return false;
  }();
  static constexpr bool nested_minima = [] {
    if constexpr (nested && zero_of<Q> == zero_kind::minimum)
      return has_outer_scales<zero_plane> && same_outer_cols<typename G::scale_plane, zero_plane>;
    else
      return false;
  }();
  /// The largest of those that are integers, see largest_integer.
  static constexpr int largest_scale = [] {
    if constexpr (nested)
      return largest_integer<typename G::scale_plane::quantizer_type>;
    else
      return 0;
  }();
  static constexpr int largest_minimum = [] {
    if constexpr (nested_minima)
      return largest_integer<typename zero_plane::quantizer_type>;
    else
      return 0;
  }();

  /// `most` bounds the length of a run, a power of two; runs also divide `other`, the width of the
  /// activations' groups.
  tile_reader(const row_ops& ops, const View& w, index_t most, index_t other)
      : ops_(ops),
        w_(w),
        width_(group_width<F>(w.cols())),
        span_(width_ < chunk / span_groups ? chunk
                                           : chunk * min_of(4, span_groups * width_ / chunk)),
        run_(most) {
    const auto divides = [&](index_t width) { return width >= w.cols() || width % run_ == 0; };
    while (!divides(width_) || !divides(other)) run_ /= 2;
  }

  index_t run() const { return run_; }
  index_t runs() const { return ceil_div(w_.cols(), run_); }
  index_t width() const { return width_; }
  /// Columns whose parameters are read at once: some 128 groups where that takes calls for each
  /// row; else fewer, so that memory that was asked for codes ahead is not idle meanwhile.
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

  /// The place of each run. Activations have a scale for every `width` columns; sums up to a run
  /// that ends_sum are exact for `most` columns, a power of two.
  void list_places(row_ops::run_place* places, index_t width, index_t most) const {
    const auto outer_of = [&](index_t c) {
      if constexpr (nested)
        return c / width_ / outer_cols<typename G::scale_plane>(scale_data());
      else
        return index_t(0);
    };
    for (index_t i = 0; i < runs(); ++i) {
      const index_t c = i * run_, first = c / span_ * span_, end = c + run_;
      const bool ends_outer =
          end >= w_.cols() || end % most_outer_cols == 0 || outer_of(end) != outer_of(c);
      places[i] = {std::int32_t(c / width_ - first / width_),
                   std::int32_t(outer_of(c) - outer_of(first)),
                   ends_outer || end % width == 0 || end % most == 0, ends_outer};
    }
  }

  /// Memory of one task.
  struct memory {
    std::uint8_t* rows;   // codes of a chunk as bytes, row by row
    std::uint8_t* codes;  // and as a tile
    float* params;        // parameters of its groups, row by row: where they are stored so
    float* scales;        // and as tiles
    float* zeros;
    std::int8_t* whole_scales;  // where both are integers
    std::int8_t* whole_minima;
    float* outer_scales;  // of nested ones
    float* outer_minima;
  };
  memory take(detail::carver& from) const {
    memory m{};
    m.rows = from.take<std::uint8_t>(packed ? 0 : tile_rows * row_stride);
    m.codes = from.take<std::uint8_t>(tile_rows * row_stride);
    const index_t params = has_groups ? params_room() : 0;
    constexpr index_t kinds = (nested ? 2 : 1) * (has_zero<Q> ? 2 : 1);
    m.params = from.take<float>(packed_params ? 0 : kinds * params);
    m.scales = from.take<float>(has_groups ? params : tile_rows);
    m.zeros = from.take<float>(has_zero<Q> ? params : 0);
    m.whole_scales = from.take<std::int8_t>(largest_scale > 0 ? params : 0);
    m.whole_minima = from.take<std::int8_t>(largest_minimum > 0 ? params : 0);
    m.outer_scales = from.take<float>(nested ? params : 0);
    m.outer_minima = from.take<float>(nested_minima ? params : 0);
    return m;
  }

  /// Scales, and zeros where there are any, of rows r .. r + rows - 1 and the groups that columns
  /// c .. c + n - 1 touch; returns the number of groups. Without groups one scale of 1.
  index_t read_params(index_t r, index_t rows, index_t c, index_t n, const memory& m) const {
    if constexpr (!has_groups) {
      for (index_t i = 0; i < tile_rows; ++i) m.scales[i] = 1;
      return 1;
    } else if constexpr (packed_params) {
      const index_t groups = (c + n - 1) / width_ - c / width_ + 1;
      read_tile_params<Q, G>(ops_, w_.main.groups, r, c / width_, groups, m.scales, m.zeros);
      for (index_t i = rows; i < tile_rows; ++i)
        for (index_t g = 0; g < groups; ++g) {
          m.scales[g * tile_rows + i] = 0;
          if constexpr (has_zero<Q>) m.zeros[g * tile_rows + i] = 0;
        }
      return groups;
    } else {
      const index_t stride = params_stride();
      float* const zero_rows = m.params + (has_zero<Q> ? tile_rows * stride : 0);
      index_t groups = 0;
      for (index_t i = 0; i < rows; ++i)
        groups = read_group_params<Q, G>(ops_, w_.main.groups, r + i, w_.cols(), c, n,
                                         m.params + i * stride, zero_rows + i * stride);
      transpose_params(m.params, rows, groups, m.scales);
      if constexpr (has_zero<Q>) transpose_params(zero_rows, rows, groups, m.zeros);
      return groups;
    }
  }

  /// What read_params reads, nested ones apart from what they are multiplied by: real zeros become
  /// minima that have the scales' outer scales. `integers`: scales and minima as such, of tiles.
  index_t read_nested_params(index_t r, index_t rows, index_t c, index_t n, bool integers,
                             const memory& m) const requires(nested) {
    using plane = typename G::scale_plane;
    const index_t groups = (c + n - 1) / width_ - c / width_ + 1;
    read_nested<plane, largest_scale>(scale_data(), r, rows, c, n, integers, m, m.scales,
                                      m.whole_scales, m.outer_scales);
    if constexpr (nested_minima) {
      read_nested<zero_plane, largest_minimum>(w_.main.groups.zero, r, rows, c, n, integers, m,
                                               m.zeros, m.whole_minima, m.outer_minima);
    } else if constexpr (has_zero<Q>) {
      read_whole_zeros(r, rows, c / width_, groups, m);
      if constexpr (zero_of<Q> == zero_kind::real)
        for (index_t i = 0; i < groups * tile_rows; ++i)
          m.zeros[i] = -mul_rn(m.scales[i], m.zeros[i]);
    }
    return groups;
  }
  index_t outers(index_t c, index_t n) const requires(nested) {
    const index_t inner = outer_cols<typename G::scale_plane>(scale_data());
    return (c + n - 1) / width_ / inner - c / width_ / inner + 1;
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
  /// Codes as packed tiles: those of more than 8 bits are two.
  struct code_tiles {
    static constexpr bool stored = std::same_as<typename View::layout_type, host_layout>;
    static constexpr int low_bits = stored && Q::bits < 8 ? Q::bits : 8;
    static constexpr int high_bits = Q::bits <= 8 ? 0 : stored ? Q::bits - 8 : 8;
    const std::uint8_t* low;
    const std::uint8_t* high;
  };
  /// The codes of columns c .. c + n - 1, c a multiple of 32 codes' columns: where they are stored,
  /// or unpacked as one byte each.
  code_tiles read_code_tiles(index_t r, index_t rows, index_t c, index_t n, const memory& m) const {
    const index_t first = c / P::dim;
    if constexpr (code_tiles::stored) {
      const index_t row_codes = P::blocks(w_.cols());
      const std::uint8_t* const tile = static_cast<const std::uint8_t*>(w_.main.codes.data()) +
                                       r / tile_rows * host_layout::tile_bytes(row_codes, Q::bits);
      const std::uint8_t* const rest =
          tile + host_layout::tile_bytes(row_codes, code_tiles::low_bits);
      return {tile + first * 2 * code_tiles::low_bits, rest + first * 2 * code_tiles::high_bits};
    } else {
      const index_t codes = ceil_div(n, P::dim);
      constexpr index_t half = Q::bits > 8 ? row_stride / 2 : 0;
      std::uint8_t* const high = m.codes + tile_rows * half;
      for (index_t i = 0; i < rows; ++i) {
        const code_run from = canonical_run(w_.main, r + i, c);
        if constexpr (Q::bits <= 8)
          ops_.bytes_table(from.codes, from.readable, Q::bits, codes, nullptr, row_of(m, i));
        else
          split_long_codes(from.codes, Q::bits, codes, m.rows + i * row_stride,
                           m.rows + i * row_stride + half);
      }
      clear_rest(m.rows, row_stride, rows);
      const index_t quads = ceil_div(codes, 64) * 16;
      ops_.transpose(m.rows, row_stride, quads, m.codes);
      if constexpr (half > 0) ops_.transpose(m.rows + half, row_stride, quads, high);
      return {m.codes, high};
    }
  }

 private:
  const auto& scale_data() const { return w_.main.groups.scale[0]; }
  /// One of the planes of parameters, apart from its own.
  template <class Plane, int LargestInteger>
  void read_nested(const typename Plane::template data<borrowed>& data, index_t r, index_t rows,
                   index_t c, index_t n, bool integers, const memory& m, float* inner,
                   std::int8_t* whole_numbers, float* outer) const {
    const index_t first = c / width_, groups = (c + n - 1) / width_ - first + 1;
    const index_t width = outer_cols<Plane>(data), from = first / width;
    const index_t outers = (first + groups - 1) / width - from + 1;
    if constexpr (packed_params) {
      read_outer_params<Plane>(ops_, data, r, from, outers, outer);
      if constexpr (LargestInteger > 0)
        if (integers)
          return read_integer_params<Plane>(ops_, data, r, first, groups, whole_numbers);
      read_inner_params<Plane>(ops_, data, r, first, groups, inner);
    } else {
      const index_t stride = params_stride();
      float* const outer_rows = m.params + tile_rows * stride;
      for (index_t i = 0; i < rows; ++i) {
        read_inner_row<Plane>(ops_, data, r + i, first, groups, m.params + i * stride);
        read_group_params<typename Plane::quantizer_type, typename Plane::granularity_type>(
            ops_, data.groups, r + i, data.cols, first, groups, outer_rows + i * stride, nullptr);
      }
      transpose_params(m.params, rows, groups, inner);
      transpose_params(outer_rows, rows, outers, outer);
    }
  }
  /// Zeros as they are.
  void read_whole_zeros(index_t r, index_t rows, index_t first, index_t groups,
                        const memory& m) const {
    const auto& data = w_.main.groups.zero;
    if constexpr (packed_params) {
      for (index_t g = 0; g < groups; g += params_piece)
        read_tile_param<zero_plane>(ops_, data, G::block_rows, r, first + g,
                                    min_of(params_piece, groups - g), m.zeros + g * tile_rows);
    } else {
      for (index_t i = 0; i < rows; ++i)
        kernels::read_params<zero_plane>(ops_, data, r + i, first, groups,
                                         m.params + i * params_stride());
      transpose_params(m.params, rows, groups, m.zeros);
    }
  }
  /// Rows of n parameters -> a tile.
  void transpose_params(float* by_rows, index_t rows, index_t n, float* tile) const {
    const index_t stride = params_stride();
    clear_rest(by_rows, stride, rows);
    ops_.transpose(by_rows, stride * index_t(sizeof(float)), n, tile);
  }
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
