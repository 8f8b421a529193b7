// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/random_matrix.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>

#include "support/compiled_kernels.hpp"

using namespace lowbit;

TEST_CASE("a random matrix has the shape asked for, finite values and varied codes") {
  const auto m = random_matrix<q8_0::format_type>({200, 96});
  CHECK(m.shape() == extent{200, 96});
  const auto w = m.view();
  int positive = 0;
  for (index_t r = 0; r < 200; ++r)
    for (index_t c = 0; c < 96; ++c) {
      CHECK(is_finite(w.at(r, c)));
      positive += w.at(r, c) > 0;
    }
  CHECK(positive > 200 * 96 / 3);
  CHECK(positive < 200 * 96 * 2 / 3);
  CHECK(w.at(0, 5) == w.at(64, 5));
  CHECK(random_matrix<q8_0::format_type>({200, 96}, 2).data().main.codes != m.data().main.codes);
}

TEST_CASE("a random linear: every term is random, transforms are those that quantize gave") {
  const auto quantize = [](matrix_view<const float> w) {
    CHECK(w.rows() == 64);
    return complex_unit_x2_g64::quantize(w, serial{});
  };
  const auto m = random_matrix(extent{500, 90}, quantize);
  CHECK(m.shape() == extent{500, 90});
  CHECK(m.inner_shape() == extent{250, 45});
  const auto& [first, second, third] = m.terms();
  CHECK(first.data().main.codes != second.data().main.codes);
  CHECK(std::get<0>(third.terms()).data().main.codes !=
        std::get<1>(third.terms()).data().main.codes);
  const auto rotated = random_matrix(extent{100, 90}, [](matrix_view<const float> w) {
    return int4_g64_hadamard::quantize(w, serial{});
  });
  CHECK(rotated.shape() == extent{100, 90});
  rotated.in().for_each([](const hadamard& h) { CHECK(h.seed == 1); });
}

TEST_CASE("fewer rows than 64, and none") {
  CHECK(random_matrix<nf4::format_type>({3, 10}).shape() == extent{3, 10});
  CHECK(random_matrix<nf4::format_type>({0, 10}).shape() == extent{0, 10});
  CHECK(random_matrix<nf4::format_type>({100, 0}).shape() == extent{100, 0});
}

TEST_CASE("with outliers the whole is encoded, so that their share is right") {
  const auto m = random_matrix<int3_g64_sparse::format_type>({200, 100});
  CHECK(m.data().apart.columns.size() == 200);
}
