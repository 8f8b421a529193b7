// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/int8_activations.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;

TEST_CASE("scale and levels are those of quantize") {
  const auto check = [&]<class Number>(Number, index_t n) {
    const auto x = test::random_matrix(1, n, 11);
    const auto q = quantize<format<uniform<8>, per_group<whole, Number>>>(x.view());
    float top = 0;
    for (const float v : x.values) top = std::fmax(top, std::fabs(v));
    const float scale = kernels::int8_activation_scale<Number>(top);
    int wrong = 0;
    for (index_t c = 0; c < n; ++c)
      wrong += float(kernels::int8_activation_level(x.values[std::size_t(c)], scale)) * scale !=
               q.view().at(0, c);
    CHECK(wrong == 0);
  };
  for (const index_t n : {1, 5, 300}) {
    check(f32{}, n);
    check(f16{}, n);
    check(bf16{}, n);
  }
}
TEST_CASE("ties go to even, and what a rounded scale makes too large ends at 127") {
  using kernels::int8_activation_level;
  CHECK(int8_activation_level(2.5f, 1) == 2);
  CHECK(int8_activation_level(-3.5f, 1) == -4);
  CHECK(int8_activation_level(127.6f, 1) == 127);
  CHECK(int8_activation_level(-1e30f, 1) == -127);
}
TEST_CASE("zeros, and what is not finite") {
  using kernels::int8_activation_level;
  CHECK(kernels::int8_activation_scale<f32>(0) == 0);
  CHECK(int8_activation_level(0, 0) == 0);
  CHECK(int8_activation_level(1, 0) == 0);
  for (const float top : {std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    CHECK(std::isnan(kernels::int8_activation_scale<f32>(top)));
    CHECK(std::isnan(kernels::int8_activation_scale<e4m3>(top)));
    CHECK(int8_activation_level(top, kernels::int8_activation_scale<f32>(top)) == 0);
  }
}
