// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/top_columns.hpp>

#include <doctest/doctest.h>

#include <lowbit/outliers/columns.hpp>
#include <lowbit/quantize.hpp>

using namespace lowbit;
using indices = std::vector<index_t>;

namespace {
const std::vector<float> values{3, 0, 4, 1,  //
                                3, 4, 0, 1};
const matrix_view<const float> m(values.data(), 2, 4);  // energies 18, 16, 16, 2
}  // namespace

TEST_CASE("the columns of largest energy, ties to the earlier one") {
  CHECK(top_columns().pick_columns(m, nullptr) == indices{0});
  CHECK(top_columns(2).pick_columns(m, nullptr).size() == 2);
  const auto kept = quantize<format<uniform<4>, per_row, columns>>(m, top_columns(2));
  CHECK(kept.data().apart.indices == std::vector<std::uint32_t>{0, 1});
  CHECK(top_columns(0).pick_columns(m, nullptr) == indices{});
  CHECK(top_columns(9).pick_columns(m, nullptr).size() == 4);
}

TEST_CASE("importance of a column or of single elements") {
  const std::vector<float> per_column{0, 1, 1, 9};
  const importance w{span<const float>(per_column)};
  CHECK(top_columns().pick_columns(m, &w) == indices{3});
  const std::vector<float> each{0, 0, 0, 0, 0, 1, 0, 0};
  const importance e{matrix_view<const float>(each.data(), 2, 4)};
  CHECK(top_columns().pick_columns(m, &e) == indices{1});
}

TEST_CASE("a negative count and a column outside the matrix are errors") {
  CHECK_THROWS_WITH_AS(top_columns(-1), "lowbit: top_columns: count -1, expected at least 0",
                       error);
  using F = format<uniform<4>, per_row, columns>;
  CHECK_THROWS_WITH_AS(quantize<F>(m, user_columns({1, 4})),
                       "lowbit: outlier_criterion: chose (0, 4) of a matrix of 1 x 4", error);
  CHECK_THROWS_AS(quantize<F>(m, user_columns({-1})), error);
}
