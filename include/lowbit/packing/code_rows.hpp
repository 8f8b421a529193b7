// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../kernels/code_bytes.hpp"
#include "../kernels/host/encoders.hpp"
#include "mma16.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Up to `most` codes of each of sixteen rows, in bytes: what every layout is read into and written
/// from. Codes of more than 8 bits are split. What follows the last code is 0 up to a multiple of
/// 128, and so are rows that are not there.
template <int Bits>
struct code_rows {
  static constexpr index_t rows = 16, most = 512, stride = most + 64;
  static constexpr int low_bits = Bits < 8 ? Bits : 8, high_bits = Bits - low_bits;
  alignas(64) std::uint8_t low[rows * stride];
  alignas(64) std::uint8_t high[high_bits > 0 ? rows * stride : 1];

  void clear_rest(index_t used_rows, index_t n) {
    const index_t end = ceil_div(n, 128) * 128;
    for (index_t i = 0; i < rows; ++i) {
      const index_t from = i < used_rows ? n : 0;
      __builtin_memset(low + i * stride + from, 0, std::size_t(end - from));
      if constexpr (high_bits > 0)
        __builtin_memset(high + i * stride + from, 0, std::size_t(end - from));
    }
  }
};

/// A piece of the codes of a matrix: rows r .. r + rows - 1, r a multiple of 16, and codes
/// c .. c + n - 1 of each, c a multiple of code_rows::most.
struct code_piece {
  index_t row_codes;  // of the whole matrix
  index_t r, rows, c, n;
};

/// How codes of Bits <= 16 get from a layout into bytes and back.
///
///     read(ops, codes, bytes readable there, piece, to)     the rest of `to` is not cleared
///     write(ops, from, piece, codes)                        into zeros
template <class Layout, int Bits>
struct code_mover;

template <int Bits>
struct code_mover<canonical, Bits> {
  using bytes = code_rows<Bits>;
  static constexpr index_t first_byte(const code_piece& p, index_t i) {
    return (p.r + i) * canonical::row_bytes(p.row_codes, Bits) + p.c * Bits / 8;
  }
  static void read(const kernels::row_ops& ops, const std::uint8_t* codes, index_t readable,
                   const code_piece& p, bytes& to) {
    for (index_t i = 0; i < p.rows; ++i) {
      const index_t first = first_byte(p, i);
      std::uint8_t* const low = to.low + i * bytes::stride;
      // Sixteen rows are more than processors fetch ahead on their own.
      constexpr index_t next = bytes::most * Bits / 8;
      for (index_t b = first + next; b < min_of(first + 2 * next, readable); b += 64)
        __builtin_prefetch(codes + b);
      if constexpr (Bits <= 8)
        ops.bytes_table(codes + first, readable - first, Bits, p.n, nullptr,
                        reinterpret_cast<std::int8_t*>(low));
      else
        kernels::split_long_codes(codes + first, Bits, p.n, low, to.high + i * bytes::stride);
    }
  }
  static void write(const kernels::row_ops& ops, const bytes& from, const code_piece& p,
                    std::uint8_t* codes) {
    alignas(64) std::uint8_t stream[bytes::stride];
    for (index_t i = 0; i < p.rows; ++i) {
      std::uint8_t* const to = codes + first_byte(p, i);
      const std::uint8_t* const low = from.low + i * bytes::stride;
      if constexpr (Bits > 8) {
        kernels::join_long_codes(low, from.high + i * bytes::stride, Bits, p.n, to);
      } else if constexpr (Bits == 8) {
        __builtin_memcpy(to, low, std::size_t(p.n));
      } else {
        kernels::pack_codes(ops.target)(low, p.n, Bits, stream);
        __builtin_memcpy(to, stream, std::size_t(ceil_div(p.n * Bits, 8)));
      }
    }
  }
};

/// Layouts of tiles: codes of more than 8 bits are two, one after the other.
template <class Layout, int Bits>
struct code_mover {
  using bytes = code_rows<Bits>;
  static constexpr index_t first_byte(const code_piece& p) {
    return p.r / Layout::tile_rows * Layout::tile_bytes(p.row_codes, Bits);
  }
  static void read(const kernels::row_ops& ops, const std::uint8_t* codes, index_t,
                   const code_piece& p, bytes& to) {
    const std::uint8_t* const tile = codes + first_byte(p);
    read_tile<bytes::low_bits>(Layout{}, ops, tile, p, to.low);
    if constexpr (bytes::high_bits > 0)
      read_tile<bytes::high_bits>(Layout{}, ops, tile + Layout::tile_bytes(p.row_codes, 8), p,
                                  to.high);
  }
  static void write(const kernels::row_ops& ops, const bytes& from, const code_piece& p,
                    std::uint8_t* codes) {
    std::uint8_t* const tile = codes + first_byte(p);
    write_tile<bytes::low_bits>(Layout{}, ops, from.low, p, tile);
    if constexpr (bytes::high_bits > 0)
      write_tile<bytes::high_bits>(Layout{}, ops, from.high, p,
                                   tile + Layout::tile_bytes(p.row_codes, 8));
  }

 private:
  static constexpr index_t stride = bytes::stride;

