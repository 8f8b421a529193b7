// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/formats/integer.hpp>
#include <lowbit/storage/random_matrix.hpp>

namespace lb = lowbit;

TEST_CASE("a random matrix has the shape asked for, finite values and varied codes") {
  using F = lb::q8_0::matrix_type::format_type;
  const auto m = lb::random_matrix<F>({200, 96});
  CHECK(m.shape() == lb::extent{200, 96});
  const auto w = m.view();
  int positive = 0;
  for (lb::index_t r = 0; r < 200; ++r)
    for (lb::index_t c = 0; c < 96; ++c) {
      CHECK(lb::is_finite(w.at(r, c)));
      positive += w.at(r, c) > 0;
    }
  CHECK(positive > 200 * 96 / 3);
  CHECK(positive < 200 * 96 * 2 / 3);
  CHECK(w.at(0, 5) == w.at(64, 5));
}
