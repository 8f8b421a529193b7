// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrices back to real numbers, as a warp program.
#pragma once
#include "../../storage/quantized_matrix.hpp"
#include "../exec/warp.hpp"
#include "code_quads.hpp"
#include "row_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

template <class F, class Layout>
inline constexpr bool has_tiles_of_quads =
    std::same_as<Layout, mma16> && dim_of<typename F::quantizer_type> == 1 &&
    F::quantizer_type::bits >= 1 && F::quantizer_type::bits <= 8;

}  // namespace detail

/// Writes every value of a matrix: the bits of `view.at(r, c)`, rounded to Out once. Any format,
/// layout, shape and stride. Out is a scalar, or the value type of the format. The codes must be
/// aligned to 16 bytes where the layout is mma16.
///
/// Codes of up to 8 bits in mma16 are read as they lie, a block of 16 x 128 codes by a warp, once;
/// a lane writes four neighbours in two rows of each unit. Of other layouts a lane reads the codes
/// of a row by itself, every 32nd.
struct dequantize_matrix {
  static constexpr int max_warps = 8, min_blocks = 1;

  /// Warps that have something to do.
  template <class F, class Layout, class Place>
  static index_t tasks(const quantized_view<F, Layout, Place>& m) {
    if (detail::has_tiles_of_quads<F, Layout>)
      return ceil_div(m.rows(), mma16::tile_rows) * mma16::blocks(m.cols());
    return m.rows() * ceil_div(quantized_view<F, Layout, Place>::plane_type::blocks(m.cols()),
                               warp_size);
  }

  template <class Block, class View, class Out>
  LOWBIT_HD void operator()(Block& b, const View& m, Out* out, index_t stride) const {
    using W = typename Block::warp;
    using F = typename View::format_type;
    b.phase_nosync([&](const W& w, int i) {
      const index_t first = index_t(b.index()) * b.warps() + i;
      const index_t step = index_t(b.count()) * b.warps();
      if constexpr (detail::has_tiles_of_quads<F, typename View::layout_type>) {
        const index_t blocks = mma16::blocks(m.cols());
        const index_t all = ceil_div(m.rows(), mma16::tile_rows) * blocks;
        for (index_t t = first; t < all; t += step)
          write_block(w, m, t / blocks, t % blocks, out, stride);
      } else {
        using P = typename View::plane_type;
        const index_t runs = ceil_div(P::blocks(m.cols()), warp_size);
        for (index_t t = first; t < m.rows() * runs; t += step) {
          const index_t r = t / runs;
          w.lanes([&](int l) { write_code(m, r, t % runs * warp_size + l, out + r * stride); });
        }
      }
    });
  }

 private:
  template <class Out, class V>
  LOWBIT_HD static Out rounded(V value) {
    if constexpr (std::same_as<Out, V>)
      return value;
    else
      return scalar_of_value<Out>(value);
  }
  /// What is kept apart is added as `at` does.
  template <class View, class V>
  LOWBIT_HD static V whole_value(const View& m, index_t r, index_t c, V value) {
    if constexpr (std::same_as<typename View::format_type::outliers_type, none>)
      return value;
    else
      return add_rn(value, m.apart.at(r, c));
  }

  template <class View, class Out>
  LOWBIT_HD static void write_code(const View& m, index_t r, index_t code, Out* row) {
    constexpr int dim = View::plane_type::dim;
    if (code >= View::plane_type::blocks(m.cols())) return;
    const auto values = m.main.block(r, code);
    for (int i = 0; i < dim; ++i) {
      const index_t c = code * dim + i;
      if (c >= m.cols()) return;
      if constexpr (dim == 1)
        row[c] = rounded<Out>(whole_value(m, r, c, values));
      else
        row[c] = rounded<Out>(whole_value(m, r, c, values[i]));
    }
  }

  template <class W, class View, class Out>
  LOWBIT_HD static void write_block(const W& w, const View& m, index_t tile, index_t block,
                                    Out* out, index_t stride) {
    using F = typename View::format_type;
    using Q = typename F::quantizer_type;
    using G = typename View::plane_type::granularity_type;
    constexpr bool quad_shares =
        (G::block_cols == 0 || G::block_cols % 4 == 0) && !scales_columns<G>;
    const auto* const codes = static_cast<const std::uint8_t*>(m.main.codes.data());
    w.lanes([&](int l) {
      const auto words = load_block<Q::bits>(
          codes + tile * mma16::tile_bytes(m.cols(), Q::bits) + block * 256 * Q::bits, l);
      for (int u = 0; u < 8; ++u)
        for (int half = 0; half < 2; ++half) {
          const index_t r = tile * mma16::tile_rows + l / 4 + 8 * half;
          const index_t c = block * mma16::block_codes + 16 * u + l % 4 * 4;
          const word four = quad_bytes<Q::bits>(words, u, half);
          if (r >= m.rows() || c >= m.cols()) continue;
          group_params<Q> p = m.main.params(r, c);
          Out* const to = out + r * stride + c;
          for (int k = 0; k < 4; ++k) {
            if (c + k >= m.cols()) break;
            if constexpr (!quad_shares)
              if (k > 0) p = m.main.params(r, c + k);
            const int byte = k == 1 ? 2 : k == 2 ? 1 : k;  // they lie in the order 0, 2, 1, 3
            const auto level =
                decode_in<Q>(m.main.stored_levels(), code_t(four >> (8 * byte) & 255), p);
            to[k] = rounded<Out>(whole_value(m, r, c + k, reconstruct<Q>(level, p)));
          }
        }
    });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
