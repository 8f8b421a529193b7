// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the codes of a row come from: canonical ones from where they lie, tiles by way of a buffer.
#pragma once
#include "../../storage/quantized_matrix.hpp"
#include "../code_bytes.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Columns that are decoded at a time: levels and values stay in the first cache.
inline constexpr index_t chunk_cols = 1024;
/// Room past the end that row operations may overwrite.
inline constexpr index_t row_slack = 64;

/// A piece of a row of codes: a bit stream, `bits` for each, from a byte boundary on.
struct code_run {
  const std::uint8_t* codes;
  index_t readable;  // bytes that may be read
  int bits;
};
/// From column `first` on (a multiple of 8 codes).
template <class Data>
code_run canonical_run(const Data& p, index_t r, index_t first) {
  using P = typename Data::plane_type;
  constexpr int bits = P::quantizer_type::bits;
  const index_t skip = first / P::dim * bits / 8;
  return {p.row(r) + skip, index_t(p.codes.size()) - r * P::row_bytes(p.cols) - skip, bits};
}

/// Hands out runs of codes of a matrix: canonical ones as they are.
template <class P, class Layout = typename P::layout_type>
struct code_source {
  static code_run run(const row_ops&, const typename P::template data<borrowed>& p, index_t r,
                      index_t first, index_t) {
    return canonical_run(p, r, first);
  }
};
/// Tiles are unpacked a chunk at a time, and remembered for their next rows.
template <class P>
struct code_source<P, host_layout> {
  static constexpr int bits = P::quantizer_type::bits;
  static constexpr index_t tile_rows = host_layout::tile_rows, room = chunk_cols + row_slack;
  static constexpr int bytes = bits > 16 ? 4 : bits > 8 ? 2 : 1;
  index_t tile = -1, from = -1;
  alignas(64) std::uint8_t rows[std::size_t(bytes * tile_rows * room)];

  code_run run(const row_ops& ops, const typename P::template data<borrowed>& p, index_t r,
               index_t first, index_t n) {
    const index_t code = first / P::dim;
    if (tile != r / tile_rows || from != code) {
      tile = r / tile_rows;
      from = code;
      unpack(ops, p, ceil_div(n, P::dim));
    }
    return {rows + r % tile_rows * bytes * room, bytes * room, 8 * bytes};
  }

 private:
  void unpack(const row_ops& ops, const typename P::template data<borrowed>& p, index_t n) {
    const index_t row_codes = P::blocks(p.cols);
    const auto* const codes = static_cast<const std::uint8_t*>(p.codes.data()) +
                              tile * host_layout::tile_bytes(row_codes, bits);
    const std::uint8_t* const rest = codes + host_layout::tile_bytes(row_codes, 8);
    if constexpr (bytes == 1) {
      unpack_rows<bits>(ops, codes, from, n, rows, room);
    } else if constexpr (bytes == 2) {
      constexpr index_t piece = 256;
      alignas(64) std::uint8_t low[tile_rows * piece], high[tile_rows * piece];
      for (index_t c = 0; c < n; c += piece) {
        const index_t count = min_of(piece, n - c);
        unpack_rows<8>(ops, codes, from + c, count, low, piece);
        unpack_rows<bits - 8>(ops, rest, from + c, count, high, piece);
        for (index_t i = 0; i < tile_rows; ++i)
          for (index_t k = 0; k < count; ++k) {
            rows[2 * (i * room + c + k)] = low[i * piece + k];
            rows[2 * (i * room + c + k) + 1] = high[i * piece + k];
          }
      }
    } else {
      for (index_t i = 0; i < tile_rows; ++i)
        for (index_t c = 0; c < n; ++c) {
          const code_t code = host_layout::code_in_tile(codes, 8, int(i), from + c) |
                              host_layout::code_in_tile(rest, bits - 8, int(i), from + c) << 8;
          __builtin_memcpy(rows + 4 * (i * room + c), &code, 4);
        }
    }
  }
};

/// Hands out codes of a codebook in bytes, for `entry_values`: those that are stored as bytes from
/// where they are.
template <class P, class Layout = typename P::layout_type>
struct byte_source {
  static constexpr int bits = P::quantizer_type::bits;
  static constexpr index_t room = chunk_cols / 2 + row_slack;
  alignas(64) std::uint8_t low[bits == 8 ? 1 : room];
  alignas(64) std::uint8_t high[bits > 8 ? room : 1];

  row_ops::entry_codes codes(const row_ops& ops, const typename P::template data<borrowed>& p,
                             index_t r, index_t first, index_t n) {
    const code_run run = canonical_run(p, r, first);
    if constexpr (bits == 8) {
      return {run.codes, nullptr, 4};
    } else {
      const index_t count = ceil_div(n, P::dim);
      if constexpr (bits < 8)
        ops.bytes_table(run.codes, run.readable, bits, count, nullptr,
                        reinterpret_cast<std::int8_t*>(low));
      else
        split_long_codes(run.codes, bits, count, low, high);
      return {low, high, 4};
    }
  }
};
/// Tiles are unpacked a chunk at a time, and remembered for their next rows.
template <class P>
struct byte_source<P, host_layout> {
  static constexpr int bits = P::quantizer_type::bits, low_bits = bits < 8 ? bits : 8;
  static constexpr index_t tile_rows = host_layout::tile_rows;
  static constexpr index_t room = tile_rows * (chunk_cols / 2 + row_slack);
  index_t tile = -1, from = -1;
  alignas(64) std::uint8_t low[bits < 8 ? room : 1];
  alignas(64) std::uint8_t high[bits > 8 ? room : 1];

  row_ops::entry_codes codes(const row_ops& ops, const typename P::template data<borrowed>& p,
                             index_t r, index_t first, index_t n) {
    const index_t row_codes = P::blocks(p.cols), code = first / P::dim;
    const auto* const stored = static_cast<const std::uint8_t*>(p.codes.data()) +
                               r / tile_rows * host_layout::tile_bytes(row_codes, bits);
    const std::uint8_t* const bytes = stored + code * 2 * low_bits;
    if (tile != r / tile_rows || from != code) {
      tile = r / tile_rows;
      from = code;
      const index_t blocks = ceil_div(ceil_div(n, P::dim), host_layout::block_codes);
      if constexpr (bits < 8) unpack_tile<bits>(ops.target)(bytes, blocks, nullptr, low);
      if constexpr (bits > 8)
        unpack_tile<bits - 8>(ops.target)(
            stored + host_layout::tile_bytes(row_codes, 8) + code * 2 * (bits - 8), blocks, nullptr,
            high);
    }
    const index_t row = r % tile_rows * 4;
    return {(bits < 8 ? low : bytes) + row, high + (bits > 8 ? row : 0), 64};
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
