// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/af4.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <lowbit/core/random.hpp>
#include <vector>

#include "quantizers/laws.hpp"

using namespace lowbit;
using Q = af4_table;

static_assert(Q::bits == 4 && laws::levels<Q>() == 16 && laws::codes_round_trip<Q>());
static_assert(Q::name == std::string_view("table<af4>"));
static_assert(Q::decode(0) == -1 && Q::decode(1) == -0.69441008f && Q::decode(2) == -0.51243739f &&
              Q::decode(3) == -0.3736951f && Q::decode(4) == -0.25607552f &&
              Q::decode(5) == -0.14982478f && Q::decode(6) == -0.04934812f && Q::decode(7) == 0 &&
              Q::decode(8) == 0.04273164f && Q::decode(9) == 0.12934483f &&
              Q::decode(10) == 0.21961274f && Q::decode(11) == 0.31675666f &&
              Q::decode(12) == 0.42563882f && Q::decode(13) == 0.55496234f &&
              Q::decode(14) == 0.72424863f && Q::decode(15) == 1);
static_assert(peak_of<Q> == 1 && Q::signed_peak == 0);

TEST_CASE("af4: encode finds the nearest level") {
  for (const float x : laws::sweep<Q>(1.5f)) REQUIRE(laws::encodes_to_nearest<Q>(x));
}

TEST_CASE("af4: without 0 each level is the median of its cell, for groups of 64 normal values") {
  std::vector<float> level, cells[15];
  for (code_t c = 0; c < 16; ++c)
    if (c != 7) level.push_back(Q::decode(c));
  for (std::uint64_t g = 0; g < 8000; ++g) {
    float x[64], top = 0;
    for (std::uint64_t i = 0; i < 64; ++i) {
      x[i] = philox{2}.normal(64 * g + i);
      top = std::max(top, magnitude(x[i]));
    }
    for (const float v : x)
      cells[nearest_level(span<const float>(level), 15, v / top)].push_back(v / top);
  }
  for (std::size_t c = 1; c < 14; ++c) {
    std::sort(cells[c].begin(), cells[c].end());
    CHECK(std::fabs(double(cells[c][cells[c].size() / 2] - level[c])) < 0.002);
  }
}
