// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes as bytes: out of tiles into rows, and long codes out of their stream and back.
#pragma once
#include "host/targets.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Codes first .. first + n - 1 of all rows of a tile of codes of Bits <= 8, one in a byte; `first`
/// is a multiple of 32. Rows are `stride` apart and have room for n rounded up to 64.
template <int Bits>
void unpack_rows(const row_ops& ops, const std::uint8_t* tile, index_t first, index_t n,
                 std::uint8_t* rows, index_t stride) {
  constexpr index_t piece = 256, block = host_layout::block_codes;
  alignas(64) std::uint8_t quads[piece * row_ops::tile_rows], turned[64 * row_ops::tile_rows];
  for (index_t c = 0; c < n; c += piece) {
    const index_t blocks = ceil_div(min_of(piece, n - c), block);
    unpack_tile<Bits>(ops.target)(tile + (first + c) * 2 * Bits, blocks, nullptr, quads);
    // What lies past the last block is turned too, and is nobody's.
    if (blocks % 2 != 0) __builtin_memset(quads + blocks * 512, 0, 512);
    for (index_t k = 0; k < blocks * block; k += 64) {
      ops.transpose(quads + k * row_ops::tile_rows, 64, 16, turned);
      for (index_t i = 0; i < row_ops::tile_rows; ++i)
        __builtin_memcpy(rows + i * stride + c + k, turned + 64 * i, 64);
    }
  }
}

/// A stream of n codes of 9 to 16 bits, from a byte boundary on: their low bytes and the rest.
inline void split_long_codes(const std::uint8_t* stream, int bits, index_t n, std::uint8_t* low,
                             std::uint8_t* high) {
  for (index_t i = 0; i < n; ++i) {
    const code_t code = read_bits(stream, std::uint64_t(i) * static_cast<unsigned>(bits), bits);
    low[i] = std::uint8_t(code);
    high[i] = std::uint8_t(code >> 8);
  }
}
/// And back; the bits that fill up the last byte are 0.
inline void join_long_codes(const std::uint8_t* low, const std::uint8_t* high, int bits, index_t n,
                            std::uint8_t* stream) {
  std::uint32_t waiting = 0;
  int count = 0;
  for (index_t i = 0; i < n; ++i) {
    waiting |= static_cast<std::uint32_t>(low[i] | high[i] << 8) << count;
    for (count += bits; count >= 8; count -= 8, waiting >>= 8) *stream++ = std::uint8_t(waiting);
  }
  if (count > 0) *stream = std::uint8_t(waiting);
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
