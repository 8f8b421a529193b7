// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocks of mma16 with every code in every place, and what a lane of a warp loads of them.
#pragma once
#include <lowbit/kernels/device/code_quads.hpp>

/// A code for each row (0..15) and column (0..127); over all turns each place has all codes, and no
/// turn repeats a pattern that a mistaken index would not see.
template <int Bits>
constexpr lowbit::code_t code_at(int turn, int row, int column) {
  const unsigned place = unsigned(row * 128 + column);
  return (unsigned(turn) + (place * 2654435761u >> 13)) & ((1u << Bits) - 1);
}

/// A tile of one block.
template <int Bits>
struct code_tile {
  std::uint8_t bytes[256 * Bits];
  constexpr explicit code_tile(int turn) : bytes{} {
    for (int row = 0; row < 16; ++row)
      for (int c = 0; c < 128; ++c)
        lowbit::mma16::set_code_in_tile(bytes, Bits, row, c, code_at<Bits>(turn, row, c));
  }
  constexpr lowbit::block_words<Bits> lane(int l) const {
    lowbit::block_words<Bits> words{};
    int at = 0, plane = 0;
    for (int left = Bits; left > 0;) {
      const int w = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      for (int i = 0; i < 2 * w; ++i) {
        const int index = w == 1 ? 2 * l + i : 4 * (i / 4 * 32 + l) + i % 4;
        for (int b = 0; b < 4; ++b)
          words[at] |= lowbit::word(bytes[plane + 4 * index + b]) << (8 * b);
        ++at;
      }
      plane += 256 * w;
      left -= w;
    }
    return words;
  }
};

/// f(row, column, register, which half) for what a lane's four registers of a unit hold.
template <class F>
constexpr void each_half(int lane, int unit, F f) {
  for (int i = 0; i < 8; ++i) {
    const int reg = i / 2, which = i % 2;
    f(lane / 4 + 8 * (reg % 2), 16 * unit + lane % 4 * 4 + reg / 2 * 2 + which, reg, which);
  }
}
