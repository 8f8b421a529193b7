// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/metrics/compare.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/granularity/per.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/any_matrix.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;

template <class F>
void check_definition(const test::random_matrix& w) {
  const auto q = quantize<F>(w.view());
  double error = 0, power = 0, most = 0, zeros = 0;
  for (index_t r = 0; r < w.rows; ++r)
    for (index_t c = 0; c < w.cols; ++c) {
      const double v = double(q.view().at(r, c)), d = std::fabs(double(w(r, c)) - v);
      error += d * d;
      power += double(w(r, c)) * double(w(r, c));
      most = std::max(most, d);
      zeros += v == 0;
    }
  const double n = double(w.rows * w.cols);
  for (const comparison& found :
       {compare(w.view(), q.view()), compare(w.view(), q), compare(w.view(), any_matrix(q))}) {
    CHECK(found.mse == doctest::Approx(error / n).epsilon(1e-6));
    CHECK(found.relative_mse == doctest::Approx(error / power).epsilon(1e-6));
    CHECK(found.sqnr_db == doctest::Approx(-10 * std::log10(error / power)).epsilon(1e-6));
    CHECK(found.max_abs == doctest::Approx(most).epsilon(1e-6));
    CHECK(found.kernel_share == zeros / n);
    CHECK(found.bits_per_weight == q.bits_per_weight());
  }
}

}  // namespace

TEST_CASE("comparisons are what their names say: of views, matrices, any_matrix") {
  check_definition<w4>(test::random_matrix(7, 100, 1));
  check_definition<w4>(test::random_matrix(2, 2500, 2));  // more than the piece that is decoded
  check_definition<format<uniform<3>, per_row, sparse<>>>(test::random_matrix(5, 200, 3));
}

TEST_CASE("an exact copy has no error and infinitely many decibels") {
  const std::vector<float> w = {1, -2, 3, 0, 7, -7, 4, 5};
  const auto same =
      compare(matrix_view<const float>(w.data(), 2, 4),
              quantize<format<uniform<4>, per_tensor>>(matrix_view<const float>(w.data(), 2, 4)));
  CHECK(same.mse == 0);
  CHECK(same.relative_mse == 0);
  CHECK(same.sqnr_db == std::numeric_limits<double>::infinity());
  CHECK(same.kernel_share == 1.0 / 8);
}

TEST_CASE("zeros that become something else are infinitely wrong") {
  const std::vector<float> zeros(4, 0.f), ones(4, 1.f);
  const auto q = quantize<w4>(matrix_view<const float>(ones.data(), 1, 4));
  const auto c = compare(matrix_view<const float>(zeros.data(), 1, 4), q);
  CHECK(c.relative_mse == std::numeric_limits<double>::infinity());
  CHECK(c.sqnr_db == -std::numeric_limits<double>::infinity());
}

TEST_CASE("complex values: both parts count, and the larger one for max_abs") {
  const std::vector<complex32> w = {{1, 0.25f}, {-1, 0}, {0, 1}, {0.5f, -1}};
  const auto c = compare(
      matrix_view<const complex32>(w.data(), 1, 4),
      quantize<format<complex_unit, per_row>>(matrix_view<const complex32>(w.data(), 1, 4)));
  CHECK(c.mse == (0.0625 + 0.25) / 4);
  CHECK(c.max_abs == 0.5);
}

TEST_CASE("nothing to compare, and shapes that differ") {
  const test::random_matrix none(0, 5, 1), w(2, 5, 2);
  const auto empty = compare(none.view(), quantize<w4>(none.view()));
  CHECK(empty.mse == 0);
  CHECK(empty.bits_per_weight == 0);
  CHECK_THROWS_WITH_AS(compare(none.view(), quantize<w4>(w.view())),
                       "lowbit: original: 0 x 5, expected 2 x 5", error);
}
