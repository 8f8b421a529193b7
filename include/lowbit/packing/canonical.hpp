// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/bits.hpp"
#include "../core/text.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The layout of saved files: the codes of a row are one little-endian bit stream, first column
/// first, code c at bit c * bits; rows start on bytes, and the bits that fill up a row are zero.
///
/// What every layout says: `bytes` for all codes of a matrix, and how `read` finds one of them and
/// `write` puts it there; `row_codes` is the number of codes in a row. One that wants parameters of
/// groups in a layout too names it `parameters`.
struct canonical {
  static constexpr auto name = text("canonical");

  LOWBIT_HD static constexpr index_t row_bytes(index_t row_codes, int bits) {
    return ceil_div(row_codes * bits, 8);
  }
  LOWBIT_HD static constexpr index_t bytes(index_t rows, index_t row_codes, int bits) {
    return rows * row_bytes(row_codes, bits);
  }
  LOWBIT_HD static constexpr code_t read(const std::uint8_t* codes, index_t row_codes, int bits,
                                         index_t r, index_t c) {
    return read_bits(codes + r * row_bytes(row_codes, bits),
                     std::uint64_t(c) * static_cast<unsigned>(bits), bits);
  }
  LOWBIT_HD static constexpr void write(std::uint8_t* codes, index_t row_codes, int bits, index_t r,
                                        index_t c, code_t code) {
    write_bits(codes + r * row_bytes(row_codes, bits),
               std::uint64_t(c) * static_cast<unsigned>(bits), bits, code);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
