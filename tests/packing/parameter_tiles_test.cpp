// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/parameter_tiles.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;

TEST_CASE("the sixteen parameters of a group are neighbours, rows r and r + 8 the closest") {
  CHECK(parameter_tiles::place(10, 0, 0) == 0);
  CHECK(parameter_tiles::place(10, 8, 0) == 1);
  CHECK(parameter_tiles::place(10, 1, 0) == 2);
  CHECK(parameter_tiles::place(10, 15, 3) == 3 * 16 + 15);
  CHECK(parameter_tiles::place(10, 16, 0) == 160);
}

TEST_CASE("parameters of every width have a place of their own") {
  for (int bits = 0; bits <= 32; ++bits) {  // codes of 0 bits take no bytes
    CAPTURE(bits);
    constexpr index_t rows = 21, cols = 5;
    std::vector<std::uint8_t> codes(std::size_t(parameter_tiles::bytes(rows, cols, bits)));
    const int container = bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
    CHECK(index_t(codes.size()) == 32 * cols * container);
    const auto code = [&](index_t r, index_t c) {
      return code_t((std::uint64_t(r) * 2654435761u + std::uint64_t(c) * 40503u) &
                    ((std::uint64_t(1) << bits) - 1));
    };
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        parameter_tiles::write(codes.data(), cols, bits, r, c, code(r, c));
    index_t wrong = 0;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c)
        wrong += parameter_tiles::read(codes.data(), cols, bits, r, c) != code(r, c);
    CHECK(wrong == 0);
  }
}
