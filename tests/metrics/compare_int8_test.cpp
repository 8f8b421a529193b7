// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/metrics/compare_int8.hpp>

#include <doctest/doctest.h>

#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

TEST_CASE("exact int8 levels cost nothing, rounded ones a little") {
  const test::random_matrix w(7, 90, 3);
  const auto exact = quantize<format<uniform<8, asymmetric>, per_group<32>>>(w.view());
  CHECK(compare_int8(w.view(), exact.view()).mse == compare(w.view(), exact.view()).mse);
  CHECK(compare_int8(w.view(), exact.view()).max_abs == compare(w.view(), exact.view()).max_abs);
  const auto rounded = quantize<format<normal_float<4>, per_group<32>, sparse<>>>(w.view());
  const comparison real = compare(w.view(), rounded.view());
  const comparison integer = compare_int8(w.view(), rounded.view());
  CHECK(integer.mse != real.mse);
  CHECK(integer.mse < 1.02 * real.mse);
  CHECK(integer.bits_per_weight == real.bits_per_weight);
}

TEST_CASE("the price of a rounded level, by hand") {
  // NF4's levels under scale 1: 0.0796 is 10.1 of 127 steps, so that the integer product uses 10.
  const float level = normal_float<4>::decode(8);
  const float values[] = {1, level};
  const auto w =
      quantize<format<normal_float<4>, per_row::with<f32>>>(matrix_view<const float>(values, 1, 2));
  const matrix_view<const float> original(values, 1, 2);
  REQUIRE(compare(original, w.view()).mse == 0);
  CHECK(compare_int8(original, w.view()).max_abs ==
        doctest::Approx(double(level) - 10.0 / 127).epsilon(1e-4));
}

TEST_CASE("formats without integer products are compared as they are") {
  const test::random_matrix w(3, 20, 3);
  const auto q = quantize<format<f16, unscaled>>(w.view());
  CHECK(compare_int8(w.view(), q.view()).mse == compare(w.view(), q.view()).mse);
  CHECK_THROWS_WITH_AS(compare_int8(w.view(), quantized_view<format<uniform<4>>>()),
                       "lowbit: original: 3 x 20, expected 0 x 0", error);
}
