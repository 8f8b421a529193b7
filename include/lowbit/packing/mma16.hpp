// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "parameter_tiles.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What tensor cores read as it is stored: tiles of sixteen rows, whose words are fragments of
/// the left operand of mma.m16n8k16 (halves) and mma.m16n8k32 (bytes). A lossless permutation of
/// the canonical stream; the parameters of groups move too (see parameter_tiles).
///
/// A tile is a sequence of blocks of 128 codes of each row, 256 bytes for each bit of a code. A
/// block is 8 units of 16 codes. Lane l = 4 g + t of a warp has the codes 4 t .. 4 t + 3 (a quad)
/// of every unit, of the rows g and g + 8. The bits of codes lie in planes of 8, 4, 2 and 1 bits,
/// as many as make up the number, least significant first (7 = 4 + 2 + 1). A plane of w bits has
/// 2 w words for a lane: field f = 2 unit + (row >= 8) of all four codes of a quad is in word
/// f / (8 / w), bits w (f % (8 / w)) .. of each byte; the bytes hold the codes 0, 2, 1, 3 of the
/// quad, so that bytes 0 and 2, which one mask takes out, are neighbours:
///
///     4 bits, word u:   | code 3 | code 1 | code 2 | code 0 |   each byte: | row g + 8 | row g |
///
/// The words of a plane lie so that a lane loads four at once (two for w = 1) and a warp 512
/// contiguous bytes: word i of lane l at 4 (i / 4 * 32 + l) + i % 4, counted in words (for w = 1 at
/// 2 l + i). Rows that fill up the last tile and codes that fill up the last block are zero. Codes
/// of more than 8 bits are two tiles: their low 8 bits, then the rest.
struct mma16 {
  static constexpr auto name = text("mma16");
  static constexpr index_t tile_rows = 16, block_codes = 128, unit_codes = 16;

  /// Where the parameters of groups lie.
  using parameters = parameter_tiles;

  LOWBIT_HD static constexpr index_t blocks(index_t row_codes) {
    return ceil_div(row_codes, block_codes);
  }
  LOWBIT_HD static constexpr index_t tile_bytes(index_t row_codes, int bits) {
    return blocks(row_codes) * 256 * bits;
  }
  LOWBIT_HD static constexpr index_t bytes(index_t rows, index_t row_codes, int bits) {
    return ceil_div(rows, tile_rows) * tile_bytes(row_codes, bits);
  }
  /// Code c of row r: for tests and what is not in a hurry.
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

  LOWBIT_HD static constexpr code_t code_in_tile(const std::uint8_t* tile, int bits, int row,
                                                 index_t c) {
    code_t code = 0;
    each_field(bits, row, c, [&](index_t byte, int shift, int w, int taken) {
      code |= (tile[byte] >> shift & ((1u << w) - 1)) << taken;
    });
    return code;
  }
  /// Into a tile of zeros, or over another code.
  LOWBIT_HD static constexpr void set_code_in_tile(std::uint8_t* tile, int bits, int row, index_t c,
                                                   code_t code) {
    each_field(bits, row, c, [&](index_t byte, int shift, int w, int taken) {
      const code_t mask = ((1u << w) - 1) << shift;
      tile[byte] = std::uint8_t((tile[byte] & ~mask) | ((code >> taken << shift) & mask));
    });
  }
  /// A block of a row's codes, of Bits bits (at most 8), one in each of 128 bytes: into a block of
  /// zeros, or one that holds other rows.
  template <int Bits>
  LOWBIT_HD static void add_block(std::uint8_t* block, int row, const std::uint8_t* codes) {
    for (int quad = 0; quad < 32; ++quad) {
      std::uint32_t four = 0;
      __builtin_memcpy(&four, codes + 4 * quad, 4);
      four = swap_middle(four);
      each_word<Bits>(row, quad, [&](index_t byte, int shift, std::uint32_t mask, int taken) {
        std::uint32_t others = 0;
        __builtin_memcpy(&others, block + byte, 4);
        others |= (four >> taken & mask) << shift;
        __builtin_memcpy(block + byte, &others, 4);
      });
    }
  }
  /// And back.
  template <int Bits>
  LOWBIT_HD static void read_block(const std::uint8_t* block, int row, std::uint8_t* codes) {
    for (int quad = 0; quad < 32; ++quad) {
      std::uint32_t four = 0;
      each_word<Bits>(row, quad, [&](index_t byte, int shift, std::uint32_t mask, int taken) {
        std::uint32_t all = 0;
        __builtin_memcpy(&all, block + byte, 4);
        four |= (all >> shift & mask) << taken;
      });
      four = swap_middle(four);
      __builtin_memcpy(codes + 4 * quad, &four, 4);
    }
  }

 private:
  LOWBIT_HD static constexpr std::uint32_t swap_middle(std::uint32_t four) {
    return (four & 0xff0000ffu) | (four & 0x0000ff00u) << 8 | (four & 0x00ff0000u) >> 8;
  }
  /// f(first byte, shift, mask of a field in every byte, bits of the code before it) for the words
  /// that hold a quad (0 .. 31) of a row's codes in a block.
  template <int Bits, class F>
  LOWBIT_HD static void each_word(int row, int quad, F f) {
    const int field = quad / 4 * 2 + row / 8, lane = row % 8 * 4 + quad % 4;
    index_t plane = 0;
    int taken = 0;
    for (int w = 8; w > 0; w /= 2) {
      if ((Bits & w) == 0) continue;
      const int each = 8 / w, i = field / each;
      const int at = w == 1 ? 2 * lane + i : 4 * (i / 4 * 32 + lane) + i % 4;
      f(plane + 4 * at, field % each * w, 0x01010101u * ((1u << w) - 1), taken);
      plane += 256 * w;
      taken += w;
    }
  }
  /// f(byte, shift, width, bits of the code before it) for the planes of a code.
  template <class F>
  LOWBIT_HD static constexpr void each_field(int bits, int row, index_t c, F f) {
    const int inside = int(c % block_codes), unit = inside / 16, quad = inside % 16 / 4;
    const int in_quad = inside % 4, byte = in_quad == 1 ? 2 : in_quad == 2 ? 1 : in_quad;
    const int lane = row % 8 * 4 + quad, field = 2 * unit + row / 8;
    index_t plane = c / block_codes * 256 * bits;
    for (int taken = 0; taken < bits;) {
      const int left = bits - taken, w = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      const int each = 8 / w, i = field / each;
      const int at = w == 1 ? 2 * lane + i : 4 * (i / 4 * 32 + lane) + i % 4;
      f(plane + 4 * at + byte, field % each * w, w, taken);
      plane += 256 * w;
      taken += w;
    }
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
