// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights and their parameters on the way to a lane of a product on tensor cores.
#pragma once
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

/// `Tiles` row tiles of `count`, from `first` on; the last stands for those past it.
template <int Tiles>
LOWBIT_HD arr<int, Tiles> tiles_from(int first, int count) {
  arr<int, Tiles> tile;
  LOWBIT_UNROLL for (int m = 0; m < Tiles; ++m) tile[m] =
      first + m < count ? first + m : count - 1;
  return tile;
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

/// Of an arithmetic whose codes meet no parameter in registers: sums meet all of them.
template <class Reader>
struct codes_alone {
  struct displacement {};
  template <class Codec>
  LOWBIT_HD static displacement displace(const Codec&, const typename Reader::stored_parameters&,
                                         int) {
    return {};
  }
  LOWBIT_HD static run_parameters parameters(const typename Reader::stored_parameters& stored,
                                             int unit) {
    return Reader::parameters(stored, unit);
  }
};

/// Parameters that leave registers for what is read ahead: sixteen of a lane at most. K-quants have
/// twenty.
template <class Stored>
inline constexpr bool are_few = sizeof(Stored) <= 64;

/// Few parameters in registers of their own, so that those they came in can be loaded again at
/// once. (As copies they would stay, and what is loaded be copied when the next block begins, which
/// waits for it.)
template <class Stored>
LOWBIT_HD Stored set_free(const Stored& stored) {
  if constexpr (sizeof(Stored) % 4 == 0 && !std::is_empty_v<Stored> && are_few<Stored>) {
    auto words = bits_as<arr<word, int(sizeof(Stored) / 4)>>(stored);
    LOWBIT_UNROLL for (word& w : words.items) w = in_register(w);
    return bits_as<Stored>(words);
  } else {
    return stored;
  }
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
