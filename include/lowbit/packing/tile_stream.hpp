// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "canonical.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How host_layout stores the parameters of groups. Sixteen rows share one little-endian bit
/// stream: the sixteen codes of their first column, then those of the second ... so that what a
/// tile needs is read in one piece and comes out row beside row, as kernels want it:
///
///     code (r, c) at bit ((r / 16 cols + c) 16 + r % 16) bits
///
/// A column of a tile has 2 * bits bytes; rows that fill up the last tile are zero. Parameters that
/// no row of a tile has alone (of blocks of rows, of the whole matrix) are stored the same way, by
/// their own rows.
struct tile_stream {
  static constexpr auto name = text("tile_stream");
  static constexpr index_t tile_rows = 16;
  using parameters = tile_stream;

  /// Bytes of one tile.
  LOWBIT_HD static constexpr index_t tile_bytes(index_t row_codes, int bits) {
    return row_codes * 2 * bits;
  }
  LOWBIT_HD static constexpr index_t bytes(index_t rows, index_t row_codes, int bits) {
    return ceil_div(rows, tile_rows) * tile_bytes(row_codes, bits);
  }
  LOWBIT_HD static constexpr code_t read(const std::uint8_t* codes, index_t row_codes, int bits,
                                         index_t r, index_t c) {
    return read_bits(codes + r / tile_rows * tile_bytes(row_codes, bits) + c * 2 * bits,
                     std::uint64_t(r % tile_rows) * static_cast<unsigned>(bits), bits);
  }
  LOWBIT_HD static constexpr void write(std::uint8_t* codes, index_t row_codes, int bits, index_t r,
                                        index_t c, code_t code) {
    write_bits(codes + r / tile_rows * tile_bytes(row_codes, bits) + c * 2 * bits,
               std::uint64_t(r % tile_rows) * static_cast<unsigned>(bits), bits, code);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
