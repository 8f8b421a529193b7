// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A quantizer of your own (see fib3.hpp) composes with everything, and every kernel takes it.
#include <cstdio>

#include "fib3.hpp"
#include "weights.hpp"

namespace lb = lowbit;
using w3 = lb::format<fib3, lb::per_group<64>, lb::sparse<>>;

int main() {
  const std::vector<float> weights = random_weights(256 * 1024), x(1024, 1.0f);
  const lb::matrix_view<const float> matrix(weights.data(), 256, 1024);
  std::vector<float> real(256), integer(256);

  const auto w = lb::quantize<w3>(matrix, lb::mse_grid{});
  lb::gemv(w.view(), x, real);
  lb::gemv(w.view(), lb::as<lb::a8>(x), integer);  // its levels are integers: exact int8 products

  const lb::comparison c = lb::compare(matrix, w.view());
  std::printf("fib3: %.3f bits, %.2f dB; y[0] = %f, with integers %f\n", c.bits_per_weight,
              c.sqnr_db, real[0], integer[0]);
}
