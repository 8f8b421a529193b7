// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../packing/mma16.hpp"
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The words of a lane for one block of mma16: a plane of w bits has 2 w of them, one plane after
/// the other.
template <int Bits>
using block_words = arr<word, 2 * Bits>;

/// Where a lane's words of a block lie: Bits / 2 times 16 bytes of each lane, then 8 of each where
/// Bits is odd. four(at) and two(at) read a words4 and an arr<word, 2> from a byte of the block.
template <int Bits, class Four, class Two>
LOWBIT_HD block_words<Bits> read_block(int lane, Four four, Two two) {
  block_words<Bits> words;
  LOWBIT_UNROLL for (int i = 0; i < Bits / 2; ++i) {
    const words4 some = four(512 * i + 16 * lane);
    LOWBIT_UNROLL for (int k = 0; k < 4; ++k) words[4 * i + k] = some[k];
  }
  if constexpr (Bits % 2 == 1) {
    const arr<word, 2> some = two(512 * (Bits / 2) + 8 * lane);
    LOWBIT_UNROLL for (int k = 0; k < 2; ++k) words[4 * (Bits / 2) + k] = some[k];
  }
  return words;
}
/// From global memory, which is read once; `block` is a multiple of 16.
template <int Bits>
LOWBIT_HD block_words<Bits> load_block(const std::uint8_t* block, int lane) {
  return read_block<Bits>(
      lane, [&](int at) { return load_once(block + at); },
      [&](int at) { return bits_as<arr<word, 2>>(load_cached<std::uint64_t>(block + at)); });
}

/// Four codes of a row, one in each byte in the stored order 0, 2, 1, 3: bits shift .. shift +
/// Bits - 1 of the byte. The other bits belong to other codes.
struct code_quad {
  word bytes;
  int shift;
};

namespace detail {
/// Shifts to the left by n, or to the right by -n.
LOWBIT_HD constexpr word moved(word x, int n) { return n >= 0 ? x << n : x >> -n; }

/// Of codes of 3 bits the lower two: unit u (0, 1, 4 or 5) and unit u + 2, whichever `unit` is of
/// them, one in each nibble, row g below row g + 8.
LOWBIT_HD constexpr word low_bits_of_two_units(const block_words<3>& words, int unit) {
  const word a = words[unit / 4 * 2], b = words[unit / 4 * 2 + 1];
  return unit % 2 == 0 ? select_bits(0x0f0f0f0fu, a, b << 4)
                       : select_bits(0x0f0f0f0fu, a >> 4, b);
}
}  // namespace detail

/// The quad of a unit (0..7) in row g (row = 0) or g + 8 (row = 1). A unit and a row that are
/// constants after unrolling make `shift` one too. Codes of 1, 2, 4 and 8 bits are where they are;
/// the planes of others are joined in whole words, where one instruction moves many codes: 3 bits
/// come out at bit 0 or 4, so that quads of two units share all work, 5 to 7 bits at 0.
template <int Bits>
LOWBIT_HD constexpr code_quad find_quad(const block_words<Bits>& words, int unit, int row) {
  static_assert(Bits >= 1 && Bits <= 8, "lowbit::find_quad: codes of 1 to 8 bits");
  using detail::moved;
  const int field = 2 * unit + row;
  if constexpr (Bits == 1 || Bits == 2 || Bits == 4 || Bits == 8) {
    constexpr int each = 8 / Bits;
    return {words[field / each], field % each * Bits};
  } else if constexpr (Bits == 3) {
    const word low = detail::low_bits_of_two_units(words, unit);
    const word top = moved(words[4 + unit / 4], 2 - unit % 2 * 2 - row);
    return {select_bits(0x33333333u, moved(low, -2 * row), top), unit % 4 / 2 * 4};
  } else {
    word code = moved(words[unit], -4 * row);  // the plane of 4 bits
    if constexpr ((Bits & 2) != 0)
      code = select_bits(0x0f0f0f0fu, code, moved(words[8 + field / 4], 4 - field % 4 * 2));
    if constexpr ((Bits & 1) != 0)
      code = select_bits(Bits == 7 ? 0x3f3f3f3fu : 0x0f0f0f0fu, code,
                         moved(words[2 * (Bits - 1) + field / 8], Bits - 1 - field % 8));
    return {code, 0};
  }
}

/// The same for who reads halves: a code may run on into the next byte, from the last into the
/// first. That spares codes of 3 bits a shift.
template <int Bits>
LOWBIT_HD constexpr code_quad find_quad_in_ring(const block_words<Bits>& words, int unit, int row) {
  if constexpr (Bits == 3) {
    if (row == 1) {
      const word low = detail::low_bits_of_two_units(words, unit);
      const word top = words[4 + unit / 4];  // bits 1 and 5, or 3 and 7, go to 4 and 8
      return {select_bits(0xccccccccu, low, funnel_right(top, top, unit % 2 == 0 ? 29 : 31)),
              unit % 4 / 2 * 4 + 2};
    }
  }
  return find_quad<Bits>(words, unit, row);
}

/// The same alone in their bytes: what tensor cores multiply as unsigned numbers.
template <int Bits>
LOWBIT_HD constexpr word quad_bytes(const block_words<Bits>& words, int unit, int row) {
  const code_quad q = find_quad<Bits>(words, unit, row);
  return q.bytes >> q.shift & 0x01010101u * ((1u << Bits) - 1);
}

}  // namespace lowbit::inline LOWBIT_ABI
