// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loop of products on tensor cores: weights are the left operand, decoded in registers,
// tokens the eight columns of the right one. Scales and zeros meet the sums of runs of codes that
// share them; integer zeros are subtracted from codes, exactly, in registers.
#pragma once
#include "columns.hpp"
#include "group_parameters.hpp"
#include "half_scales.hpp"
#include "tensor_path.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The parameters of a lane's two rows in one group.
struct run_parameters {
  row_pair scale, zero;
};

/// Scales of groups that meet codes in registers, as halves, exactly: those of sixteen codes, whose
/// sums would else be too short. What scales the scales meets the sums of `run` codes.
template <class F>
struct inner_scales {
  static constexpr bool used = false;
  static constexpr int run = tensor_traits<F>::run, exponent = 0;
};
template <class F>
  requires(tensor_traits<F>::dim == 1 && tensor_traits<F>::groups && tensor_traits<F>::run == 16)
struct inner_scales<F> {
  using traits = tensor_traits<F>;
  using plane = typename F::granularity_type::scale_plane;
  using N = typename plane::quantizer_type;
  using own = typename plane::granularity_type;
  using scales = half_scales<typename F::quantizer_type, N>;
  static constexpr int exponent = scales::exponent;
  static constexpr int outer_run = [] {
    if constexpr (detail::has_groups<own, N>) {
      constexpr int width = nested_span(traits::width, own::block_cols);
      return width == 0 ? 128 : run_of(width);
    } else {
      return 128;
    }
  }();
  static constexpr bool used = scales::exact && !has_zero<N> && outer_run > 16;
  static constexpr int run = used ? outer_run : traits::run;
};

/// The words and parameters of a matrix, as a lane reads them.
template <class View>
struct tile_weights {
  using F = typename View::format_type;
  using traits = tensor_traits<F>;
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  static constexpr int bits = Q::bits, dim = traits::dim;
  using words = std::conditional_t<dim == 1, block_words<bits>, wide_block_words<bits>>;

  /// Bytes of a block of a tile, and of all lanes' words of it in shared memory.
  static constexpr int block_bytes = 256 * bits;

