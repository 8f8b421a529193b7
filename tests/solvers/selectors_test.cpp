// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// (What is chosen in whole matrices: quantizers/table_set and quantizers/learned_table_set.)
#include <lowbit/solvers/selectors.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/table.hpp>
#include <lowbit/quantizers/table_set.hpp>
#include <lowbit/ranges/absmax.hpp>
#include <vector>

using namespace lowbit;

namespace {

struct wide {
  static constexpr float levels[] = {-4, -1, 1, 4};
};
struct even {
  static constexpr float levels[] = {-3, -1, 1, 3};
};
using Q = table_set<table<wide>, table<even>>;
using G = per_group<4>;

struct only_wide : range_search {
  template <class T>
    requires std::same_as<T, table<wide>> group_params<T> fit(const group_values<T>&)
  const { return {}; }
};

template <class Set>
std::vector<int> choose(extent groups, const std::vector<arr<double, 2>>& errors) {
  std::vector<group_params<Set>> params(errors.size());
  detail::choose_selectors<Set, G>(params, groups, errors);
  std::vector<int> chosen;
  for (const auto& p : params) chosen.push_back(int(p.selector));
  return chosen;
}

}  // namespace

TEST_CASE("selectors: the set of least error in each group, or summed over those that share one") {
  // 2 x 3 groups
  const std::vector<arr<double, 2>> errors = {{{1, 2}}, {{5, 3}}, {{1, 1}},
                                              {{0, 9}}, {{9, 0}}, {{7, 6}}};
  const extent groups{2, 3};
  CHECK(choose<Q>(groups, errors) == std::vector<int>{0, 1, 0, 0, 1, 1});  // a tie: the first
  CHECK(choose<Q::per_row>(groups, errors) == std::vector<int>{1, 1, 1, 1, 1, 1});
  CHECK(choose<Q::per_matrix>(groups, errors) == std::vector<int>{1, 1, 1, 1, 1, 1});
  CHECK(choose<Q::shared<2, 1>>(groups, errors) == std::vector<int>{0, 1, 1, 0, 1, 1});
  CHECK(choose<Q::shared<1, 2>>(groups, errors) == std::vector<int>{1, 1, 0, 0, 0, 1});
  CHECK(choose<Q>({0, 3}, {}).empty());
}

TEST_CASE("selectors: a group's range is found for each set as if it were alone") {
  const std::vector<float> x = {-3, -1, 1, 3};
  group_values<Q> g;
  g.values = x;
  const auto fits = detail::fit_tables<Q>(absmax{}, g);
  CHECK(fits[0].params.scale[0] == 0.75f);
  CHECK(fits[0].error == 2 * 0.25 * 0.25);
  CHECK(fits[1].params.scale[0] == 1);
  CHECK(fits[1].error == 0);
  CHECK(detail::fit_table<Q>(absmax{}, g, 0).scale[0] == 0.75f);
  CHECK(detail::fit_table<Q>(absmax{}, g, 1).selector == 1);
  const std::vector<float> weights = {1, 2, 0, 1};
  g.importance = weights;
  CHECK(detail::fit_tables<Q>(absmax{}, g)[0].error == 2 * 0.25 * 0.25);
  g.stored_scale = [](float s) { return s < 1 ? 0.5f : s; };  // judged as stored
  CHECK(detail::fit_tables<Q>(absmax{}, g)[0].params.scale[0] == 0.5f);
}

TEST_CASE("selectors: searches fit a set of sets if they fit each of them") {
  static_assert(range_search_for<absmax, Q> && fits_each_table<Q>);
  static_assert(range_search_for<only_wide, table<wide>> && !range_search_for<only_wide, Q>);
  static_assert(keeps_selectors<per_group<4>, Q> && !keeps_selectors<unscaled, Q>);
  static_assert(keeps_selectors<unscaled, table<wide>>);
}
