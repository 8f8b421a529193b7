// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "device_results.hpp"
#include "tile_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Up to 8 * Parts columns. A block takes `Tiles` tiles of sixteen rows after another; its warps
/// split the blocks of codes between them, and so may `splits` blocks. Weights are fetched ahead
/// across tiles, so that memory never waits. Sums are added in the order of warps and of splits,
/// whoever comes last: results do not depend on time.
template <class Arithmetic, int Tiles, int Parts>
struct small_product {
  using View = typename Arithmetic::view_type;
  // Weights are fetched before that wait: by then they are there if the kernel before prepares
  // columns, which writes none; any other might.
  static constexpr bool waits_for_previous = Arithmetic::prepares_columns;
  static constexpr int max_warps = 16, min_blocks = 1;
  static constexpr int rows = 16 * Tiles, columns = 8 * Parts, cells = rows * columns;
  static constexpr int table_words = Arithmetic::codec_type::table_words;
  using reader = tile_weights<View>;
  using cursor_type = typename Arithmetic::columns_type::cursor_type;
  static constexpr int pieces = 8 * reader::dim / Arithmetic::columns_type::units;
  static constexpr int slots = ring_slots<View, Tiles>;
  using ring_type = weight_ring<View, Tiles, slots>;
  /// Pieces of columns that are loaded before they are multiplied, by hand: all of a block of
  /// numbers. Vectors have too many.
  static constexpr int pieces_ahead = pieces_at_once<Arithmetic>;
  template <class W>
  using block_columns = typename W::template var<arr<arr<words4, pieces_ahead>, Parts>>;
  /// Whether columns and parameters are read ahead of their block.
  static constexpr bool reads_early = are_few<tile_parameters<View, Tiles>>;
  /// The codec's table, the warps' rings, the sums of two groups of tiles, and a word.
  static index_t shared_bytes(int warps) {
    return table_words * 4 + index_t(warps) * (ring_type::bytes + 2 * cells * 4) + 16;
  }

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const View weights,
                            const typename Arithmetic::columns_type x, const device_results y,
                            const int splits) const {
    using W = typename Block::warp;
    struct warp_state {
      typename W::template var<typename Arithmetic::codec_type> codec;
      typename W::template var<tile_parameters<View, Tiles>> next_parameters;
      block_columns<W> next_columns;
      sums_of_tiles<W, Tiles, Parts> sums;
      int first, last;  // its blocks of codes
    };
    const int warps = block.warps();
    word* const table = block.template shared<word>();
    std::uint8_t* const rings = reinterpret_cast<std::uint8_t*>(table + table_words);
    float* const buffers = reinterpret_cast<float*>(rings + warps * ring_type::bytes);
    unsigned* const turn = reinterpret_cast<unsigned*>(buffers + 2 * warps * cells);
    const int tiles = int(ceil_div(weights.rows(), 16));
    const int blocks = reader::blocks(weights);
    const int groups = (tiles + Tiles - 1) / Tiles;
    const int split = block.index() % splits, stride = block.count() / splits;
    const int sharers = warps * splits, steps = (blocks + sharers - 1) / sharers;

    // A step of all warps in a group of tiles; the last step of a warp may be empty.
    struct position {
      int group, step;
    };
    const auto next = [&](position& p) {
      if (++p.step == steps) p = {p.group + stride, 0};
    };
    const auto tiles_of = [&](int group) { return tiles_from<Tiles>(group * Tiles, tiles); };
    const position start{block.index() / splits, 0};
    typename Block::template per_warp<warp_state> state(block);

    position ahead = start;
    block.phase_nosync([&](W w, int i) {
      const int sharer = split * warps + i;
      const int first = state[i].first = share_begin(blocks, sharer, sharers);
      const int last = state[i].last = share_begin(blocks, sharer + 1, sharers);
      const ring_type ring{rings + i * ring_type::bytes};
      position p = start;
      for (int s = 0; s < slots; ++s, next(p)) {
        w.lanes([&](int l) {
          if (p.group < groups && first + p.step < last)
            ring.fetch(block, weights, blocks, tiles_of(p.group), first + p.step, s, l);
        });
        block.copy_commit();
      }
      w.lanes([&](int l) {
        if (start.group < groups && first < last)
          fetch_parameters<View, Tiles>(weights, tiles_of(start.group), first, l,
                                        state[i].next_parameters[l]);
      });
      clear<W>(w, state[i].sums);
    });
    for (int s = 0; s < slots; ++s) next(ahead);
    if constexpr (Arithmetic::table_needs_columns) block.wait_for_previous();
    fill_table<Arithmetic>(block, weights, x, table);
    block.phase_nosync(
        [&](W w, int i) { state[i].codec = codecs_of<Arithmetic>(w, weights, x, table); });
    block.wait_for_previous();  // weights were there before; columns are not
    const auto load_columns = [&](W w, int b, block_columns<W>& to) {
      w.lanes([&](int l) {
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) {
          const cursor_type from = columns_from(x, b, n, l);
          if (x.is_whole(pieces * b)) {
            LOWBIT_UNROLL for (int k = 0; k < pieces_ahead; ++k) to[l][n][k] = from.inside(k);
          } else {
            LOWBIT_UNROLL for (int k = 0; k < pieces_ahead; ++k) to[l][n][k] = from[k];
          }
        }
      });
    };
    // As long before they are multiplied as registers allow: when those of the block before were.
    const auto fetch_columns = [&](W w, int i, const position& p) {
      const int b = state[i].first + p.step;
      if (p.group < groups && b < state[i].last) load_columns(w, b, state[i].next_columns);
    };
    if constexpr (reads_early)
      block.phase_nosync([&](W w, int i) { fetch_columns(w, i, start); });

    int slot = 0, buffer = 0;
    for (position now = start; now.group < groups;) {
      position after = now;
      next(after);
      block.phase_nosync([&](W w, int i) {
        const int first = state[i].first, last = state[i].last;
        const ring_type ring{rings + i * ring_type::bytes};
        const int b = first + now.step;
        block.template copy_wait<slots - 1>();
        if (b < last) {
          typename W::template var<arr<typename reader::words, Tiles>> words;
          typename W::template var<tile_parameters<View, Tiles>> stored;
          w.lanes([&](int l) {
            words[l] = ring.read(slot, l);
            stored[l] = set_free(state[i].next_parameters[l]);
            if (after.group < groups && first + after.step < last)
              fetch_parameters<View, Tiles>(weights, tiles_of(after.group), first + after.step, l,
                                            state[i].next_parameters[l]);
          });
          block_columns<W> here;
          if constexpr (!reads_early) load_columns(w, b, here);
          multiply_block<Arithmetic, Tiles, Parts>(
              w, x, state[i].codec, b, words, stored, 0,
              [&](int l, int n, int k) {
                if (k >= pieces_ahead) return columns_from(x, b, n, l)[k];
                return reads_early ? state[i].next_columns[l][n][k] : here[l][n][k];
              },
              state[i].sums);
        } else if (after.group < groups && first + after.step < last) {
          w.lanes([&](int l) {
            fetch_parameters<View, Tiles>(weights, tiles_of(after.group), first + after.step, l,
                                          state[i].next_parameters[l]);
          });
        }
        w.lanes([&](int l) {
          if (ahead.group >= groups || first + ahead.step >= last) return;
          const arr<int, Tiles> tile = tiles_of(ahead.group);
          ring.fetch(block, weights, blocks, tile, first + ahead.step, slot, l);
          // Parameters of other blocks are neighbours of the first one's.
          if (reads_early && ahead.step == 0)
            LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) reader::ask(weights, tile[m], first, l);
        });
        block.copy_commit();
        if constexpr (reads_early) fetch_columns(w, i, after);
      });
      next(ahead);
      slot = slot + 1 == slots ? 0 : slot + 1;
      if (after.step == 0) {
        float* const shared = buffers + buffer * warps * cells;
        block.phase([&](W w, int i) {
          w.lanes([&](int l) {
            LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
              LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
                LOWBIT_UNROLL for (int k = 0; k < 4; ++k)
                  shared[i * cells + (16 * m + l / 4 + k / 2 * 8) * columns + 8 * n + l % 4 * 2 +
                         k % 2] = state[i].sums[m][n][l][k];
          });
          clear<W>(w, state[i].sums);
        });
        finish(block, weights, x, y, splits, split, now.group, shared, turn);
        buffer ^= 1;
      }
      now = after;
    }
  }

 private:
  /// Of block b. Columns that are not there become the first, and their sums nothing.
  LOWBIT_HD static cursor_type columns_from(const typename Arithmetic::columns_type& x, int b,
                                            int n, int lane) {
    const int column = 8 * n + lane / 4 < x.columns ? 8 * n + lane / 4 : 0;
    return x.cursor(pieces * b, column, lane % 4);
  }

  template <class W, class Sums>
  LOWBIT_HD static void clear(const W& w, Sums& sums) {
    w.lanes([&](int l) {
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m)
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) sums[m][n][l] = arr<float, 4>{};
    });
  }

  /// The warps' sums of an item become results, or, where several blocks share the tile, theirs do,
  /// by the last of them.
  template <class Block>
  LOWBIT_HD static void finish(Block& block, const View& weights,
                               const typename Arithmetic::columns_type& x, const device_results& y,
                               int splits, int split, int group, const float* shared,
                               unsigned* turn) {
    using W = typename Block::warp;
    const int warps = block.warps();
    const auto sum_of = [&](const float* from, int count, int stride, int cell) {
      float sum = 0;
      for (int k = 0; k < count; ++k) sum += from[k * stride + cell];
      return sum;
    };
    if (splits == 1) {
      block.phase_nosync([&](W w, int i) {
        w.lanes([&](int l) {
          each_result(weights, y, x, group, i * warp_size + l, warps * warp_size,
                      [&](int cell) { return sum_of(shared, warps, cells, cell); });
        });
      });
      return;
    }
    float* const partial = y.partial + index_t(group) * splits * cells;
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        for (int cell = i * warp_size + l; cell < cells; cell += warps * warp_size)
          partial[split * cells + cell] = sum_of(shared, warps, cells, cell);
      });
    });
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) *turn = block.arrive(y.counters + group);
      });
    });
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (*turn != unsigned(splits) - 1) return;
        each_result(weights, y, x, group, i * warp_size + l, warps * warp_size,
                    [&](int cell) { return sum_of(partial, splits, cells, cell); });
        if (i == 0 && l == 0) y.counters[group] = 0;
      });
    });
  }

  template <class Sum>
  LOWBIT_HD static void each_result(const View& weights, const device_results& y,
                                    const typename Arithmetic::columns_type& x, int group,
                                    int start, int step, Sum sum) {
    const int parts = x.parts, tokens = x.columns / parts;
    for (int at = start; at < rows * tokens; at += step) {
      const int row = at % rows, token = at / rows;
      const index_t r = index_t(group) * rows + row;
      if (r >= weights.rows()) continue;
      float v = sum(row * columns + token * parts);
      if (parts == 2) v += sum(row * columns + token * parts + 1) * (1.f / 2048);
      write<axes_of_results<View>>(y, x.factors, token, r, v);
    }
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
