// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/mma16.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace lowbit;

namespace {

std::uint32_t word_at(const std::vector<std::uint8_t>& bytes, index_t word) {
  std::uint32_t w = 0;
  __builtin_memcpy(&w, bytes.data() + 4 * word, 4);
  return w;
}

/// For a number of bits that is known at run time.
template <int Bits = 8>
void add_block(int bits, std::uint8_t* block, int row, const std::uint8_t* codes) {
  if (bits == Bits) return mma16::add_block<Bits>(block, row, codes);
  if constexpr (Bits > 1) add_block<Bits - 1>(bits, block, row, codes);
}
template <int Bits = 8>
void read_block(int bits, const std::uint8_t* block, int row, std::uint8_t* codes) {
  if (bits == Bits) return mma16::read_block<Bits>(block, row, codes);
  if constexpr (Bits > 1) read_block<Bits - 1>(bits, block, row, codes);
}

}  // namespace

TEST_CASE("a word of 4-bit codes holds a quad of row g below the same quad of row g + 8") {
  // Row 3 has the codes 1, 2, 3, 4 in columns 16 .. 19 (unit 1, lane 12), row 11 has 5, 6, 7, 8.
  std::vector<std::uint8_t> codes(std::size_t(mma16::bytes(16, 128, 4)));
  for (index_t i = 0; i < 4; ++i) {
    mma16::write(codes.data(), 128, 4, 3, 16 + i, code_t(1 + i));
    mma16::write(codes.data(), 128, 4, 11, 16 + i, code_t(5 + i));
  }
  CHECK(word_at(codes, 4 * 12 + 1) == 0x84627351);  // bytes: codes 0, 2, 1, 3
  index_t others = 0;
  for (index_t w = 0; w < index_t(codes.size()) / 4; ++w)
    others += w != 4 * 12 + 1 && word_at(codes, w) != 0;
  CHECK(others == 0);
}

TEST_CASE("every code of every width has its own place; blocks are added and read as codes are") {
  for (int bits = 1; bits <= 16; ++bits) {
    CAPTURE(bits);
    constexpr index_t rows = 19, cols = 150;
    std::vector<std::uint8_t> codes(std::size_t(mma16::bytes(rows, cols, bits)));
    const auto code = [&](index_t r, index_t c) {
      return code_t(r * 2654435761u + c * 40503u) >> 7 & ((code_t(1) << bits) - 1);
    };
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) mma16::write(codes.data(), cols, bits, r, c, code(r, c));
    index_t wrong = 0;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        wrong += mma16::read(codes.data(), cols, bits, r, c) != code(r, c);
    CHECK(wrong == 0);
    if (bits > 8) continue;

    std::vector<std::uint8_t> by_blocks(codes.size());
    for (index_t r = 0; r < rows; ++r)
      for (index_t b = 0; b < mma16::blocks(cols); ++b) {
        std::uint8_t bytes[128] = {};
        for (index_t i = 0; i < 128 && 128 * b + i < cols; ++i)
          bytes[i] = std::uint8_t(code(r, 128 * b + i));
        const index_t at = r / 16 * mma16::tile_bytes(cols, bits) + b * 256 * bits;
        add_block(bits, by_blocks.data() + at, int(r % 16), bytes);
        std::uint8_t back[128];
        read_block(bits, codes.data() + at, int(r % 16), back);
        CHECK(std::memcmp(back, bytes, sizeof back) == 0);
      }
    CHECK(by_blocks == codes);
  }
}

TEST_CASE("sizes count whole tiles and blocks") {
  CHECK(mma16::bytes(16, 128, 3) == 16 * 128 * 3 / 8);
  CHECK(mma16::bytes(17, 129, 3) == 32 * 256 * 3 / 8);
  CHECK(mma16::bytes(0, 128, 3) == 0);
  CHECK(mma16::bytes(5, 0, 3) == 0);
}
