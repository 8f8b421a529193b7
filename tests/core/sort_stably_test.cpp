// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/sort_stably.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <lowbit/core/random.hpp>

using namespace lowbit;

namespace {
struct item {
  int key, place;
  bool operator==(const item&) const = default;
};
const auto by_key = [](const item& a, const item& b) { return a.key < b.key; };
}  // namespace

TEST_CASE("sort_stably: sorted, and equals stay in order, for every size and spread of keys") {
  for (int n = 0; n < 300; ++n)
    for (const std::uint32_t keys : {1u, 3u, 1000u}) {
      std::vector<item> items;
      for (int i = 0; i < n; ++i)
        items.push_back({int(philox{std::uint64_t(n)}.below(std::uint64_t(i), keys)), i});
      std::vector<item> expected = items;
      std::stable_sort(expected.begin(), expected.end(), by_key);
      sort_stably(items, by_key);
      REQUIRE(items == expected);
    }
}

TEST_CASE("sort_stably: sorted, reversed and many values") {
  std::vector<float> up, down, random;
  for (int i = 0; i < 100000; ++i) {
    up.push_back(float(i));
    down.push_back(float(-i));
    random.push_back(philox{1}.normal(std::uint64_t(i)));
  }
  const auto less = [](float a, float b) { return a < b; };
  for (std::vector<float> v : {up, down, random}) {
    std::vector<float> expected = v;
    std::sort(expected.begin(), expected.end());
    sort_stably(v, less);
    CHECK(v == expected);
  }
}
