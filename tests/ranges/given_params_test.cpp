// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/given_params.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>

using namespace lowbit;

TEST_CASE("groups have the scales and zeros of the caller") {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6}, scales = {1, 2}, zeros = {0, 3};
  const matrix_view<const float> m(x.data(), 2, 3), s(scales.data(), 2, 1), z(zeros.data(), 2, 1);
  const auto q = quantize<format<uniform<4, asymmetric>, per_row>>(m, given_params(s, z));
  CHECK(q.view().main.params(0, 0).scale[0] == 1);
  CHECK(q.view().main.params(1, 2).scale[0] == 2);
  CHECK(q.view().main.params(1, 2).zero == 3);
  CHECK(q.view().at(0, 2) == 3);
  const auto symmetric_codes = quantize<format<uniform<3>, per_row>>(m, given_params(s));
  CHECK(symmetric_codes.view().at(0, 2) == 3);
  CHECK(symmetric_codes.view().at(1, 2) == 6);
}

TEST_CASE("a group without a scale or zero is an error") {
  const std::vector<float> x(6, 1.f), scales = {1};
  const matrix_view<const float> m(x.data(), 2, 3), s(scales.data(), 1, 1);
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4>, per_row>>(m, given_params(s))),
                       "lowbit: scales: 1 x 1, and there is a group (1, 0)", error);
  CHECK_THROWS_WITH_AS((quantize<format<uniform<4, minimum>, per_tensor>>(m, given_params(s))),
                       "lowbit: zeros: 0 x 0, and there is a group (0, 0)", error);
}
