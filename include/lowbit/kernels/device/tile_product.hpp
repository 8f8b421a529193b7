// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loop of products on tensor cores: weights are the left operand, decoded in registers,
// tokens the eight columns of the right one. Scales and zeros meet the sums of runs of codes that
// share them; integer zeros are subtracted from codes, exactly, in registers.
#pragma once
#include "columns.hpp"
#include "group_parameters.hpp"
#include "tensor_path.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The parameters of a lane's two rows in one group.
struct run_parameters {
  row_pair scale, zero;
};

/// The words and parameters of a matrix, as a lane reads them.
template <class View>
struct tile_weights {
  using F = typename View::format_type;
  using traits = tensor_traits<F>;
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  static constexpr int bits = Q::bits;
  using words = block_words<bits>;

  /// Bytes of a block of a tile, and of all lanes' words of it in shared memory.
  static constexpr int block_bytes = 256 * bits;

  /// `blocks` are those of a row of tiles; there are fewer than 2^32 in a matrix.
  LOWBIT_HD static const std::uint8_t* at(const View& w, int blocks, int tile, int block) {
    return static_cast<const std::uint8_t*>(w.main.codes.data()) +
           std::size_t(word(tile) * word(blocks) + word(block)) * block_bytes;
  }
  /// Begins to copy a lane's words of a block to shared memory. It is the lane that will read them:
  /// nobody waits for others.
  template <class Block>
  LOWBIT_HD static void copy(Block& block, const std::uint8_t* from, std::uint8_t* to, int lane) {
    LOWBIT_UNROLL for (int i = 0; i < bits / 2; ++i) block.copy16_async(
        to + 512 * i + 16 * lane, from + 512 * i + 16 * lane);
    if constexpr (bits % 2 == 1)
      block.copy8_async(to + 512 * (bits / 2) + 8 * lane, from + 512 * (bits / 2) + 8 * lane);
  }
  /// And reads them.
  LOWBIT_HD static words read(const std::uint8_t* from, int lane) {
    return read_block<bits>(
        lane, [&](int at) { return *reinterpret_cast<const words4*>(from + at); },
        [&](int at) {
          const word* const two = reinterpret_cast<const word*>(from + at);
          return arr<word, 2>{{two[0], two[1]}};
        });
  }

  /// The parameters of a block, as they are stored.
  using plane_data = std::remove_cvref_t<decltype(View::main)>;
  using stored_parameters = group_codes<traits::groups ? G::block_rows : 0, traits::width,
                                        128 / traits::run, plane_data, traits::groups,
                                        traits::groups && has_zero<Q>>;
  LOWBIT_HD static void fetch(const View& w, int tile, int block, int lane,
                              stored_parameters& p) {
    p.fetch(w.main, tile, lane / 4, 128 * block);
  }
  /// Of the run that holds unit `unit` of the block.
  LOWBIT_HD static run_parameters parameters(const stored_parameters& stored, int unit) {
    run_parameters p{{{1, 1}}, {}};
    if constexpr (traits::groups) {
      p.scale = stored.scale.value(unit * 16 / traits::run);
      if constexpr (has_zero<Q>) p.zero = stored.zero.value(unit * 16 / traits::run);
    }
    return p;
  }
};

/// How halves are multiplied: what the inner loop asks of an arithmetic.
template <class View>
struct half_arithmetic {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using codec_type = half_codec<Q, table_place::shared>;  // tables: half the instructions
  using columns_type = half_columns;
  using sum = float;
  static constexpr mma_kind kind = mma_kind::half;
  static constexpr int run = traits::run;            // codes summed before parameters meet them
  static constexpr int units_of_mma = 1;
  using displacement = typename codec_type::displacement;

  LOWBIT_HD static displacement displace(const codec_type& codec, const run_parameters& p) {
    if constexpr (zero_of<Q> == zero_kind::integer)
      return codec.displace(p.zero[0], p.zero[1]);
    else
      return codec.displace();
  }
  LOWBIT_HD static arr<word, 4> a(const codec_type& codec, const typename reader::words& w,
                                  int unit, const displacement& d) {
    return codec.fragment(w, unit, d);
  }
  LOWBIT_HD static arr<word, 2> b(const words4& piece, int unit) {
    return {{piece[unit % 2 * 2], piece[unit % 2 * 2 + 1]}};
  }
  LOWBIT_HD static sum start() { return 0; }
  LOWBIT_HD static void add(const codec_type&, arr<float, 4>& to, const arr<sum, 4>& part,
                            const run_parameters& p, const half_columns& x, int number, int,
                            int column) {
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) to[i] +=
        p.scale[i / 2] * codec_type::post_scale * part[i];
    if constexpr (traits::minima) {
      const arr<float, 2> sums = x.sums_of(number, column);
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
        const float shift = zero_of<Q> == zero_kind::minimum ? p.zero[i / 2]
                                                             : -(p.scale[i / 2] * p.zero[i / 2]);
        to[i] += shift * sums[i % 2];
      }
    }
  }
};

