// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/table_set.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/iq4_nl.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/power_of_two.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

using view = matrix_view<const float>;

struct fib3 {  // a user's own: plain constexpr, no name
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) {
    constexpr float level[] = {0, 1, 2, 3, 5, 8, 13, 21};
    return level[code];
  }
  static constexpr unsigned encode(float x) {
    unsigned best = 0;
    for (unsigned c = 1; c < 8; ++c)
      if ((decode(c) - x) * (decode(c) - x) < (decode(best) - x) * (decode(best) - x)) best = c;
    return best;
  }
};
struct ramp {
  static constexpr auto name = text("ramp");
  static constexpr float levels[] = {0, 1, 2, 3};
};
struct powers {
  static constexpr auto name = text("powers");
  static constexpr float levels[] = {0, 1, 4, 16};
};
struct sided {
  static constexpr auto name = text("sided");
  static constexpr float levels[] = {-1, 0, 1};
};
using pair = table_set<normal_float<4>, iq4_nl_table>;
using three = table_set<table<ramp>, table<powers>, table<sided>>;

/// Every code of every set, and its way back.
template <class Set, class First, class... Rest>
constexpr bool agrees(code_t selector = 0) {
  for (code_t c = 0; c >> Set::bits == 0; ++c)
    if (Set::decode(c, selector) != First::decode(c) ||
        Set::encode(First::decode(c), selector) != First::encode(First::decode(c)))
      return false;
  if constexpr (sizeof...(Rest) > 0)
    return agrees<Set, Rest...>(selector + 1);
  else
    return true;
}
static_assert(agrees<pair, normal_float<4>, iq4_nl_table>());
static_assert(agrees<three, table<ramp>, table<powers>, table<sided>>());
static_assert(agrees<table_set<fib3, uniform<3>>, fib3, uniform<3>>());
static_assert(agrees<table_set<post<4>, fp4_e2m1, uniform<4>>, post<4>, fp4_e2m1, uniform<4>>());

static_assert(selectors_of<three> == 3 && three::bits == 2 && peak_of<three> == 16);
static_assert(quantizer<pair> && !number<pair> && !has_state<pair> && !is_tabulated<pair>);
static_assert(std::same_as<strategy_of<pair>, table_codes>);
static_assert(pair::name == std::string_view("table_set<normal_float<4>,table<iq4_nl>>"));
static_assert(pair::per_row::name ==
              std::string_view("table_set<normal_float<4>,table<iq4_nl>>::shared<1,0>"));
static_assert(table_set<fib3, uniform<3>>::name.size() == 0);
// Code 3 is a level of the first two sets.
template <class Q>
concept has_invalid_codes = requires {
  Q::valid(0);
};
static_assert(!has_invalid_codes<three> && has_invalid_codes<table<sided>>);
static_assert(!table_set<table<sided>, table<sided>>::valid(3));

template <class F>
std::vector<int> selectors(const quantized_matrix<F>& q) {
  std::vector<int> all;
  constexpr int width = F::granularity_type::block_cols;
  for (index_t r = 0; r < q.shape().rows; ++r)
    for (index_t c = 0; c < q.shape().cols; c += width == whole ? q.shape().cols : width)
      all.push_back(int(q.view().main.params(r, c).selector));
  return all;
}

// Two rows of three groups of four, exact in sets 0 1 2 and 1 1 0.
const std::vector<float> exact = {0, 1, 2, 3,  16, 4,  1, 0,  -7, 0, 7, 7,
                                  2, 8, 0, 32, 48, 12, 3, 48, 2,  4, 6, 0};

std::vector<float> normal_values(index_t n, std::uint64_t seed = 1) {
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(philox{seed}.normal(std::uint64_t(i)));
  return x;
}
template <class F>
double squared_error(view w, const quantized_matrix<F>& q) {
  double sum = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c)
      sum += std::pow(double(w(r, c)) - double(q.view().at(r, c)), 2);
  return sum;
}

}  // namespace

