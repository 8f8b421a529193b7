// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "canonical.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How mma16 stores the parameters of groups: each code in a container of 8, 16 or 32 bits; the
/// sixteen rows of a tile beside each other, group after group, rows r and r + 8 as neighbours: a
/// lane loads both of its rows at once.
///
///     container ((r / 16) cols + c) 16 + 2 (r % 8) + r % 16 / 8
///
/// Rows that fill up the last tile are zero. Parameters that no row of a tile has alone (of blocks
/// of rows, of the whole matrix) are stored the same way, by their own rows.
struct parameter_tiles {
  static constexpr auto name = text("parameter_tiles");
  static constexpr index_t tile_rows = 16;
  using parameters = parameter_tiles;

  LOWBIT_HD static constexpr int container_bytes(int bits) {
    return bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
  }
  LOWBIT_HD static constexpr index_t bytes(index_t rows, index_t row_codes, int bits) {
    return ceil_div(rows, tile_rows) * tile_rows * row_codes * container_bytes(bits);
  }
  /// The container of row r, column c, counted in containers.
  LOWBIT_HD static constexpr index_t place(index_t row_codes, index_t r, index_t c) {
    const index_t in_tile = r % tile_rows;
    return (r / tile_rows * row_codes + c) * tile_rows + 2 * (in_tile % 8) + in_tile / 8;
  }
  LOWBIT_HD static constexpr code_t read(const std::uint8_t* codes, index_t row_codes, int bits,
                                         index_t r, index_t c) {
    const int n = container_bytes(bits);
    const std::uint8_t* const p = codes + place(row_codes, r, c) * n;
    code_t code = 0;
    for (int i = 0; i < n; ++i) code |= code_t(p[i]) << (8 * i);
    return code;
  }
  LOWBIT_HD static constexpr void write(std::uint8_t* codes, index_t row_codes, int bits, index_t r,
                                        index_t c, code_t code) {
    const int n = container_bytes(bits);
    std::uint8_t* const p = codes + place(row_codes, r, c) * n;
    for (int i = 0; i < n; ++i) p[i] = std::uint8_t(code >> (8 * i));
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
