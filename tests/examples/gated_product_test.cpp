// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel of examples/04_foreign_kernel.cu in lockstep, in the layouts that it may meet.
#include <doctest/doctest.h>
#include <math.h>

#include "../examples/gated_product.hpp"
#include "support/compiled_kernels.hpp"
#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

/// Rows of x and y: up to 8 tokens. Weights become halves, sums are binary32.
template <class Layout>
void check(int tokens) {
  using F = format<normal_float<4>, per_group<64>>;
  using matrix = test::lockstep_runner::matrix<quantized_matrix<F, Layout>>;
  const index_t rows = 37, cols = 150;
  const auto gate = quantize<F>(test::random_matrix(rows, cols, 1).view());
  const auto up = quantize<F>(test::random_matrix(rows, cols, 2).view());
  const matrix device_gate(repack<Layout>(gate)), device_up(repack<Layout>(up));
  const auto x = test::activations<float16>(tokens, cols);
  for (const lockstep_order order : {lockstep_order::forward, lockstep_order::reverse}) {
    std::vector<float> y(std::size_t(tokens * rows), test::unwritten<float>());
    lockstep_launcher(order).launch(gated_product{}, 2, 2, 0, device_gate.view(), device_up.view(),
                                    x.data(), tokens, y.data());
    index_t wrong = 0;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < rows; ++r) {
        double g = 0, u = 0, g_size = 0, u_size = 0;
        for (index_t c = 0; c < cols; ++c) {
          const double v = double(float(x[std::size_t(t * cols + c)]));
          g += double(gate.view().at(r, c)) * v;
          u += double(up.view().at(r, c)) * v;
          g_size += std::fabs(double(gate.view().at(r, c)) * v);
          u_size += std::fabs(double(up.view().at(r, c)) * v);
        }
        const double silu = g / (1 + std::exp(-g));  // its slope is at most 1.1
        const double bound = 0x1p-11 * (1.1 * g_size * std::fabs(u) + std::fabs(silu) * u_size +
                                        0x1p-10 * g_size * u_size);
        wrong += !(std::fabs(double(y[std::size_t(t * rows + r)]) - silu * u) <= 1.05 * bound);
      }
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("the gated layer is right in either layout, for one token and for eight") {
  for (const int tokens : {1, 3, 8}) {
    check<canonical>(tokens);
    check<mma16>(tokens);
  }
}
