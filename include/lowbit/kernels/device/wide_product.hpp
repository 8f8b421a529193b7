// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "shared_tiles.hpp"
#include "tile_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Many columns of halves, 8 * Parts of them for each block, multiplied from shared memory: on
/// Hopper by whole warpgroups. Each warp has `Tiles` tiles of sixteen rows to itself, so that every
/// weight is decoded once, a unit while tensor cores multiply the one before. Columns are those of
/// half_columns in groups of as many. Blocks of a grid share tiles by `splits` as in small_product.
template <class Arithmetic, int Tiles, int Parts, int Stages = 4>
struct wide_product {
  using View = typename Arithmetic::view_type;
  using columns_type = half_columns;
  static constexpr bool waits_for_previous = true;
  static constexpr int max_warps = 8, min_blocks = Tiles * Parts > 8 ? 1 : 2;
  static constexpr int columns = 8 * Parts;
  static constexpr int unit_words = 2 * columns * 4, stage_words = 8 * unit_words;
  static constexpr int table_words = Arithmetic::codec_type::table_words;
  /// Blocks of codes that are fetched before they are multiplied. The other stages are for warps
  /// that are behind; a warp's own ring needs but one.
  static constexpr int ahead = Stages - 2;
  static constexpr int slots = tile_weights<View>::bits > 4 ? ahead + 1 : Stages;
  using ring_type = weight_ring<View, Tiles, slots>;
  using reader = typename ring_type::reader;
  /// The codec's table, the columns on their way, the warps' rings, and barriers.
  static constexpr index_t shared_bytes(int warps) {
    return (table_words + Stages * stage_words) * 4 + index_t(warps) * ring_type::bytes +
           Stages * 16;
  }

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const View weights, const half_columns x,
                            const device_results y, const int splits) const {
    using W = typename Block::warp;
    using tile_sums = typename W::template var<arr<arr<float, 4>, Parts>>;
    struct warp_state {
      typename W::template var<typename Arithmetic::codec_type> codec;
      typename W::template var<tile_parameters<View, Tiles>> next_parameters;
      arr<tile_sums, Tiles> sums;
    };
    const int warps = block.warps();
    const shared_tiles<Tiles, Parts> part(block, weights.rows(), reader::blocks(weights), x.columns,
                                          splits);
    const int first = part.first, last = part.last;
    word* const table = block.template shared<word>();
    word* const stages = table + table_words;
    std::uint8_t* const rings = reinterpret_cast<std::uint8_t*>(stages + Stages * stage_words);
    // Ended by the arrival of a stage's columns, and by that of the warps that have read them.
    std::uint64_t* const full = reinterpret_cast<std::uint64_t*>(rings + warps * ring_type::bytes);
    std::uint64_t* const empty = full + Stages;

    // A warp's block of codes, and, by the first warp, its columns for all. Block first + k is in
    // stage k % Stages.
    const auto fetch = [&](W w, int i, int k) {
      const int stage = k % Stages, b = first + k;
      const ring_type ring{rings + i * ring_type::bytes};
      if (i == 0 && b < last && k >= Stages)
        block.barrier_wait(empty + stage, (k / Stages - 1) % 2);
      w.lanes([&](int l) {
        if (b >= last) return;
        if (i == 0 && l == 0) {
          block.copy_bulk(stages + stage * stage_words, x.group_at(b, part.first_column),
                          4 * stage_words, full + stage);
          block.barrier_arrive(full + stage);
        }
        ring.fetch(block, weights, part.blocks, part.tiles(i), b, k % slots, l);
      });
      block.copy_commit();
    };
    typename Block::template per_warp<warp_state> state(block);
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (i > 0 || l >= Stages) return;
        block.barrier_init(full + l, 1);
        block.barrier_init(empty + l, warps);
      });
    });
    block.wait_for_previous();
    block.phase_nosync([&](W w, int i) {
      for (int k = 0; k < ahead; ++k) fetch(w, i, k);
    });
    fill_table<Arithmetic>(block, weights, x, table);
    block.phase_nosync([&](W w, int i) {
      state[i].codec = codecs_of<Arithmetic>(w, weights, x, table);
      w.lanes([&](int l) {
        if (first < last)
          fetch_parameters<View, Tiles>(weights, part.tiles(i), first, l,
                                        state[i].next_parameters[l]);
        LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) state[i].sums[m][l] = {};
      });
    });
    for (int k = 0; k < last - first; ++k) {
      const int stage = k % Stages, b = first + k;
      block.phase_nosync([&](W w, int i) {
        fetch(w, i, k + ahead);
        const ring_type ring{rings + i * ring_type::bytes};
        typename W::template var<tile_parameters<View, Tiles>> stored;
        w.lanes([&](int l) {
          stored[l] = set_free(state[i].next_parameters[l]);
          if (b + 1 < last)
            fetch_parameters<View, Tiles>(weights, part.tiles(i), b + 1, l,
                                          state[i].next_parameters[l]);
        });
        block.template copy_wait<ahead>();
        block.barrier_wait(full + stage, k / Stages % 2);
        multiply(w, x, state[i].codec, b, ring, k % slots, stored, stages + stage * stage_words,
                 part.first_column, state[i].sums);
        w.sync();
        w.lanes([&](int l) {
          if (l == 0) block.barrier_arrive(empty + stage);
        });
      });
    }
    finish_tiles<axes_of_results<View>>(
        block, part, weights.rows(), x, y,
        [&](int i, int m, int n, int l) -> arr<float, 4>& { return state[i].sums[m][l][n]; });
  }

 private:
  /// A block of codes.
  template <class W, class Codecs, class Stored, class Sums>
  LOWBIT_HD static void multiply(const W& w, const half_columns& x, const Codecs& codec, int b,
                                 const ring_type& ring, int slot, const Stored& stored,
                                 const word* columns_of_stage, int first_column, Sums& sums) {
    constexpr int units = Arithmetic::run / 16;
    LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) {
      typename W::template var<typename reader::words> words;
      w.lanes([&](int l) { words[l] = ring.read_tile(slot, m, l); });
      LOWBIT_UNROLL for (int run = 0; run < 8 / units; ++run) {
        typename W::template var<run_parameters> params;
        typename W::template var<arr<arr<float, 4>, Parts>> part;
        arr<typename W::template var<arr<word, 4>>, units> a;
        typename W::template var<typename Arithmetic::displacement> moved;
        w.lanes([&](int l) { params[l] = Arithmetic::parameters(stored[l][m], run * units); });
        LOWBIT_UNROLL for (int u = 0; u < units; ++u) {
          w.lanes([&](int l) {
            const int unit = run * units + u;
            if (u == 0 || unit * 16 % Arithmetic::traits::run == 0)
              moved[l] = Arithmetic::displace(codec[l], stored[l][m], unit);
            a[u][l] = Arithmetic::a(codec[l], words[l], unit, 0, moved[l])[0];
          });
          mma_shared_begin(w);
          mma_shared<Parts>(w, part, a[u], columns_of_stage + (run * units + u) * unit_words,
                            u > 0);
        }
        mma_shared_end(w, part);
        w.lanes([&](int l) {
          LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
            Arithmetic::add(codec[l], sums[m][l][n], part[l][n], params[l], x,
                            b * (8 / units) + run, 128 * b + 16 * units * run,
                            first_column + 8 * n + l % 4 * 2);
        });
      }
    }
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
