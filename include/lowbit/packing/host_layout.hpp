// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "tile_stream.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What the host kernels of every instruction set read fastest: tiles of sixteen rows, side by side
/// in the 32-bit lanes of vectors, four neighbouring columns (a quad) in the bytes of a lane. A
/// lossless permutation of the canonical stream; the parameters of groups move too (tile_stream).
///
/// A tile is a sequence of blocks of 32 codes of each row, 64 bytes for each bit of a code. A
/// block holds the bits of its codes in planes of 8, 4, 2 and 1 bits, as many as make up the
/// number, least significant first (7 = 4 + 2 + 1). Vector j (64 bytes) of a plane of w bits holds
/// quads 8/w j .. 8/w (j + 1) - 1 of the block, the first in the lowest bits of each byte; byte
/// 4 r + k is row r, column k of the quad. Rows that fill up the last tile and codes that fill up
/// the last block are zero.
///
///     4 bits, one byte of vector j:   | quad 2 j + 1 | quad 2 j |
///
/// Codes of more than 8 bits are two tiles: their low 8 bits, then the rest.
struct host_layout {
  static constexpr auto name = text("host");
  static constexpr index_t tile_rows = 16, block_codes = 32;

  /// Where the parameters of groups lie.
  using parameters = tile_stream;

  LOWBIT_HD static constexpr index_t blocks(index_t row_codes) {
    return ceil_div(row_codes, block_codes);
  }
  /// Bytes of one tile.
  LOWBIT_HD static constexpr index_t tile_bytes(index_t row_codes, int bits) {
    return blocks(row_codes) * 64 * bits;
  }
  LOWBIT_HD static constexpr index_t bytes(index_t rows, index_t row_codes, int bits) {
    return ceil_div(rows, tile_rows) * tile_bytes(row_codes, bits);
  }
  LOWBIT_HD static constexpr code_t read(const std::uint8_t* codes, index_t row_codes, int bits,
                                         index_t r, index_t c) {
    const std::uint8_t* const tile = codes + r / tile_rows * tile_bytes(row_codes, bits);
    const int row = int(r % tile_rows);
    if (bits <= 8) return code_in_tile(tile, bits, row, c);
    return code_in_tile(tile, 8, row, c) |
           code_in_tile(tile + tile_bytes(row_codes, 8), bits - 8, row, c) << 8;
  }
  LOWBIT_HD static constexpr void write(std::uint8_t* codes, index_t row_codes, int bits, index_t r,
                                        index_t c, code_t code) {
    std::uint8_t* const tile = codes + r / tile_rows * tile_bytes(row_codes, bits);
    const int row = int(r % tile_rows);
    set_code_in_tile(tile, bits < 8 ? bits : 8, row, c, code);
    if (bits > 8) set_code_in_tile(tile + tile_bytes(row_codes, 8), bits - 8, row, c, code >> 8);
  }
  /// Code c of row `row` in a tile of codes of at most 8 bits.
  LOWBIT_HD static constexpr code_t code_in_tile(const std::uint8_t* tile, int bits, int row,
                                                 index_t c) {
    const std::uint8_t* plane = tile + c / block_codes * 64 * bits;
    const int quad = int(c % block_codes) / 4, byte = 4 * row + int(c % 4);
    code_t code = 0;
    for (int taken = 0; taken < bits;) {
      const int left = bits - taken, w = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      const int each = 8 / w;
      const code_t part = plane[64 * (quad / each) + byte] >> (quad % each * w);
      code |= (part & ((1u << w) - 1)) << taken;
      plane += 64 * w;
      taken += w;
    }
    return code;
  }
  LOWBIT_HD static constexpr void set_code_in_tile(std::uint8_t* tile, int bits, int row, index_t c,
                                                   code_t code) {
    std::uint8_t* plane = tile + c / block_codes * 64 * bits;
    const int quad = int(c % block_codes) / 4, byte = 4 * row + int(c % 4);
    for (int taken = 0; taken < bits;) {
      const int left = bits - taken, w = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      const int each = 8 / w, shift = quad % each * w;
      std::uint8_t& to = plane[64 * (quad / each) + byte];
      const code_t mask = ((1u << w) - 1) << shift;
      to = std::uint8_t((to & ~mask) | ((code >> taken << shift) & mask));
      plane += 64 * w;
      taken += w;
    }
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
