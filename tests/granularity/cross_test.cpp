// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/cross.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {

constexpr index_t rows = 12, cols = 30;

/// The step of every value against t^alpha c^(1 - alpha) / 7 of the mathematical library.
template <int AlphaPercent>
void check_steps() {
  CAPTURE(AlphaPercent);
  const test::random_matrix m(rows, cols, 1);
  const auto w = quantize<format<uniform<4>, cross<AlphaPercent, f32>>>(m.view());
  const double alpha = AlphaPercent / 100.0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) {
      const double t = double(test::largest_in(m, r, 1, 0, cols)),
                   top = double(test::largest_in(m, 0, rows, c, 1));
      const double step = std::pow(t, alpha) * std::pow(top, 1 - alpha) / 7;
      CHECK(double(w.view().main.params(r, c).scale[0]) == doctest::Approx(step).epsilon(2e-6));
      // Nothing is clipped: within half a step.
      CHECK(std::fabs(double(w.view().at(r, c)) - double(m(r, c))) <= 0.50001 * step);
    }
}

}  // namespace

static_assert(std::string_view(cross<15>::name) == "cross<15,f16>");
static_assert(scales_columns<cross<15>>);

TEST_CASE("a step is the weighted mean of row and column, in powers") {
  check_steps<15>();
  check_steps<50>();
  check_steps<0>();
  check_steps<100>();
}

TEST_CASE("alpha 1 is a scale per row, and alpha 0 one per column") {
  const test::random_matrix m(rows, cols, 2);
  const auto row = quantize<format<uniform<4>, per_row::with<f32>>>(m.view());
  const auto all_row = quantize<format<uniform<4>, cross<100, f32>>>(m.view());
  const auto column = quantize<format<uniform<4>, per_column::with<f32>>>(m.view());
  const auto all_column = quantize<format<uniform<4>, cross<0, f32>>>(m.view());
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) {
      CHECK(all_row.view().at(r, c) == doctest::Approx(row.view().at(r, c)).epsilon(1e-5));
      CHECK(all_column.view().at(r, c) == doctest::Approx(column.view().at(r, c)).epsilon(1e-5));
    }
}

TEST_CASE("another range search sees the values without the factors of their columns") {
  const test::random_matrix m(rows, cols, 3);
  using F = format<uniform<4>, cross<15, f32>>;
  const auto own = quantize<F>(m.view()), given = quantize<F>(m.view(), absmax{});
  for (index_t r = 0; r < rows; ++r) {
    CHECK(given.view().main.params(r, 0).scale[0] <=
          own.view().main.params(r, 0).scale[0] * 1.00001f);
    for (index_t c = 0; c < cols; ++c)
      CHECK(magnitude(given.view().at(r, c) - m(r, c)) <=
            0.50001f * given.view().main.params(r, c).scale[0]);
  }
}

TEST_CASE("rows and columns of zeros are exact; empty matrices work") {
  std::vector<float> values(12, 0.f);
  values[5] = -3.5f;
  const auto w =
      quantize<format<uniform<4>, cross<15, f32>>>(matrix_view<const float>(values.data(), 3, 4));
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 4; ++c)
      CHECK(w.view().at(r, c) == doctest::Approx(values[std::size_t(4 * r + c)]).epsilon(1e-6));
  CHECK(quantize<format<uniform<4>, cross<15>>>(matrix_view<const float>(nullptr, 0, 4))
            .shape()
            .cols == 4);
}
