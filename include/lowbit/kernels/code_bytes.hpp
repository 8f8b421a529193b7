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
/// Eight codes are as many bytes as they have bits: two words hold them.
inline void split_long_codes(const std::uint8_t* stream, int bits, index_t n, std::uint8_t* low,
                             std::uint8_t* high) {
  const auto put = [&](index_t i, code_t code) {
    low[i] = std::uint8_t(code);
    high[i] = std::uint8_t(code >> 8);
  };
  const std::uint64_t mask = (std::uint64_t(1) << bits) - 1;
  const index_t last = ceil_div(n * bits, 8) - 8;  // where a whole word can be read
  const int half = bits / 2, rest = bits % 2 * 4;  // bytes and bits of four codes
  index_t i = 0;
  for (const std::uint8_t* from = stream; i + 8 <= n && i / 8 * bits + half <= last;
       i += 8, from += bits) {
    std::uint64_t first, second;
    __builtin_memcpy(&first, from, 8);
    __builtin_memcpy(&second, from + half, 8);
    second >>= rest;
    for (int k = 0; k < 4; ++k) {
      put(i + k, code_t(first >> k * bits & mask));
      put(i + 4 + k, code_t(second >> k * bits & mask));
    }
  }
  for (; i < n; ++i)
    put(i, read_bits(stream, std::uint64_t(i) * static_cast<unsigned>(bits), bits));
}
/// And back; the bits that fill up the last byte are 0.
inline void join_long_codes(const std::uint8_t* low, const std::uint8_t* high, int bits, index_t n,
                            std::uint8_t* stream) {
  const auto code = [&](index_t i) {
    return std::uint64_t(low[i]) | std::uint64_t(high[i]) << 8;
  };
  index_t i = 0;
  for (; i + 16 <= n; i += 8, stream += bits) {  // what is written too much is written again
    std::uint64_t first = 0, second = 0;
    for (int k = 0; k < 4; ++k) {
      first |= code(i + k) << k * bits;
      second |= code(i + 4 + k) << k * bits;
    }
    const std::uint64_t whole = bits == 16 ? first : first | second << 4 * bits;
    const std::uint64_t above = bits == 16 ? second : second >> (64 - 4 * bits);
    __builtin_memcpy(stream, &whole, 8);
    __builtin_memcpy(stream + 8, &above, 8);
  }
  std::uint64_t waiting = 0;
  int count = 0;
  for (; i < n; ++i) {
    waiting |= code(i) << count;
    for (count += bits; count >= 8; count -= 8, waiting >>= 8) *stream++ = std::uint8_t(waiting);
  }
  if (count > 0) *stream = std::uint8_t(waiting);
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
