// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/importance.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;

TEST_CASE("one weight per column serves all rows, one per element is its own") {
  const std::vector<float> w{1, 2, 3, 4, 5, 6};
  const importance columns{span<const float>(w)};
  CHECK(columns.at(0, 5) == 6);
  CHECK(columns.at(99, 2) == 3);
  const importance elements{matrix_view<const float>(w.data(), 2, 3)};
  CHECK(elements.at(0, 2) == 3);
  CHECK(elements.at(1, 0) == 4);
  const importance strided{matrix_view<const float>(w.data(), 2, 2, 3)};
  CHECK(strided.at(1, 1) == 5);
}

TEST_CASE("hints: weight 1 unless given, nothing left out unless said") {
  detail::value_hints hints;
  CHECK(hints.weight(7, 7) == 1);
  CHECK(!hints.skips(1000));
  const std::vector<float> w{1, 2};
  const importance columns{span<const float>(w)};
  const std::uint8_t left_out[3] = {0, 1, 0};
  hints.weights = &columns;
  hints.left_out = {left_out, 3};
  CHECK(hints.weight(7, 1) == 2);
  CHECK(!hints.skips(0));
  CHECK(hints.skips(1));
}
