// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>

#include "ranges/group.hpp"

using namespace lowbit;

namespace {
/// Records which groups it was asked about.
struct recorder : range_search {
  std::vector<std::vector<float>>* seen;
  std::vector<position>* places;
  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    seen->emplace_back(g.values.begin(), g.values.end());
    places->push_back(g.group);
    group_params<Q> p;
    p.scale[0] = 1;
    return p;
  }
};
}  // namespace

TEST_CASE("a search sees the values of its group row by row, and its place in the grid") {
  const std::vector<float> x = {0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24};
  std::vector<std::vector<float>> seen;
  std::vector<position> places;
  recorder r;
  r.seen = &seen;
  r.places = &places;
  quantize<format<uniform<8>, per_block<2, 3>>>(matrix_view<const float>(x.data(), 3, 5), r);
  const std::vector<std::vector<float>> expected = {
      {0, 1, 2, 10, 11, 12}, {3, 4, 13, 14}, {20, 21, 22}, {23, 24}};
  CHECK(seen == expected);
  CHECK(places == std::vector<position>{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
}

TEST_CASE("the error of a group is the weighted sum of squares") {
  test::group<uniform<4>> g{{1.25f, -2, 9}, {}};
  group_params<uniform<4>> p;
  p.scale[0] = 1;
  CHECK(g.error(p) == 0.0625 + 0 + 4);
  g.weights = {2, 100, 0.5f};
  CHECK(g.error(p) == 0.125 + 0 + 2);
}
