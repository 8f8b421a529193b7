// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/canonical.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "support/guarded_bytes.hpp"

using namespace lowbit;

TEST_CASE("canonical: five codes of three bits by hand, in two rows") {
  // 1, 2, 3, 4, 5 = 001 010 011 100 101, the first in the lowest bits.
  static constexpr std::uint8_t codes[] = {0b11'010'001, 0b0'101'100'0, 0b00'000'111, 0};
  for (index_t c = 0; c < 5; ++c) CHECK(canonical::read(codes, 5, 3, 0, c) == code_t(c + 1));
  CHECK(canonical::read(codes, 5, 3, 1, 0) == 7);  // row 1 starts with a byte of its own
  CHECK(canonical::read(codes, 5, 3, 1, 1) == 0);
  static_assert(canonical::read(codes, 5, 3, 0, 2) == 3, "also at compile time");
}

TEST_CASE("canonical: bit i of code c is bit c * bits + i of its row, for every width") {
  constexpr index_t rows = 3, cols = 37;
  for (int bits = 1; bits <= 32; ++bits) {
    CAPTURE(bits);
    const index_t row_bytes = (cols * bits + 7) / 8;
    CHECK(canonical::row_bytes(cols, bits) == row_bytes);
    CHECK(canonical::bytes(rows, cols, bits) == rows * row_bytes);
    // No byte past the last one is read.
    const test::guarded_bytes stream(std::size_t(rows * row_bytes));
    std::vector<std::uint64_t> expected(std::size_t(rows * cols));
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] = (i + 1) * 0x9e3779b97f4a7c15ull >> (64 - bits);
    for (index_t r = 0; r < rows; ++r)
      for (index_t at = 0; at < cols * bits; ++at)
        if (expected[std::size_t(r * cols + at / bits)] >> (at % bits) & 1)
          stream.data()[r * row_bytes + at / 8] |= std::uint8_t(1 << at % 8);
    index_t wrong = 0;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        wrong +=
            canonical::read(stream.data(), cols, bits, r, c) != expected[std::size_t(r * cols + c)];
    CHECK(wrong == 0);
  }
}

TEST_CASE("canonical: sizes of nothing, and of more than 2^32 bits") {
  CHECK(canonical::bytes(0, 100, 4) == 0);
  CHECK(canonical::bytes(100, 0, 4) == 0);
  CHECK(canonical::bytes(1, 1, 1) == 1);
  CHECK(canonical::bytes(index_t(1) << 20, index_t(1) << 20, 3) == index_t(3) << 37);
}