/// How int8 levels are multiplied: sums of a run are exact. `Width` codes of the activations share
/// a scale (0: all).
template <class View, int Width>
struct byte_arithmetic {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using codec_type = byte_codec<Q>;
  using columns_type = byte_columns;
  using sum = std::int32_t;
  static constexpr mma_kind kind = codec_type::kind;
  static constexpr int run = Width == 0 ? traits::run : min_of(traits::run, run_of(Width));
  static constexpr int units_of_mma = run >= 32 ? 2 : 1;
  struct displacement {};

  LOWBIT_HD static displacement displace(const codec_type&, const run_parameters&) { return {}; }
  LOWBIT_HD static arr<word, 2 * units_of_mma> a(const codec_type& codec,
                                                 const typename reader::words& w, int unit,
                                                 displacement) {
    const arr<word, 2> first = codec.scaled_fragment(w, unit);
    if constexpr (units_of_mma == 1) {
      return first;
    } else {
      const arr<word, 2> second = codec.scaled_fragment(w, unit + 1);
      return {{first[0], first[1], second[0], second[1]}};
    }
  }
  LOWBIT_HD static arr<word, units_of_mma> b(const words4& piece, int unit) {
    if constexpr (units_of_mma == 1) return {{piece[unit % 4]}};
    else return {{piece[unit % 4], piece[unit % 4 + 1]}};
  }
  // Sums start at the bits of 1.5 * 2^23, in binary32: what is added to an integer is added to it.
  // At most 128 * 127 * 255 < 2^22.
  LOWBIT_HD static sum start() { return 0x4b400000; }
  LOWBIT_HD static void add(const codec_type& codec, arr<float, 4>& to, const arr<sum, 4>& part,
                            const run_parameters& p, const byte_columns& x, int number, int code,
                            int column) {
    const arr<float, 2> sums = x.sums_of(number, column);
    const arr<float, 2> scales = x.scales_of(code, column);
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
      // Powers of two: exact.
      const float factor = i < 2 ? 1.f : 1.f / codec_type::upper_factor;
      float v = bits_as<float>(part[i]) * factor - 12582912.f * factor;
      float shift = codec.bias();
      if constexpr (zero_of<Q> == zero_kind::integer) shift -= p.zero[i / 2];
      if constexpr (kind == mma_kind::u8s8 || has_zero<Q>) v += shift * sums[i % 2];
      float one = p.scale[i / 2] * codec.unit();
      if constexpr (traits::minima) {
        const float zero = zero_of<Q> == zero_kind::minimum ? p.zero[i / 2]
                                                            : -(p.scale[i / 2] * p.zero[i / 2]);
        to[i] += zero * scales[i % 2] * sums[i % 2];
      }
      to[i] += one * scales[i % 2] * v;
    }
  }
};

/// The codecs of a warp's lanes. `table` has codec_type::table_words words, filled.
template <class Arithmetic, class W, class View>
LOWBIT_HD auto codecs_of(const W& w, const View& weights, const word* table) {
  typename W::template var<typename Arithmetic::codec_type> codec;
  w.lanes([&](int l) {
    codec[l] = typename Arithmetic::codec_type(weights.main.stored_levels(), table, l);
  });
  return codec;
}
/// Fills the table that codecs share, where there is one.
template <class Arithmetic, class Block, class View>
LOWBIT_HD void fill_table(Block& block, const View& weights, word* table) {
  using codec = typename Arithmetic::codec_type;
  if constexpr (codec::table_words > 0) {
    using W = typename Block::warp;
    const int threads = block.warps() * warp_size;
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        codec::fill(weights.main.stored_levels(), table, i * warp_size + l, threads);
      });
    });
  }
}

/// Sums of a tile of 16 rows and 8 columns: d of mma.
template <class W>
using tile_sums = typename W::template var<arr<float, 4>>;
template <class W, int Tiles, int Parts>
using sums_of_tiles = arr<arr<tile_sums<W>, Parts>, Tiles>;

