// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/per_column.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/sparse.hpp>

#include "granularity/groups_of.hpp"
#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {
constexpr index_t rows = 9, cols = 20;

/// Shows what a search gets: one value and one weight for each row.
struct first_weight : range_search {
  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    CHECK(g.values.size() == rows);
    CHECK(g.importance.size() == rows);
    group_params<Q> p;
    p.scale[0] = g.importance[0];
    return p;
  }
};
}  // namespace

static_assert(std::string_view(per_column::name) == "per_column<f16>");
static_assert(std::string_view(per_column::with<f32>::name) == "per_column<f32>");
static_assert(scales_columns<per_column> && !scales_columns<unscaled>);

TEST_CASE("the scale of a value is that of its column") {
  const test::random_matrix m(rows, cols, 1);
  const auto w = quantize<format<uniform<4>, per_column::with<f32>>>(m.view());
  for (index_t c = 0; c < cols; ++c) {
    const float scale = test::largest_in(m, 0, rows, c, 1) / 7;
    for (index_t r = 0; r < rows; ++r) {
      CHECK(w.view().main.params(r, c).scale[0] == scale);
      CHECK(magnitude(w.view().at(r, c) - m(r, c)) <= 0.5001f * scale);
    }
  }
  CHECK(test::array_names(w) == "codes columns");
  CHECK(w.bytes() == rows * cols / 2 + 4 * cols);
}

TEST_CASE("a range search sees a column, its importance and what is not kept apart") {
  test::random_matrix m(rows, cols, 2);
  m.values[3 * cols + 5] = 1000;
  using F = format<uniform<4>, per_column::with<f32>, sparse<>>;
  const auto apart = quantize<F>(m.view(), top_k{1});
  CHECK(apart.view().at(3, 5) == 1000);
  m.values[3 * cols + 5] = 0;
  CHECK(apart.view().main.params(0, 5).scale[0] == test::largest_in(m, 0, rows, 5, 1) / 7);

  const std::vector<float> all = test::random_matrix(rows, cols, 9).values;
  std::vector<float> weights;
  for (const float x : all) weights.push_back(magnitude(x));
  const auto weighted = quantize<format<uniform<4>, per_column::with<f32>>>(
      m.view(), first_weight{}, importance(matrix_view<const float>(weights.data(), rows, cols)));
  for (index_t c = 0; c < cols; ++c)
    CHECK(weighted.view().main.params(4, c).scale[0] == weights[std::size_t(c)]);
}

TEST_CASE("a product with folded columns is that of the values") {
  const test::random_matrix m(rows, cols, 3), x(1, cols, 4);
  const auto w = quantize<format<uniform<4>, per_column>>(m.view());
  std::vector<float> y(rows);
  gemv(w.view(), x.values, y);
  for (index_t r = 0; r < rows; ++r) {
    double expected = 0, size = 0;
    for (index_t c = 0; c < cols; ++c) {
      const double p = double(w.view().at(r, c)) * double(x(0, c));
      expected += p, size += p < 0 ? -p : p;
    }
    CHECK(double(magnitude(float(double(y[std::size_t(r)]) - expected))) <= 4e-6 * size);
  }
}

TEST_CASE("columns of zeros are exact, and empty matrices work") {
  std::vector<float> values(12, 0.f);
  values[1] = 3.5f;
  const auto w =
      quantize<format<uniform<4>, per_column>>(matrix_view<const float>(values.data(), 3, 4));
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 4; ++c) CHECK(w.view().at(r, c) == values[std::size_t(4 * r + c)]);
  CHECK(quantize<format<uniform<4>, per_column>>(matrix_view<const float>(nullptr, 0, 4)).bytes() ==
        8);
  CHECK(quantize<format<uniform<4>, per_column>>(matrix_view<const float>(nullptr, 4, 0)).bytes() ==
        0);
}
