// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/lloyd_max.hpp>
#include <lowbit/quantizers/minifloat.hpp>
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

/// Levels that a table holds, with minima.
struct table_minimum : uniform<5, minimum> {
  using strategy = table_codes;
};

}  // namespace

TEST_CASE("products by tiles: a table of 16, chunks and pieces of columns") {
  check<format<normal_float<4>, per_group<32>>>(19, 1330, std::true_type{});
}
TEST_CASE("products by tiles: equal steps of more than 4 bits, with integer zeros") {
  check<format<uniform<5, asymmetric>, per_group<20>>>(17, 261, std::false_type{});
}
TEST_CASE("products by tiles: fields of floats") {
  check<format<fp8_e4m3, per_group<32>>>(18, 1100, std::true_type{});
  check<format<fp8_e5m2, per_row>>(16, 70, std::true_type{});
  check<format<fp6_e2m3, per_group<32>>>(17, 100, std::true_type{});
  check<format<fp6_e3m2, per_group<20>>>(3, 61, std::false_type{});
}
TEST_CASE("products by tiles: tables of more than 16 levels") {
  check<format<lloyd_max<5>, per_group<32>>>(18, 1100, std::true_type{});
  check<format<learned_table<7>, per_row>>(16, 70, std::true_type{});
  check<format<table_minimum, per_group<20>>>(17, 130, std::false_type{});
}
TEST_CASE("products by tiles: every code of every field is its level, times any x") {
  const auto check_codes = [&]<class Q>(std::type_identity<Q>) {
    CAPTURE(std::string_view(Q::name));
    constexpr index_t codes = index_t(1) << Q::bits;
    std::vector<float> weights(16 * std::size_t(codes)), y(16);
    for (code_t c = 0; c < codes; ++c)
      for (std::size_t r = 0; r < 16; ++r) {
        const float v = Q::decode((c + unsigned(r)) % codes);
        weights[r * codes + c] = is_finite(v) ? v : 0;
      }
    const auto w =
        quantize<format<Q, unscaled>>(matrix_view<const float>(weights.data(), 16, codes));
    const auto tiles = repack<host_layout>(w);
    for (const arch a : {arch::scalar, arch::avx2, arch::runtime})
      for (index_t k = 0; k < codes; ++k) {
        std::vector<float> x(static_cast<std::size_t>(codes));
        x[std::size_t(k)] = -1.5f;
        const auto got = multiply(a, tiles.view(), matrix_view<const float>(x.data(), 1, codes));
        for (std::size_t r = 0; r < 16; ++r)
          if (got[r] != -1.5f * weights[r * codes + std::size_t(k)]) FAIL(int(a), k, r);
      }
  };
  check_codes(std::type_identity<fp8_e4m3>());
  check_codes(std::type_identity<fp8_e5m2>());
  check_codes(std::type_identity<fp6_e2m3>());
}
TEST_CASE("products by tiles: how levels are found") {
  using kernels::kind_of_levels;
  using kernels::level_kind;
  CHECK(kind_of_levels<uniform<4>> == level_kind::table16);
  CHECK(kind_of_levels<uniform<5>> == level_kind::codes);
  CHECK(kind_of_levels<fp8_e4m3> == kernels::fields_of(8, 4));
  CHECK(kind_of_levels<fp6_e3m2> == kernels::fields_of(6, 3));
  CHECK(kind_of_levels<ue4m3> == level_kind::table256_upper);  // no sign
  CHECK(kind_of_levels<minifloat<4, 3, flavour::fn, 9>> == level_kind::table256_upper);
  CHECK(kind_of_levels<lloyd_max<5>> == level_kind::table256);
  CHECK(kind_of_levels<learned_table<6>> == level_kind::table256);
}
TEST_CASE("products by tiles: which formats take them") {
  using kernels::adds_minima_exactly;
  using kernels::has_tile_values;
  CHECK(has_tile_values<format<normal_float<4>, per_row>>);
  CHECK(has_tile_values<format<uniform<8>, per_group<32>>>);
  CHECK(has_tile_values<format<learned_table<4>, per_row>>);
  CHECK(has_tile_values<format<learned_table<5>, per_row>>);
  CHECK(!has_tile_values<format<uniform<4>, per_block<1, 6>>>);  // no whole quads
  CHECK(!has_tile_values<format<uniform<4>, per_column>>);       // a scale per column
  CHECK(!has_tile_values<format<uniform<12>, per_row>>);         // too many levels
  CHECK(adds_minima_exactly<uniform<6, minimum>>);
  CHECK(adds_minima_exactly<uniform<6, centred>>);
  CHECK(!adds_minima_exactly<normal_float<4>>);
}
