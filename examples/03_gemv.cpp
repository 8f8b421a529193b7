// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with packed weights: nothing is decoded but what is being multiplied. Activations are
// real, or quantized on the way.
#include <cmath>
#include <cstdio>
#include <string>

#include "weights.hpp"

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<64>>;

int main() {
  constexpr std::size_t rows = 512, cols = 4096;
  const std::vector<float> weights = random_weights(rows * cols), x = random_weights(cols);
  const lb::matrix_view<const float> matrix(weights.data(), rows, cols);
  std::vector<float> exact(rows), y(rows);
  for (std::size_t i = 0; i < rows * cols; ++i) exact[i / cols] += weights[i] * x[i % cols];
  const auto show = [&](const std::string& how) {
    double error = 0, size = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      error += std::pow(double(y[r] - exact[r]), 2);
      size += std::pow(double(exact[r]), 2);
    }
    std::printf("%-40s off by %.2f %%\n", how.c_str(), 100 * std::sqrt(error / size));
  };

  const auto w = lb::quantize<w4>(matrix);
  std::printf("%.2f MB instead of %.2f\n", double(w.bytes()) / 1e6, 4e-6 * double(rows * cols));

  lb::gemv(w.view(), x, y);
  show("real activations");
  lb::gemv(w.view(), lb::as<lb::a8>(x), y);
  show("int8 activations, integer products");

  // One x for several matrices (q, k, v) is prepared once; a workspace saves the allocation.
  const auto prepared = lb::prepare(lb::as<lb::a8>(x));
  lb::workspace memory;
  lb::gemv(w.view(), prepared, y, lb::thread_pool{2}, memory);
  show("the same, prepared, on two threads");

  // A format known only at run time, of those that the program lists (all: lb::known_formats).
  using known = lb::format_list<lb::nf4, lb::q4_0>;
  const lb::any_matrix any = lb::quantize_as<known>("nf4", matrix);
  lb::gemv(any, x, y);
  show(std::string(any.format()));
}
