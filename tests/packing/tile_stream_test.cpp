// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/tile_stream.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;

namespace {

constexpr index_t rows = 21, cols = 5;

code_t some_code(index_t r, index_t c, int bits) {
  return code_t((std::uint64_t(r) * 2654435761u + std::uint64_t(c) * 40503u) &
                ((std::uint64_t(1) << bits) - 1));
}

}  // namespace

TEST_CASE("tile_stream: codes of every width lie column by column, without gaps") {
  for (int bits = 0; bits <= 32; ++bits) {  // codes of 0 bits take no bytes
    CAPTURE(bits);
    std::vector<std::uint8_t> codes(std::size_t(tile_stream::bytes(rows, cols, bits)));
    CHECK(index_t(codes.size()) == 2 * cols * 16 * bits / 8);
    if (bits == 0) continue;
    for (index_t c = cols - 1; c >= 0; --c)
      for (index_t r = 0; r < rows; ++r)
        tile_stream::write(codes.data(), cols, bits, r, c, some_code(r, c, bits));
    index_t wrong = 0;
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) {
        const index_t place = (r / 16 * cols + c) * 16 + r % 16;
        wrong += read_bits(codes.data(), std::uint64_t(place * bits), bits) !=
                 some_code(r, c, bits);
        wrong += tile_stream::read(codes.data(), cols, bits, r, c) != some_code(r, c, bits);
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("tile_stream: rows start tiles of sixteen; more than 2^32 bits") {
  CHECK(tile_stream::bytes(0, 7, 4) == 0);
  CHECK(tile_stream::bytes(1, 1, 3) == 6);
  CHECK(tile_stream::bytes(17, 3, 16) == 2 * 3 * 32);
  CHECK(tile_stream::bytes(index_t(1) << 20, index_t(1) << 20, 4) == index_t(1) << 39);
}
