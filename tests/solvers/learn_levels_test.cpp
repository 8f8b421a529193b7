// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/solvers/learn_levels.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/executor.hpp>
#include <lowbit/quantizers/learned_table_set.hpp>
#include <vector>

using namespace lowbit;

TEST_CASE(
    "learn_levels: the levels of a quantizer, and those of sets with the runs that share one") {
  const std::vector<float> values = {-1, 1, -1, 1, -0.5f, 0.5f, 0.5f, -0.5f}, weights(8, 1.f);
  const std::vector<index_t> starts = {0, 4, 8};
  const learn_levels learn;
  const auto one = learn.state<learned_table<2, f32>>(values, weights, serial{});
  CHECK(f32::decode(one.numbers.codes[0]) == -1);
  CHECK(f32::decode(one.numbers.codes[1]) == -0.5f);
  CHECK(f32::decode(one.numbers.codes[3]) == 1);
  const auto two = learn.state<learned_table_set<2, 1, f32>>(values, weights, starts, serial{});
  const float first = f32::decode(two.numbers.codes[1]), second = f32::decode(two.numbers.codes[3]);
  CHECK(first + second == 1.5f);
  CHECK(first * second == 0.5f);
}