TEST_CASE("table_set: every group uses the set that suits it") {
  const auto q = quantize<format<three, per_group<4>>>(view(exact.data(), 2, 12));
  CHECK(selectors(q) == std::vector<int>{0, 1, 2, 1, 1, 0});
  for (index_t i = 0; i < 24; ++i) CHECK(q.view().at(i / 12, i % 12) == exact[std::size_t(i)]);
  // 2 rows of 12 codes of 2 bits, 3 scales, 3 selectors of 2 bits
  CHECK(q.bytes() == 2 * 3 + 2 * 3 * 2 + 2 * 1);
}

TEST_CASE("table_set: one selector for a row, for the matrix, for a block of groups") {
  const view w(exact.data(), 2, 12);
  const auto row = quantize<format<three::per_row, per_group<4>>>(w);
  const auto chosen = selectors(row);
  CHECK(chosen[0] == chosen[1]);
  CHECK(chosen[1] == chosen[2]);
  CHECK(chosen[3] == 1);  // two of its groups are exact there, and the third nearly
  CHECK(chosen[5] == 1);
  CHECK(row.bytes() == 2 * 3 + 2 * 3 * 2 + 2 * 1);
  const auto all = quantize<format<three::per_matrix, per_group<4>>>(w);
  for (const int s : selectors(all)) CHECK(s == selectors(all)[0]);
  CHECK(all.bytes() == 2 * 3 + 2 * 3 * 2 + 1);
  const auto blocks = quantize<format<three::shared<2, 2>, per_group<4>>>(w);
  const auto s = selectors(blocks);
  CHECK(s == std::vector<int>{1, 1, s[2], 1, 1, s[2]});

  // What is chosen is the best: no other shared selector has less error.
  const double least = squared_error(w, all);
  CHECK(least <= squared_error(w, quantize<format<table<ramp>, per_group<4>>>(w)));
  CHECK(least <= squared_error(w, quantize<format<table<powers>, per_group<4>>>(w)));
  CHECK(least <= squared_error(w, quantize<format<table<sided>, per_group<4>>>(w)));
}

TEST_CASE("table_set: never worse than any of its sets, group by group, with any search") {
  const auto x = normal_values(40 * 96);
  const view w(x.data(), 40, 96);
  const auto check = [&](const auto&... how) {
    const auto q = quantize<format<pair, per_group<32>>>(w, how...);
    const auto a = quantize<format<normal_float<4>, per_group<32>>>(w, how...);
    const auto b = quantize<format<iq4_nl_table, per_group<32>>>(w, how...);
    int firsts = 0;
    for (index_t r = 0; r < 40; ++r)
      for (index_t c = 0; c < 96; c += 32) {
        const auto error = [&](const auto& m) {
          double sum = 0;
          for (index_t k = c; k < c + 32; ++k)
            sum += std::pow(double(w(r, k)) - double(m.view().at(r, k)), 2);
          return sum;
        };
        CHECK(error(q) == std::min(error(a), error(b)));
        firsts += q.view().main.params(r, c).selector == 0;
      }
    CHECK(firsts > 10);
    CHECK(firsts < 110);
  };
  check();
  check(mse_grid{});
}

TEST_CASE("table_set: importance decides") {
  // Exact in `ramp` but for the last value, which is exact in `powers`.
  const std::vector<float> w = {0, 1, 2, 3, 1, 16}, ones(6, 1.f);
  std::vector<float> last(6, 1e-4f);
  last[5] = last[0] = last[1] = last[4] = 1;
  using F = format<table_set<table<ramp>, table<powers>>, per_tensor>;
  const view m(w.data(), 1, 6);
  const auto q = quantize<F>(m, importance(view(last.data(), 1, 6)));
  CHECK(q.view().main.params(0, 0).selector == 1);
  CHECK(q.view().at(0, 5) == 16);
  CHECK(q.view().at(0, 1) == 1);
}

