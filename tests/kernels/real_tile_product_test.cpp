// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::real_tile_product;

namespace {

template <class View>
std::vector<float> multiply(arch a, const View& w, matrix_view<const float> x) {
  std::vector<float> y(std::size_t(x.rows() * w.rows()), std::numeric_limits<float>::quiet_NaN());
  const kernels::real_source<float> source{x};
  kernels::multiply_as<real_tile_product<View>>(kernels::ops_of(a), w, source,
                                                matrix_view<float>(y.data(), x.rows(), w.rows()));
  return y;
}

/// Within the bound, the same bits for 7 tokens (looked up while multiplying) and for 8 (written
/// out first), and for packed tiles.
template <class F>
void check(index_t rows, index_t cols, auto and_tiles) {
  CAPTURE(format_name<F>);
  const test::random_matrix weights(rows, cols, 5), x(8, cols, 6);
  const auto q = quantize<F>(weights.view());
  const auto view = q.view();
  for (const arch a : {arch::scalar, arch::avx2, arch::runtime}) {
    CAPTURE(int(a));
    const auto y = multiply(a, view, x.view());
    const double bound = double((cols + 15) / 16 + 16) * 0x1p-23;
    index_t wrong = 0;
    for (index_t t = 0; t < 8; ++t)
      for (index_t r = 0; r < rows; ++r) {
        double exact = 0, size = 0;
        for (index_t c = 0; c < cols; ++c) {
          const double p = double(view.at(r, c)) * double(x(t, c));
          exact += p;
          size += std::fabs(p);
        }
        wrong += !(std::fabs(double(y[std::size_t(t * rows + r)]) - exact) <= bound * size);
      }
    CHECK(wrong == 0);
    const matrix_view<const float> seven(x.values.data(), 7, cols);
    CHECK(multiply(a, view, seven) == std::vector<float>(y.begin(), y.begin() + 7 * rows));
    if constexpr (and_tiles) {
      const auto tiles = repack<host_layout>(view);
      CHECK(multiply(a, tiles.view(), x.view()) == y);
    }
  }
}

}  // namespace

TEST_CASE("products by tiles: a table of 16, chunks and pieces of columns") {
  check<format<normal_float<4>, per_group<32>>>(19, 1330, std::true_type{});
}
TEST_CASE("products by tiles: equal steps of more than 4 bits, with integer zeros") {
  check<format<uniform<5, asymmetric>, per_group<20>>>(17, 261, std::false_type{});
}
TEST_CASE("products by tiles: which formats take them") {
  using kernels::adds_minima_exactly;
  using kernels::has_tile_values;
  CHECK(has_tile_values<format<normal_float<4>, per_row>>);
  CHECK(has_tile_values<format<uniform<8>, per_group<32>>>);
  CHECK(has_tile_values<format<learned_table<4>, per_row>>);
  CHECK(!has_tile_values<format<learned_table<5>, per_row>>);    // more than 16 levels
  CHECK(!has_tile_values<format<uniform<4>, per_block<1, 6>>>);  // no whole quads
  CHECK(!has_tile_values<format<uniform<4>, per_column>>);       // a scale per column
  CHECK(!has_tile_values<format<uniform<12>, per_row>>);         // too many levels
  CHECK(adds_minima_exactly<uniform<6, minimum>>);
  CHECK(adds_minima_exactly<uniform<6, centred>>);
  CHECK(!adds_minima_exactly<normal_float<4>>);
}
