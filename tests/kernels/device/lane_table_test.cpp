// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/device/lane_table.hpp>
#include <vector>

using namespace lowbit;

TEST_CASE("every lane finds every row, whoever filled it, in words that no other lane reads") {
  using table_type = lane_table<100>;
  for (const int threads : {1, 32, 96}) {
    std::vector<words4> memory(std::size_t(table_type::words / 4 + 1));
    word* const table = memory.front().items;
    table[table_type::words] = 7;
    for (int t = 0; t < threads; ++t)
      table_type::fill(table, t, threads, [](int i) { return word(i) * 2654435761u; });
    CHECK(table[table_type::words] == 7);
    int wrong = 0;
    for (int lane = 0; lane < 32; ++lane) {
      const table_type mine(table, lane);
      for (word i = 0; i < 100; ++i) wrong += mine[i] != i * 2654435761u;
      for (int byte = 0; byte < 4; ++byte)
        wrong += mine.at_byte(0x07426313u, byte) !=
                 (0x07426313u >> (8 * byte) & 255) * 2654435761u;
    }
    CHECK(wrong == 0);
    for (int i = 0; i < 32; ++i) table[50 * 32 + i] = word(i);  // each lane has a copy of its own
    for (int lane = 0; lane < 32; ++lane) CHECK(table_type(table, lane)[50] == word(lane));
  }
}
