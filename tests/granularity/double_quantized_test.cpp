// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/double_quantized.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/normal_float.hpp>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {
using qlora = double_quantized<64, uniform<8>, 256>;
using lq_lora = double_quantized<64, uniform<8, nonnegative>, 256>;
}  // namespace

TEST_CASE("names say all of it") {
  CHECK(std::string_view(qlora::name) ==
        "per_group<64,displaced<uniform<8,symmetric>>/per_group<256,f32>>");
}

TEST_CASE("0.127 bits per weight for the scales of QLoRA, less than a hundredth of the error") {
  const index_t rows = 16, cols = 64 * 256;
  const test::random_matrix m(rows, cols, 1);
  const auto w = quantize<format<normal_float<4>, qlora>>(m.view());
  // 8 bits per 64 weights, 32 per 64 * 256, and one f32 for the matrix.
  const double overhead = 8.0 / 64 + 32.0 / (64 * 256) + 32.0 / double(rows * cols);
  CHECK(w.bits_per_weight() == doctest::Approx(4 + overhead).epsilon(1e-12));

  const auto single = quantize<format<normal_float<4>, per_group<64, f32>>>(m.view());
  double sum = 0, sum_single = 0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; c += 7) {
      const double d = double(w.view().at(r, c)) - double(m(r, c)),
                   e = double(single.view().at(r, c)) - double(m(r, c));
      sum += d * d, sum_single += e * e;
    }
  CHECK(sum < 1.01 * sum_single);
}

TEST_CASE("the offset is the mean of the scales, or the least where codes have no sign") {
  const index_t rows = 4, cols = 64 * 5;
  const test::random_matrix m(rows, cols, 2);
  double mean = 0;
  float least = 1e30f;
  for (index_t r = 0; r < rows; ++r)
    for (index_t g = 0; g < 5; ++g) {
      const float scale = test::largest_in(m, r, 1, 64 * g, 64) / 7;
      mean += double(scale) / (rows * 5);
      least = scale < least ? scale : least;
    }
  const auto q = quantize<format<uniform<4>, qlora>>(m.view());
  const auto lq = quantize<format<uniform<4>, lq_lora>>(m.view());
  CHECK(double(q.view().main.groups.scale[0].params(0, 0).zero) ==
        doctest::Approx(mean).epsilon(1e-6));
  CHECK(lq.view().main.groups.scale[0].params(3, 4).zero == least);
  for (index_t r = 0; r < rows; ++r)
    for (index_t g = 0; g < 5; ++g) {
      const float exact = test::largest_in(m, r, 1, 64 * g, 64) / 7;
      CHECK(q.view().main.params(r, 64 * g).scale[0] == doctest::Approx(exact).epsilon(0.01));
      CHECK(lq.view().main.params(r, 64 * g).scale[0] == doctest::Approx(exact).epsilon(0.01));
    }
}
