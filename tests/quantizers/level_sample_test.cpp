// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/level_sample.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace lowbit;

namespace {
std::vector<float> ramp(int n) {
  std::vector<float> x;
  for (int i = 0; i < n; ++i) x.push_back(float(i));
  return x;
}
}  // namespace

TEST_CASE("level_sample: values ascend and keep their weights") {
  const std::vector<float> x = {3, -1, 2, -1}, w = {1, 2, 3, 4};
  const level_sample s(x, w);
  CHECK(s.size() == 4);
  const float values[] = {-1, -1, 2, 3}, weights[] = {2, 4, 3, 1};  // equal ones as they came
  for (index_t i = 0; i < 4; ++i) {
    CHECK(s.value(i) == values[i]);
    CHECK(s.weight(i) == weights[i]);
  }
  CHECK(s.mean(0, 2) == -1);
  CHECK(s.mean(1, 4) == (-4.f + 6 + 3) / 8);
  CHECK(s.first_above(-1) == 2);
  CHECK(s.first_above(-2) == 0);
  CHECK(s.first_above(9) == 4);
}

TEST_CASE("level_sample: values of weight 0 play no role, unless all are such") {
  const std::vector<float> x = {5, 1, 7};
  const std::vector<float> some = {0, 2, 1}, no_weight = {0, 0, 0};
  CHECK(level_sample(x, some).size() == 2);
  CHECK(level_sample(x, some).value(1) == 7);
  CHECK(level_sample(x, no_weight).size() == 3);
  CHECK(level_sample(x, no_weight).weight(0) == 1);
  CHECK(level_sample(x).size() == 3);
  CHECK(level_sample({}).empty());
}

TEST_CASE("level_sample: an infinite weight counts as the largest one") {
  const std::vector<float> x = {5, 1}, w = {std::numeric_limits<float>::infinity(), 1};
  CHECK(level_sample(x, w).weight(1) == std::numeric_limits<float>::max());
  CHECK(level_sample(x, w).mean(0, 2) == 5);
}

TEST_CASE("level_sample: of many values one of each equal run is taken") {
  const auto x = ramp(1000);
  for (const index_t limit : {1, 7, 333, 999}) {
    const level_sample s(x, {}, limit);
    CHECK(s.size() == limit);
    for (index_t i = 0; i < limit; ++i) {
      CHECK(s.value(i) >= float(i * 1000 / limit));
      CHECK(s.value(i) < float((i + 1) * 1000 / limit));
    }
  }
  CHECK(level_sample(x, {}, 1000).size() == 1000);
  CHECK(level_sample(x, {}, 1000).value(999) == 999);
}

TEST_CASE("level_sample: the error of levels, by hand") {
  const std::vector<float> x = {-1, 0, 0.5f, 4}, w = {2, 1, 4, 1};
  const std::vector<float> levels = {-2, 0, 1, 3};
  // distances 1, 0, 0.5 (a tie: either level), 1
  CHECK(level_sample(x, w).error(levels) == 2 * 1.0 + 0 + 4 * 0.25 + 1);
  const std::vector<float> one = {1};
  CHECK(level_sample(x, w).error(one) == 2 * 4.0 + 1 + 4 * 0.25 + 9);
}