  LOWBIT_HD static int blocks(const View& w) {
    return int(mma16::blocks(View::plane_type::blocks(w.cols())));
  }
  /// Begins to copy a lane's words of a block to shared memory. It is the lane that will read them:
  /// nobody waits for others. `blocks` are those of a row of tiles; there are fewer than 2^32 in a
  /// matrix.
  template <class Block>
  LOWBIT_HD static void copy(Block& block, const View& w, int blocks, int tile, int code_block,
                             std::uint8_t* to, int lane) {
    const auto* const codes = static_cast<const std::uint8_t*>(w.main.codes.data());
    if constexpr (bits <= 8) {
      const std::size_t at = word(tile) * word(blocks) + word(code_block);
      copy_plane<bits>(block, codes + at * block_bytes, to, lane);
    } else {
      const std::uint8_t* const low = codes + std::size_t(word(tile) * word(blocks)) * block_bytes;
      const std::uint8_t* const high = low + std::size_t(word(blocks)) * 2048;
      copy_plane<8>(block, low + std::size_t(word(code_block)) * 2048, to, lane);
      copy_plane<bits - 8>(block, high + std::size_t(word(code_block)) * (block_bytes - 2048),
                           to + 2048, lane);
    }
  }
  /// And reads them.
  LOWBIT_HD static words read(const std::uint8_t* from, int lane) {
    if constexpr (dim == 1) {
      return read_plane<bits>(from, lane);
    } else {
      words all;
      all.low = read_plane<(bits < 8 ? bits : 8)>(from, lane);
      if constexpr (bits > 8) all.high = read_plane<bits - 8>(from + 2048, lane);
      return all;
    }
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
  LOWBIT_HD static void ask(const View& w, int tile, int block, int lane) {
    stored_parameters::ask(w.main, tile, lane / 4, 128 * block);
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

 private:
  template <int Bits, class Block>
  LOWBIT_HD static void copy_plane(Block& block, const std::uint8_t* from, std::uint8_t* to,
                                   int lane) {
    LOWBIT_UNROLL for (int i = 0; i < Bits / 2; ++i) block.copy16_async(
        to + 512 * i + 16 * lane, from + 512 * i + 16 * lane);
    if constexpr (Bits % 2 == 1)
      block.copy8_async(to + 512 * (Bits / 2) + 8 * lane, from + 512 * (Bits / 2) + 8 * lane);
  }
  template <int Bits>
  LOWBIT_HD static block_words<Bits> read_plane(const std::uint8_t* from, int lane) {
    return read_block<Bits>(
        lane, [&](int at) { return *reinterpret_cast<const words4*>(from + at); },
        [&](int at) {
          const word* const two = reinterpret_cast<const word*>(from + at);
          return arr<word, 2>{{two[0], two[1]}};
        });
  }
};

/// How halves are multiplied: what the inner loop asks of an arithmetic. `units_of_mma` units of
/// codes at a time are `fragments` times `products` left operands; `a` returns those of a fragment.
template <class View, class Columns = half_columns>
struct half_arithmetic {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using codec_type = half_codec<Q, table_place::shared>;  // tables: half the instructions
  using columns_type = Columns;
  using sum = float;
  static constexpr mma_kind kind = mma_kind::half;
  static constexpr bool prepares_columns = std::same_as<Columns, half_columns>;
  static constexpr bool table_needs_columns = false;
  using inner = inner_scales<typename View::format_type>;
  static constexpr int run = inner::run;  // codes summed before parameters meet them
  static constexpr int units_of_mma = 1, fragments = 1, products = 1;
  /// What codes meet in registers: their zeros, or their scales.
  using displacement = std::conditional_t<inner::used, arr<word, 2>,
                                          typename codec_type::displacement>;
  using operands = arr<arr<word, 4>, products>;

  LOWBIT_HD static void fill(const View& w, const Columns&, word* table, int thread,
                             int threads) {
    codec_type::fill(w.main.stored_levels(), table, thread, threads);
  }
  LOWBIT_HD static codec_type codec(const View& w, const Columns&, const word* table, int lane) {
    return codec_type(w.main.stored_levels(), table, lane);
  }

  /// Of a unit's group.
  LOWBIT_HD static displacement displace(const codec_type& codec,
                                         const typename reader::stored_parameters& stored,
                                         int unit) {
    if constexpr (inner::used) {
      const row_pair level = stored.scale.level(unit * 16 / traits::run);
      displacement two;
      LOWBIT_UNROLL for (int i = 0; i < 2; ++i) {
        const float scale = level[i] * exp2_int(inner::exponent);
        two[i] = halves(scale, scale);
      }
      return two;
    } else if constexpr (zero_of<Q> == zero_kind::integer) {
      const run_parameters p = reader::parameters(stored, unit);
      return codec.displace(p.zero[0], p.zero[1]);
    } else {
      return codec.displace();
    }
  }
  LOWBIT_HD static run_parameters parameters(const typename reader::stored_parameters& stored,
                                             int unit) {
    if constexpr (inner::used) {
      run_parameters p{stored.scale.outer_scale(unit * 16 / traits::run), {}};
      LOWBIT_UNROLL for (int i = 0; i < 2; ++i) p.scale[i] *= exp2_int(-inner::exponent);
      return p;
    } else {
      return reader::parameters(stored, unit);
    }
  }
  LOWBIT_HD static operands a(const codec_type& codec, const typename reader::words& w, int unit,
                              int, const displacement& d) {
    if constexpr (inner::used) {
      arr<word, 4> four = codec.fragment(w, unit, codec.displace());
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i) four[i] = mul2(four[i], d[i % 2]);
      return {{four}};
    } else {
      return {{codec.fragment(w, unit, d)}};
    }
  }
  LOWBIT_HD static arr<word, 2> b(const words4& piece, int unit) {
    return {{piece[unit % 2 * 2], piece[unit % 2 * 2 + 1]}};
  }
  LOWBIT_HD static sum start() { return 0; }
  LOWBIT_HD static void add(const codec_type&, arr<float, 4>& to, const arr<sum, 4>& part,
                            const run_parameters& p, const Columns& x, int number, int,
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
  static constexpr bool prepares_columns = true, table_needs_columns = false;
  static constexpr int run = Width == 0 ? traits::run : min_of(traits::run, run_of(Width));
  static constexpr int units_of_mma = run >= 32 ? 2 : 1, fragments = 1, products = 1;
  struct displacement {};
  using operands = arr<arr<word, 2 * units_of_mma>, products>;

  LOWBIT_HD static void fill(const View& w, const byte_columns&, word* table, int thread,
                             int threads) {
    codec_type::fill(w.main.stored_levels(), table, thread, threads);
  }
  LOWBIT_HD static codec_type codec(const View& w, const byte_columns&, const word* table,
                                    int lane) {
    return codec_type(w.main.stored_levels(), table, lane);
  }
  LOWBIT_HD static displacement displace(const codec_type&,
                                         const typename reader::stored_parameters&, int) {
    return {};
  }
  LOWBIT_HD static run_parameters parameters(const typename reader::stored_parameters& stored,
                                             int unit) {
    return reader::parameters(stored, unit);
  }
  LOWBIT_HD static operands a(const codec_type& codec, const typename reader::words& w, int unit,
                              int, displacement) {
    const arr<word, 2> first = codec.scaled_fragment(w, unit);
    if constexpr (units_of_mma == 1) {
      return {{first}};
    } else {
      const arr<word, 2> second = codec.scaled_fragment(w, unit + 1);
      return {{{{first[0], first[1], second[0], second[1]}}}};
    }
  }
  LOWBIT_HD static arr<word, units_of_mma> b(const words4& piece, int unit) {
    if constexpr (units_of_mma == 1) return {{piece[unit % 4]}};
    else return {{piece[unit % 4], piece[unit % 4 + 1]}};
  }
  /// Whether the bias times a sum of activations is an integer, which binary32 has beside 2^23.
  static constexpr bool whole_bias = [] {
    if constexpr (kind == mma_kind::u8s8) {
      constexpr float bias = Q::intercept / Q::slope;
      return float(int(bias)) == bias;
    } else {
      return true;
    }
  }();
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
      const float start = -12582912.f * factor, found = bits_as<float>(part[i]) * factor;
      float shift = codec.bias();
      if constexpr (zero_of<Q> == zero_kind::integer) shift -= p.zero[i / 2];
      float v;
      if constexpr (kind == mma_kind::s8s8 && !has_zero<Q>)
        v = found + start;
      else if constexpr (whole_bias)
        v = found + (start + shift * sums[i % 2]);  // the bracket is the same for many
      else
        v = found + start + shift * sums[i % 2];
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
    LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) reader::copy(block, w, blocks, tile[m],
                                                               code_block, at(slot, m), lane);
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

/// Parameters in registers of their own, so that those they came in can be loaded again at once.
/// (As copies they would stay, and what is loaded be copied when the next block begins, which waits
/// for it.)
template <class Stored>
LOWBIT_HD Stored set_free(const Stored& stored) {
  if constexpr (sizeof(Stored) % 4 == 0 && !std::is_empty_v<Stored>) {
    auto words = bits_as<arr<word, int(sizeof(Stored) / 4)>>(stored);
    LOWBIT_UNROLL for (word& w : words.items) w = in_register(w);
    return bits_as<Stored>(words);
  } else {
    return stored;
  }
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
