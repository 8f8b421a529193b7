// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loop of products on tensor cores: weights are the left operand, decoded in registers,
// tokens the eight columns of the right one. Scales and zeros meet the sums of runs of codes that
// share them; integer zeros are subtracted from codes, exactly, in registers.
#pragma once
#include "columns.hpp"
#include "tile_weights.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

// The loop is told by an arithmetic (half_arithmetic, byte_arithmetic, entry_arithmetic) how codes
// and columns are multiplied:
//
//   view_type, reader, traits   the matrix, its tile_weights and tensor_traits
//   columns_type                half_columns, byte_columns ...
//   codec_type                  a lane's: fill(view, columns, table, thread, threads), then
//                               codec(view, columns, table, lane)
//   kind, sum, start()          of mma, its sums, and what they begin with
//   run                         codes that are summed before parameters(stored, unit) meet them, by
//                               add(codec, to, part, parameters, columns, run, code, column)
//   units_of_mma                units of codes at a time, which are `fragments` times `products`
//                               left operands: a(codec, words, unit, fragment, displacement)
//                               returns those of a fragment, b(piece, unit of columns) the right
//                               operand
//   displace(codec, stored, unit)
//                               what codes meet in registers, of a unit's group
//   prepares_columns            whether a kernel brings columns into order first
//   table_needs_columns         whether fill reads what earlier kernels wrote

/// The codecs of a warp's lanes. `table` has codec_type::table_words words, filled.
template <class Arithmetic, class W, class View>
LOWBIT_HD auto codecs_of(const W& w, const View& weights,
                         const typename Arithmetic::columns_type& x, const word* table) {
  typename W::template var<typename Arithmetic::codec_type> codec;
  w.lanes([&](int l) { codec[l] = Arithmetic::codec(weights, x, table, l); });
  return codec;
}
/// Fills the table that codecs share, where there is one.
template <class Arithmetic, class Block, class View>
LOWBIT_HD void fill_table(Block& block, const View& weights,
                          const typename Arithmetic::columns_type& x, word* table) {
  if constexpr (Arithmetic::codec_type::table_words > 0) {
    using W = typename Block::warp;
    const int threads = block.warps() * warp_size;
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        Arithmetic::fill(weights, x, table, i * warp_size + l, threads);
      });
    });
  }
}

/// Sums of a tile of 16 rows and 8 columns: d of mma.
template <class W>
using tile_sums = typename W::template var<arr<float, 4>>;
template <class W, int Tiles, int Parts>
using sums_of_tiles = arr<arr<tile_sums<W>, Parts>, Tiles>;

/// The first of `n` blocks of codes that belongs to sharer `k`; shares are as even as can be.
LOWBIT_HD inline int share_begin(int n, int k, int sharers) {
  return int(std::int64_t(n) * k / sharers);
}

/// Units of a block of codes that are multiplied with about as much of the columns as a block of
/// numbers has, and 16-byte pieces of a column for them.
template <class Arithmetic>
inline constexpr int units_at_once = [] {
  constexpr int dim = Arithmetic::reader::dim;
  return dim > 8 ? 1 : 8 / dim;
}();
template <class Arithmetic>
inline constexpr int pieces_at_once =
    units_at_once<Arithmetic>* Arithmetic::reader::dim / Arithmetic::columns_type::units;

/// Adds to sums[m][n] the products of `Units` units of a block of row tiles, from First on, with
/// columns 8 n .. 8 n + 7. `piece(lane, n, i)` are 16 bytes of the columns, from these units on.
template <class Arithmetic, int Tiles, int Parts, int First = 0, int Units = 8, class W,
          class Codecs, class Words, class Stored, class Piece>
LOWBIT_HD void multiply_block(const W& w, const typename Arithmetic::columns_type& x,
                              const Codecs& codec, int block, const Words& words,
                              const Stored& stored, int first_column, Piece piece,
                              sums_of_tiles<W, Tiles, Parts>& sums) {
  constexpr int units = Arithmetic::run / 16, step = Arithmetic::units_of_mma;
  constexpr int units_of_piece = Arithmetic::columns_type::units;
  constexpr int fragments = Arithmetic::fragments, products = Arithmetic::products;
  constexpr int pieces = products > units_of_piece ? products / units_of_piece : 1;
  static_assert(First % units == 0 && Units % units == 0);
  typename W::template var<arr<arr<words4, pieces>, Parts>> columns;
  LOWBIT_UNROLL for (int run = First / units; run < (First + Units) / units; ++run) {
    using part_sums = typename W::template var<arr<typename Arithmetic::sum, 4>>;
    arr<arr<part_sums, Parts>, Tiles> part;
    typename W::template var<arr<run_parameters, Tiles>> params;
    typename W::template var<arr<typename Arithmetic::displacement, Tiles>> moved;
    w.lanes([&](int l) {
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) {
        params[l][m] = Arithmetic::parameters(stored[l][m], run * units);
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
          LOWBIT_UNROLL for (int i = 0; i < 4; ++i) part[m][n][l][i] = Arithmetic::start();
      }
    });
    LOWBIT_UNROLL for (int unit = run * units; unit < (run + 1) * units; unit += step)
      LOWBIT_UNROLL for (int i = 0; i < fragments; ++i) {
        // Units of columns, counted from the block's first.
        const int column_unit = (unit * fragments + i) * products;
        if (column_unit % units_of_piece == 0)
          w.lanes([&](int l) {
            LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
              LOWBIT_UNROLL for (int k = 0; k < pieces; ++k) columns[l][n][k] =
                  piece(l, n, (column_unit - First * fragments * products) / units_of_piece + k);
          });
        LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) {
          using operand = std::remove_cvref_t<decltype(typename Arithmetic::operands{}[0])>;
          arr<typename W::template var<operand>, products> a;
          w.lanes([&](int l) {
            if (i == 0 && (unit == run * units || unit * 16 % Arithmetic::traits::run == 0))
              moved[l][m] = Arithmetic::displace(codec[l], stored[l][m], unit);
            const auto some = Arithmetic::a(codec[l], words[l][m], unit, i, moved[l][m]);
            LOWBIT_UNROLL for (int p = 0; p < products; ++p) a[p][l] = some[p];
          });
          LOWBIT_UNROLL for (int p = 0; p < products; ++p)
            LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) {
              typename W::template var<decltype(Arithmetic::b(words4{}, 0))> b;
              w.lanes([&](int l) {
                b[l] = Arithmetic::b(columns[l][n][p / units_of_piece], column_unit + p);
              });
              mma<Arithmetic::kind>(w, part[m][n], a[p], b);
            }
        }
      }
    w.lanes([&](int l) {
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
          Arithmetic::add(codec[l], sums[m][n][l], part[m][n][l], params[l][m], x,
                   block * (8 / units) + run, 128 * block + 16 * units * run,
                   first_column + 8 * n + l % 4 * 2);
    });
  }
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