TEST_CASE("table_set: with scales that are quantized in their turn, and columns of their own") {
  const auto x = normal_values(30 * 64);
  const view w(x.data(), 30, 64);
  using Q = table_set<normal_float<4>, fp4_e2m1>;
  const auto check = [&]<class F>(const quantized_matrix<F>& q) {
    double power = 0;
    for (const float v : x) power += double(v) * double(v);
    CHECK(squared_error(w, q) < 0.02 * power);
    std::vector<float> all(30 * 64);
    dequantize(q.view(), matrix_view<float>(all.data(), 30, 64));
    for (index_t i = 0; i < 30 * 64; ++i) CHECK(all[std::size_t(i)] == q.view().at(i / 64, i % 64));
  };
  check(quantize<format<Q, two_level<16, 4, uniform<6>>>>(w));
  check(quantize<format<Q, per_block<4, 8>>>(w));
  check(quantize<format<Q::per_row, per_block<4, 8>>>(w));
}

TEST_CASE("table_set: kernels read the set of each group") {
  const auto x = normal_values(37 * 200), a = normal_values(200, 7);
  const view w(x.data(), 37, 200);
  const auto check = [&]<class F>(const quantized_matrix<F>& q) {
    std::vector<float> all(37 * 200), y(37), y8(37);
    dequantize(q.view(), matrix_view<float>(all.data(), 37, 200));
    gemv(q.view(), a, y);
    gemv(q.view(), as<a8>(a), y8);
    for (index_t r = 0; r < 37; ++r) {
      double sum = 0, size = 0;
      for (index_t c = 0; c < 200; ++c) {
        REQUIRE(all[std::size_t(r * 200 + c)] == q.view().at(r, c));
        const double product = double(q.view().at(r, c)) * double(a[std::size_t(c)]);
        sum += product;
        size += std::fabs(product);
      }
      CHECK(std::fabs(double(y[std::size_t(r)]) - sum) <= 2e-6 * size);
      CHECK(std::fabs(double(y8[std::size_t(r)]) - sum) <= 0.01 * size);
    }
  };
  check(quantize<format<pair, per_group<32>>>(w));
  check(quantize<format<pair, per_group<12>>>(w));
  check(quantize<format<pair::per_row, per_group<64>>>(w));
  check(quantize<format<table_set<fib3, uniform<3>>, per_group<16>>>(w));
}

TEST_CASE("table_set: a selector past the sets is rejected, and named") {
  using F = format<three, per_group<4>>;
  const auto q = quantize<F>(view(exact.data(), 2, 12));
  const std::vector<std::uint8_t> codes = q.data().main.codes;
  const std::vector<std::uint8_t> scales = q.data().main.groups.scale[0].codes;
  std::vector<std::uint8_t> selected = q.data().main.groups.selector.codes;
  const auto bind = [&] {
    const part parts[] = {{"codes", codes}, {"scales", scales}, {"selectors", selected}};
    return quantized_view<F>::from_parts({2, 12}, parts);
  };
  CHECK(bind().at(0, 4) == 16);
  selected[1] = 0b00'01'11;
  CHECK_THROWS_WITH_AS(bind(), "lowbit: selectors: code 3 at (1, 0) stands for no finite value",
                       error);
}

TEST_CASE("table_set: an empty matrix and one of zeros") {
  using F = format<pair, per_group<32>>;
  CHECK(quantize<F>(view(nullptr, 0, 5)).bytes() == 0);
  CHECK(quantize<F>(view(nullptr, 5, 0)).bytes() == 0);
  CHECK(quantize<format<pair::per_matrix, per_group<32>>>(view(nullptr, 0, 5)).bytes() == 0);
  const std::vector<float> zeros(70, 0.f);
  const auto q = quantize<F>(view(zeros.data(), 2, 35));
  for (index_t c = 0; c < 35; ++c) CHECK(q.view().at(1, c) == 0);
}
