// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/displaced.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/per.hpp>
#include <lowbit/quantize.hpp>

using namespace lowbit;

TEST_CASE("displaced levels share one f32 offset, and what lies on the lattice is exact") {
  using F = format<displaced<uniform<4>>, per_group<8, f32>>;
  std::vector<float> x;
  for (int i = 0; i < 16; ++i) x.push_back(100 + 0.5f * float(i % 2 == 0 ? i / 2 : -(i / 2)));
  x[14] = 100;  // mean 100, and both groups within +-3.5
  x[15] = 100;
  const auto q = quantize<F>(matrix_view<const float>(x.data(), 1, 16));
  CHECK(q.view().main.params(0, 3).zero == q.view().main.params(0, 12).zero);
  CHECK(q.view().main.params(0, 0).zero == doctest::Approx(100).epsilon(1e-3));
  CHECK(q.bytes() == 8 + 2 * 4 + 4);
  for (index_t c = 0; c < 16; ++c)
    CHECK(q.view().at(0, c) == doctest::Approx(x[std::size_t(c)]).epsilon(.003));
}

TEST_CASE("a displaced set is named after its levels") {
  CHECK(std::string_view(displaced<uniform<8>>::name) == "displaced<uniform<8,symmetric>>");
}
