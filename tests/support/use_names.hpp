// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a user writes who says "using namespace lowbit" beside the C headers. (project/names asks
// the compilers about every public name; this is a program that lives with them.)
#pragma once
#include <doctest/doctest.h>
#include <math.h>
#include <stdlib.h>

#include <lowbit/lowbit.hpp>
#include <vector>

using namespace lowbit;

inline void use_public_names() {
  using w4 = format<uniform<4, asymmetric>, per_group<32>>;
  using w_row = format<uniform<8>, per_row>;
  const std::vector<float> weights(2 * 64, 1.5f), x(64, 2.0f);
  std::vector<float> y(2), decoded(2 * 64);
  const matrix_view<const float> m(weights.data(), 2, 64);

  const quantized_matrix<w4> w = quantize<w4>(m, minmax{}, serial{});
  const quantized_view<w4> view = w.view();
  dequantize(view, matrix_view<float>(decoded.data(), 2, 64));
  gemv(view, x, y);
  CHECK(fabs(double(y[1]) - 192.0) < 0.2);
  CHECK(fabs(double(decoded[0]) - 1.5) < 1e-3);
  const any_matrix any = quantize<w_row>(m, absmax{}, nearest{});
  gemv(any, x, y);
  CHECK(fabs(double(y[0]) - 192.0) < 0.2);

  const span<const float> s = weights;
  const extent shape = m.shape();
  const index_t groups = ceil_div(shape.cols, 32);
  CHECK(s.size() == shape.rows * shape.cols);
  CHECK(groups == 2);
  // C's names still mean C's functions.
  CHECK(abs(-1) + static_cast<int>(sqrt(4.0)) == 3);
  CHECK(exp2(3.0) == 8.0);
  CHECK(isfinite(pow(2.0, 10.0)));
}
