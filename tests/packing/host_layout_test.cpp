// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/host_layout.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;

namespace {

using tile = std::vector<std::uint8_t>;

/// Bit `bit` of code (row, c) of a tile, by the text of the layout: the planes are the binary
/// digits of `bits`, each holds its bits of all codes, 64 bytes for each.
struct place {
  index_t byte;
  int bit;
};
place place_of(int bits, int row, index_t c, int bit) {
  int first = 0, width = 0;  // of the plane that holds the bit
  for (const int w : {8, 4, 2, 1}) {
    if ((bits & w) == 0) continue;
    if (bit < first + w) {
      width = w;
      break;
    }
    first += w;
  }
  const index_t block = c / 32, quad = c % 32 / 4, in_byte = quad * width % 8;
  const index_t vector = quad * width / 8;
  return {block * 64 * bits + 64 * first + 64 * vector + 4 * row + c % 4,
          int(in_byte) + bit - first};
}

code_t some_code(index_t r, index_t c, int bits) {
  return code_t((std::uint64_t(r * 1000 + c) + 1) * 0x9e3779b97f4a7c15ull >> (64 - bits));
}

}  // namespace

TEST_CASE("host_layout: places by hand") {
  // 4 bits: row 3, column 13 is column 1 of quad 3, the upper half of vector 1.
  tile four(64 * 4);
  host_layout::set_code_in_tile(four.data(), 4, 3, 13, 0xb);
  for (std::size_t i = 0; i < four.size(); ++i)
    CHECK(int(four[i]) == (i == 64 * 1 + 4 * 3 + 1 ? 0xb0 : 0));
  // 7 bits are planes of 4, 2 and 1, and quad 3 is the last but the first in each kind of byte.
  tile seven(2 * 64 * 7);
  host_layout::set_code_in_tile(seven.data(), 7, 3, 32 + 13, 0b1'10'0101);
  const std::size_t block = 64 * 7;
  for (std::size_t i = 0; i < seven.size(); ++i)
    CHECK(int(seven[i]) == (i == block + 64 + 13       ? 0b0101'0000
                            : i == block + 64 * 4 + 13 ? 0b10'000000
                            : i == block + 64 * 6 + 13 ? 0b0000'1000
                                                       : 0));
}

TEST_CASE("host_layout: every bit of every code of every width is where the text says") {
  constexpr index_t cols = 70;
  for (int bits = 1; bits <= 8; ++bits) {
    CAPTURE(bits);
    tile expected(std::size_t(host_layout::tile_bytes(cols, bits))), written(expected.size(), 0);
    for (int r = 0; r < 16; ++r)
      for (index_t c = 0; c < cols; ++c) {
        const code_t code = some_code(r, c, bits);
        for (int b = 0; b < bits; ++b)
          if (code >> b & 1) {
            const place p = place_of(bits, r, c, b);
            expected[std::size_t(p.byte)] |= std::uint8_t(1 << p.bit);
          }
        host_layout::set_code_in_tile(written.data(), bits, r, c, code);
      }
    CHECK(written == expected);
    index_t wrong = 0;
    for (int r = 0; r < 16; ++r)
      for (index_t c = 0; c < cols; ++c)
        wrong += host_layout::code_in_tile(expected.data(), bits, r, c) != some_code(r, c, bits);
    CHECK(wrong == 0);
  }
}

TEST_CASE("host_layout: a code is replaced without touching its neighbours") {
  for (int bits = 1; bits <= 8; ++bits) {
    tile ones(std::size_t(host_layout::tile_bytes(64, bits)), 0xff);
    host_layout::set_code_in_tile(ones.data(), bits, 7, 42, 0);
    int zeros = 0;
    for (const std::uint8_t b : ones) zeros += 8 - __builtin_popcount(b);
    CHECK(zeros == bits);
    CHECK(host_layout::code_in_tile(ones.data(), bits, 7, 42) == 0);
  }
}

TEST_CASE("host_layout: rows go to tiles of sixteen; more than 8 bits are two tiles") {
  constexpr index_t rows = 19, cols = 40;
  for (const int bits : {3, 8, 9, 12, 16}) {
    CAPTURE(bits);
    const int low = bits < 8 ? bits : 8;
    const index_t tile_bytes = host_layout::tile_bytes(cols, bits);
    CHECK(tile_bytes == 2 * 64 * bits);
    CHECK(host_layout::bytes(rows, cols, bits) == 2 * tile_bytes);
    std::vector<std::uint8_t> codes(std::size_t(2 * tile_bytes));
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) {
        const code_t code = some_code(r, c, bits);
        std::uint8_t* const at = codes.data() + r / 16 * tile_bytes;
        host_layout::set_code_in_tile(at, low, int(r % 16), c, code & ((1u << low) - 1));
        if (bits > 8)
          host_layout::set_code_in_tile(at + 2 * 64 * 8, bits - 8, int(r % 16), c, code >> 8);
      }
    index_t wrong = 0;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        wrong += host_layout::read(codes.data(), cols, bits, r, c) != some_code(r, c, bits);
    CHECK(wrong == 0);
  }
}

TEST_CASE("host_layout: sizes of nothing, of one code, and of more than 2^32 bits") {
  CHECK(host_layout::bytes(0, 32, 4) == 0);
  CHECK(host_layout::bytes(16, 0, 4) == 0);
  CHECK(host_layout::bytes(1, 1, 1) == 64);
  CHECK(host_layout::bytes(17, 33, 5) == 2 * 2 * 64 * 5);
  CHECK(host_layout::bytes(index_t(1) << 20, index_t(1) << 20, 4) == index_t(1) << 39);
}
