// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel of examples/04_foreign_kernel.cu in lockstep, in the layouts that it may meet.
#include <doctest/doctest.h>
#include <math.h>

#include "../examples/gated_product.hpp"
#include "support/compiled_kernels.hpp"
#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

template <class Layout>
void check() {
  using F = format<normal_float<4>, per_group<64>>;
  using matrix = test::lockstep_runner::matrix<quantized_matrix<F, Layout>>;
  const index_t rows = 21, cols = 150;
  const auto gate = quantize<F>(test::random_matrix(rows, cols, 1).view());
  const auto up = quantize<F>(test::random_matrix(rows, cols, 2).view());
  const matrix device_gate(repack<Layout>(gate)), device_up(repack<Layout>(up));
  const auto x = test::activations<float>(1, cols);
  for (const lockstep_order order : {lockstep_order::forward, lockstep_order::reverse}) {
    std::vector<float> y(std::size_t(rows), test::unwritten<float>());
    lockstep_launcher(order).launch(gated_product{}, 6, 4, 0, device_gate.view(), device_up.view(),
                                    x.data(), y.data());
    for (index_t r = 0; r < rows; ++r) {
      double g = 0, u = 0;
      for (index_t c = 0; c < cols; ++c) {
        g += double(gate.view().at(r, c)) * double(x[std::size_t(c)]);
        u += double(up.view().at(r, c)) * double(x[std::size_t(c)]);
      }
      CHECK(double(y[std::size_t(r)]) == doctest::Approx(g / (1 + std::exp(-g)) * u).epsilon(1e-4));
    }
  }
}

}  // namespace

TEST_CASE("the gated layer is right in either layout") {
  check<canonical>();
  check<mma16>();
}