  template <int Width>
  static void read_tile(host_layout, const kernels::row_ops& ops, const std::uint8_t* tile,
                        const code_piece& p, std::uint8_t* rows) {
    kernels::unpack_rows<Width>(ops, tile, p.c, p.n, rows, stride);
  }
  template <int Width>
  static void write_tile(host_layout, const kernels::row_ops& ops, const std::uint8_t* rows,
                         const code_piece& p, std::uint8_t* tile) {
    alignas(64) std::uint8_t quads[host_layout::tile_rows * bytes::most];
    ops.transpose(rows, stride, ceil_div(p.n, 64) * 16, quads);
    kernels::pack_tile<Width>(ops.target)(quads, host_layout::blocks(p.n), tile + p.c * 2 * Width);
  }

  template <int Width>
  static void read_tile(mma16, const kernels::row_ops&, const std::uint8_t* tile,
                        const code_piece& p, std::uint8_t* rows) {
    for (index_t i = 0; i < p.rows; ++i)
      for (index_t k = 0; k < p.n; k += mma16::block_codes)
        mma16::read_block<Width>(tile + (p.c + k) * 2 * Width, int(i), rows + i * stride + k);
  }
  template <int Width>
  static void write_tile(mma16, const kernels::row_ops&, const std::uint8_t* rows,
                         const code_piece& p, std::uint8_t* tile) {
    for (index_t i = 0; i < p.rows; ++i)
      for (index_t k = 0; k < p.n; k += mma16::block_codes)
        mma16::add_block<Width>(tile + (p.c + k) * 2 * Width, int(i), rows + i * stride + k);
  }
};

/// Codes that fill words of 32 bits, between the canonical stream and tiles of host_layout: a word
/// of a row is a word of its tile, with its codes in another order.
template <int Bits>
struct word_mover {
  static constexpr index_t most = code_rows<Bits>::most, row_room = most * Bits / 8,
                           tile_room = 16 * row_room;
  static constexpr index_t words(const code_piece& p) { return host_layout::blocks(p.n) * Bits; }
  static constexpr index_t in_tiles(const code_piece& p) {
    return p.r / 16 * host_layout::tile_bytes(p.row_codes, Bits) + p.c * 2 * Bits;
  }
  static bool is_whole(const code_piece& p) { return p.rows == 16 && p.n == most; }

  static void to_tiles(const kernels::row_ops& ops, const std::uint8_t* codes, const code_piece& p,
                       std::uint8_t* to) {
    alignas(64) std::uint8_t rows[tile_room], tile[tile_room];
    const std::uint8_t* from = codes + code_mover<canonical, Bits>::first_byte(p, 0);
    index_t stride = canonical::row_bytes(p.row_codes, Bits);
    if (!is_whole(p)) {  // a copy that ends in zeros
      __builtin_memset(rows, 0, sizeof rows);
      for (index_t i = 0; i < p.rows; ++i)
        __builtin_memcpy(rows + i * row_room, from + i * stride,
                         std::size_t(ceil_div(p.n * Bits, 8)));
      from = rows;
      stride = row_room;
    }
    ops.transpose(from, stride, ceil_div(words(p), 16) * 16, tile);
    kernels::turn_fields<Bits, false>(ops.target)(tile, words(p), to + in_tiles(p));
  }
  static void to_stream(const kernels::row_ops& ops, const std::uint8_t* codes, const code_piece& p,
                        std::uint8_t* to) {
    alignas(64) std::uint8_t tile[tile_room], rows[16 * 64];
    kernels::turn_fields<Bits, true>(ops.target)(codes + in_tiles(p), words(p), tile);
    const index_t bytes = ceil_div(p.n * Bits, 8), used = p.n * Bits % 8;
    __builtin_memset(tile + words(p) * 64, 0, std::size_t(tile_room - words(p) * 64));
    for (index_t b = 0; b < bytes; b += 64) {
      ops.transpose(tile + b * 16, 64, 16, rows);
      for (index_t i = 0; i < p.rows; ++i) {
        std::uint8_t* const row = to + code_mover<canonical, Bits>::first_byte(p, i) + b;
        const index_t count = min_of(64, bytes - b);
        __builtin_memcpy(row, rows + 64 * i, std::size_t(count));
        if (used != 0 && b + count == bytes)
          row[count - 1] = std::uint8_t(row[count - 1] & ((1 << used) - 1));
      }
    }
  }
};

/// One piece of the codes of a matrix, from layout to layout.
template <class From, class To, int Bits>
void move_codes(const kernels::row_ops& ops, const std::uint8_t* from, index_t readable,
                const code_piece& piece, std::uint8_t* to) {
  constexpr bool in_words = Bits == 1 || Bits == 2 || Bits == 4 || Bits == 8;
  if constexpr (in_words && std::same_as<From, canonical> && std::same_as<To, host_layout>)
    return word_mover<Bits>::to_tiles(ops, from, piece, to);
  if constexpr (in_words && std::same_as<From, host_layout> && std::same_as<To, canonical>)
    return word_mover<Bits>::to_stream(ops, from, piece, to);
  code_rows<Bits> bytes;
  code_mover<From, Bits>::read(ops, from, readable, piece, bytes);
  bytes.clear_rest(piece.rows, piece.n);
  code_mover<To, Bits>::write(ops, bytes, piece, to);
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
