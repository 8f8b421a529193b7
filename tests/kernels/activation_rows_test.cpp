// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/activation_rows.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;
using kernels::int8_rows;

TEST_CASE("a token is the sum of its rows; quads are summed, what lies behind a row is zero") {
  std::vector<std::uint8_t> bytes(4096);
  detail::carver memory(bytes.data());
  const kernels::int8_memory to(2, 64, 2, memory);
  for (int i = 0; i < 128; ++i) to.levels[i] = std::int8_t(i % 64 - 60);
  const float scales[] = {0.5f, 2, 0.25f, 0x1p-20f};
  for (int i = 0; i < 4; ++i) to.scales[i] = scales[i];
  to.finish_row(0, 6, 64);
  to.finish_row(1, 6, 64);
  for (int i = 6; i < 64; ++i) CHECK(int(to.levels[64 + i]) == 0);
  CHECK(to.sums[16] == -60 - 59 - 58 - 57);
  CHECK(to.sums[17] == -56 - 55);
  const int8_rows rows{1, 6, 64, 4, 2, to.levels, to.scales, to.sums, {}, 2};
  CHECK(rows.rows() == 2);
  const kernels::real_rows real = kernels::decode_rows(rows, memory, true);
  CHECK(real.values[0] == 0.75f * -60);
  CHECK(real.values[5] == -55 * (2 + 0x1p-20f));  // one rounding: both products are exact
  CHECK(real.values[6] == 0);
}
