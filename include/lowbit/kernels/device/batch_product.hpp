// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "shared_tiles.hpp"
#include "small_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Many columns, 8 * Parts of them for each block. Each warp has `Tiles` tiles of sixteen rows to
/// itself, so that every weight is decoded once; the columns, which all warps share, pass through
/// shared memory, `Stages` blocks of codes ahead. Blocks of a grid share tiles by `splits` as in
/// small_product.
template <class Arithmetic, int Tiles, int Parts, int Stages = (Parts > 4 ? 3 : 4)>
struct batch_product {
  using View = typename Arithmetic::view_type;
  static constexpr bool waits_for_previous = true;
  using columns_type = typename Arithmetic::columns_type;
  static constexpr int max_warps = 4, min_blocks = Parts > 4 ? 2 : 3;
  static constexpr int rows = 16 * Tiles, columns = 8 * Parts, cells = rows * columns;
  using reader = tile_weights<View>;
  // A stage is a block of numbers, or a part of a block of vectors.
  static constexpr int units = units_at_once<Arithmetic>, stages_of_block = 8 / units;
  static constexpr int pieces = pieces_at_once<Arithmetic>;
  static constexpr int piece_words = columns * 16, stage_words = pieces * piece_words;
  static constexpr int table_words = Arithmetic::codec_type::table_words;
  using ring_type = weight_ring<View, Tiles, Stages>;
  /// The codec's table, the columns on their way, and the warps' rings.
  static index_t shared_bytes(int warps) {
    return (table_words + Stages * stage_words) * 4 + index_t(warps) * ring_type::bytes;
  }

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const View weights, const columns_type x,
                            const device_results y, const int splits) const {
    using W = typename Block::warp;
    struct warp_state {
      typename W::template var<typename Arithmetic::codec_type> codec;
      typename W::template var<tile_parameters<View, Tiles>> next_parameters;
      typename W::template var<arr<typename reader::words, Tiles>> words;
      typename W::template var<tile_parameters<View, Tiles>> parameters;
      sums_of_tiles<W, Tiles, Parts> sums;
    };
    const int warps = block.warps();
    const shared_tiles<Tiles, Parts> part(block, weights.rows(), reader::blocks(weights), x.columns,
                                          splits);
    const int first = part.first, last = part.last;
    word* const table = block.template shared<word>();
    word* const stages = table + table_words;
    std::uint8_t* const rings = reinterpret_cast<std::uint8_t*>(stages + Stages * stage_words);

    // A block of codes of each warp, and its columns for all: as many bytes in a row for each piece
    // as there are columns. `step` counts stages; where a block has several its codes come with
    // the first of the block before.
    constexpr int early = stages_of_block > 1 ? 1 : 0;
    const auto fetch = [&](int step) {
      const int b = first + step / stages_of_block, stage = step % Stages;
      block.phase_nosync([&](W w, int i) {
        const ring_type ring{rings + i * ring_type::bytes};
        w.lanes([&](int l) {
          if (b >= last) return;
          LOWBIT_UNROLL for (int p = 0; p < pieces; ++p)
            for (int k = i * warp_size + l; k < part.used * 4; k += warps * warp_size)
              block.copy16_async(
                  stages + stage * stage_words + p * piece_words + 4 * k,
                  x.at(pieces * (first * stages_of_block + step) + p, part.first_column, 0) +
                      4 * k);
          if (step % stages_of_block != 0) return;
          for (int k = step == 0 ? 0 : early; k <= early; ++k)
            if (b + k < last)
              ring.fetch(block, weights, part.blocks, part.tiles(i), b + k,
                         (b + k - first) % Stages, l);
        });
        block.copy_commit();
      });
    };
    typename Block::template per_warp<warp_state> state(block);
    block.wait_for_previous();
    for (int s = 0; s < Stages - 1; ++s) fetch(s);
    fill_table<Arithmetic>(block, weights, x, table);
    block.phase_nosync([&](W w, int i) {
      state[i].codec = codecs_of<Arithmetic>(w, weights, x, table);
      w.lanes([&](int l) {
        if (first < last)
          fetch_parameters<View, Tiles>(weights, part.tiles(i), first, l,
                                        state[i].next_parameters[l]);
        LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
          LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) state[i].sums[m][n][l] = arr<float, 4>{};
      });
    });
    int stage = 0, step = 0;
    for (int b = first; b < last; ++b) {
      const auto multiply = [&]<int Part>(std::integral_constant<int, Part>) {
        // All copies of the stage are there, and all warps are done with the one before.
        block.phase([&](W, int) { block.template copy_wait<Stages - 2>(); });
        fetch(step + Stages - 1);
        block.phase_nosync([&](W w, int i) {
          const word* const from = stages + stage * stage_words;
          warp_state& own = state[i];
          if constexpr (Part == 0) {
            const ring_type ring{rings + i * ring_type::bytes};
            w.lanes([&](int l) {
              own.words[l] = ring.read((b - first) % Stages, l);
              own.parameters[l] = set_free(own.next_parameters[l]);
              if (b + 1 < last)
                fetch_parameters<View, Tiles>(weights, part.tiles(i), b + 1, l,
                                              own.next_parameters[l]);
            });
          }
          multiply_block<Arithmetic, Tiles, Parts, Part * units, units>(
              w, x, own.codec, b, own.words, own.parameters, part.first_column,
              [&](int l, int n, int p) {
                return *reinterpret_cast<const words4*>(from + p * piece_words + n * 128 + l * 4);
              },
              own.sums);
        });
        ++step;
        stage = stage + 1 == Stages ? 0 : stage + 1;
      };
      each_part(multiply, std::make_integer_sequence<int, stages_of_block>{});
    }
    finish_tiles<axes_of_results<View>>(
        block, part, weights.rows(), x, y,
        [&](int i, int m, int n, int l) -> arr<float, 4>& { return state[i].sums[m][n][l]; });
  }

 private:
  template <class F, int... Part>
  LOWBIT_HD static void each_part(F& f, std::integer_sequence<int, Part...>) {
    (f(std::integral_constant<int, Part>{}), ...);
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
