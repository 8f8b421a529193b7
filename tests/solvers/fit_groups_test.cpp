// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a range search sees of each group, by one that remembers it.
#include <doctest/doctest.h>

#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/outliers/criteria/user_mask.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/ranges/fixed_scale.hpp>
#include <lowbit/ranges/given_params.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

struct seen_group {
  position group;
  std::vector<float> values, weights;
};
struct remembers : range_search {
  std::vector<seen_group>* seen;
  explicit remembers(std::vector<seen_group>& s) : seen(&s) {}
  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    seen->push_back(
        {g.group, {g.values.begin(), g.values.end()}, {g.importance.begin(), g.importance.end()}});
    group_params<Q> p;
    p.scale[0] = 1;
    return p;
  }
};

/// Stores what it learns of the way parameters are stored.
struct storage_facts {
  float third_as_stored = 0, zero_as_stored = 0;
  bool contains_zero = false, signed_scale = false;
};
struct asks : range_search {
  storage_facts* facts;
  explicit asks(storage_facts& f) : facts(&f) {}
  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    *facts = {g.stored_scale(1 / 3.f), g.stored_zero(100.3f), g.contains_zero, g.signed_scale};
    group_params<Q> p;
    p.scale[0] = 1;
    return p;
  }
};
template <class F>
storage_facts facts_of() {
  const test::random_matrix m(1, 4, 1);
  storage_facts facts;
  (void)quantize<F>(m.view(), asks(facts));
  return facts;
}

}  // namespace

TEST_CASE("groups come with their place, their values row by row and the weights of these") {
  const test::random_matrix m(5, 7, 1);
  std::vector<float> w;
  for (int i = 0; i < 35; ++i) w.push_back(float(i));
  std::vector<seen_group> seen;
  (void)quantize<format<uniform<4>, per_block<2, 3>>>(
      m.view(), remembers(seen), importance(matrix_view<const float>(w.data(), 5, 7)));
  REQUIRE(seen.size() == 9);
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 3; ++j) {
      const seen_group& g = seen[std::size_t(3 * i + j)];
      CHECK(g.group == position{i, j});
      std::vector<float> values, weights;
      for (index_t r = 2 * i; r < 2 * i + 2 && r < 5; ++r)
        for (index_t c = 3 * j; c < 3 * j + 3 && c < 7; ++c) {
          values.push_back(m(r, c));
          weights.push_back(float(7 * r + c));
        }
      CHECK(g.values == values);
      CHECK(g.weights == weights);
    }
}

TEST_CASE("values kept apart are not among them, and a group may be empty") {
  const test::random_matrix m(2, 6, 2);
  const std::uint8_t mask[12] = {1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1};
  std::vector<seen_group> seen;
  (void)quantize<format<uniform<4>, per_group<3>, sparse<>>>(m.view(), remembers(seen),
                                                             user_mask({mask, 2, 6}));
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].values.empty());
  CHECK(seen[1].values == std::vector<float>{m(0, 3), m(0, 5)});
  CHECK(seen[3].values == std::vector<float>{m(1, 3), m(1, 4)});
  CHECK(seen[1].weights.empty());  // none given: all 1
}

TEST_CASE("a search knows how its scale and zero are going to be stored") {
  const storage_facts half = facts_of<format<uniform<4>, per_row>>();
  CHECK(half.third_as_stored == f16::decode(f16::encode(1 / 3.f)));
  CHECK(half.signed_scale);
  CHECK(!half.contains_zero);
  const storage_facts power = facts_of<format<uniform<4>, per_row::with<e8m0>>>();
  CHECK(power.third_as_stored == e8m0::decode(e8m0::encode(1 / 3.f)));
  CHECK(!power.signed_scale);
  // Scales that are quantized in their turn depend on all groups: told as they are.
  const storage_facts two = facts_of<format<uniform<4>, two_level<4, 2, uniform<6>>>>();
  CHECK(two.third_as_stored == 1 / 3.f);
  CHECK(!two.signed_scale);
  const storage_facts integer = facts_of<format<uniform<4, asymmetric>, per_row>>();
  CHECK(integer.contains_zero);
  const storage_facts minimum_zero = facts_of<format<uniform<4, minimum>, per_row>>();
  CHECK(!minimum_zero.contains_zero);
  CHECK(minimum_zero.zero_as_stored == f16::decode(f16::encode(100.3f)));
}

TEST_CASE("the ranges of many groups do not depend on the number of threads") {
  const test::random_matrix m(100, 40, 3);
  using F = format<uniform<4>, per_group<8>>;
  const auto one = quantize<F>(m.view());
  const thread_pool pool(3);
  const auto three = quantize<F>(m.view(), pool);
  CHECK(one.data().main.codes == three.data().main.codes);
  CHECK(one.data().main.groups.scale[0].codes == three.data().main.groups.scale[0].codes);
}

TEST_CASE("a scale or zero that is no number is an error that says where, of any search") {
  const test::random_matrix w(2, 8, 1);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const float scales[] = {1, 1, 1, nan}, ones[] = {1, 1, 1, 1};
  const matrix_view<const float> s(scales, 2, 2), good(ones, 2, 2);
  const auto message = [](float x) {
    return "lowbit: range_search: found the " + std::string(x != x ? "scale" : "zero");
  };
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4>, per_group<4>>>(w.view(), given_params{s})),
                       (message(nan) + " nan for group (1, 1), expected a finite number").c_str(),
                       error);
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4, minimum>, per_group<4>>>(
                           w.view(), given_params{good, s}, thread_pool{2})),
                       (message(0) + " nan for group (1, 1), expected a finite number").c_str(),
                       error);
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4>, per_column>>(w.view(), fixed_scale{nan})),
                       (message(nan) + " nan for group (0, 0), expected a finite number").c_str(),
                       error);
  // What a number's rounding makes finite is no error: f16 has nothing above 65504.
  const auto q = quantize<format<uniform<4>>>(w.view(), fixed_scale{1e30f});
  CHECK(q.view().main.params(0, 0).scale[0] == 65504);
}