/// `Tiles` row tiles of `count`, from `first` on; the last stands for those past it.
template <int Tiles>
LOWBIT_HD arr<int, Tiles> tiles_from(int first, int count) {
  arr<int, Tiles> tile;
  LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) tile[m] =
      first + m < count ? first + m : count - 1;
  return tile;
}
/// The first of `n` blocks of codes that belongs to sharer `k`; shares are as even as can be.
LOWBIT_HD inline int share_begin(int n, int k, int sharers) {
  return int(std::int64_t(n) * k / sharers);
}

/// The blocks of `Tiles` row tiles that are on their way to a warp: codes in a ring in shared
/// memory, `Slots` blocks long. All functions are a lane's.
template <class View, int Tiles, int Slots>
struct weight_ring {
  using reader = tile_weights<View>;
  static constexpr int bytes = Slots * Tiles * reader::block_bytes;  // of a warp

  std::uint8_t* memory;

  template <class Block>
  LOWBIT_HD void fetch(Block& block, const View& w, int blocks, const arr<int, Tiles>& tile,
                       int code_block, int slot, int lane) const {
    LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) reader::copy(
        block, reader::at(w, blocks, tile[m], code_block), at(slot, m), lane);
  }
  LOWBIT_HD arr<typename reader::words, Tiles> read(int slot, int lane) const {
    arr<typename reader::words, Tiles> v;
    LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) v[m] = read_tile(slot, m, lane);
    return v;
  }
  LOWBIT_HD typename reader::words read_tile(int slot, int m, int lane) const {
    return reader::read(at(slot, m), lane);
  }

 private:
  LOWBIT_HD std::uint8_t* at(int slot, int m) const {
    return memory + (slot * Tiles + m) * reader::block_bytes;
  }
};
/// Slots of a ring with some 4 KB for each warp.
template <class View, int Tiles>
inline constexpr int ring_slots =
    4096 / (tile_weights<View>::block_bytes * Tiles) > 2
        ? 4096 / (tile_weights<View>::block_bytes * Tiles)
        : 2;

template <class View, int Tiles>
using tile_parameters = arr<typename tile_weights<View>::stored_parameters, Tiles>;
template <class View, int Tiles>
LOWBIT_HD void fetch_parameters(const View& w, const arr<int, Tiles>& tile, int code_block,
                                int lane, tile_parameters<View, Tiles>& p) {
  LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) tile_weights<View>::fetch(w, tile[m], code_block,
                                                                         lane, p[m]);
}

/// Adds to sums[m][n] the products of one block of row tiles with columns 8 n .. 8 n + 7.
/// `piece(lane, n, i)` are the 16 bytes of piece i of the block.
template <class Arithmetic, int Tiles, int Parts, class W, class Codecs, class Words, class Stored,
          class Piece>
LOWBIT_HD void multiply_block(const W& w, const typename Arithmetic::columns_type& x,
                              const Codecs& codec, int block, const Words& words,
                              const Stored& stored, int first_column, Piece piece,
                              sums_of_tiles<W, Tiles, Parts>& sums) {
  constexpr int units = Arithmetic::run / 16, step = Arithmetic::units_of_mma;
  constexpr int units_of_piece = Arithmetic::columns_type::units;
  typename W::template var<arr<words4, Parts>> columns;
  LOWBIT_UNROLL for (int run = 0; run < 8 / units; ++run) {
    using part_sums = typename W::template var<arr<typename Arithmetic::sum, 4>>;
    arr<arr<part_sums, Parts>, Tiles> part;
    typename W::template var<arr<run_parameters, Tiles>> params;
    typename W::template var<arr<typename Arithmetic::displacement, Tiles>> moved;
    w.lanes([&](int l) {
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) {
        params[l][m] =
            Arithmetic::reader::parameters(stored[l][m], run * units);
        moved[l][m] = Arithmetic::displace(codec[l], params[l][m]);
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
          LOWBIT_UNROLL for (int i = 0; i < 4; ++i) part[m][n][l][i] = Arithmetic::start();
      }
    });
    LOWBIT_UNROLL for (int unit = run * units; unit < (run + 1) * units; unit += step) {
      if (unit % units_of_piece == 0)
        w.lanes([&](int l) {
          LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) columns[l][n] =
              piece(l, n, unit / units_of_piece);
        });
      LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) {
        typename W::template var<decltype(Arithmetic::a(codec[0], words[0][0], 0, moved[0][0]))>
            a;
        w.lanes([&](int l) { a[l] = Arithmetic::a(codec[l], words[l][m], unit, moved[l][m]); });
        LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) {
          typename W::template var<decltype(Arithmetic::b(columns[0][0], 0))> b;
          w.lanes([&](int l) { b[l] = Arithmetic::b(columns[l][n], unit); });
          mma<Arithmetic::kind>(w, part[m][n], a, b);
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
