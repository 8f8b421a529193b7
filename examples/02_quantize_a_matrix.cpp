// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The format says how values are stored. How the codes are found is an argument of quantize: the
// type, the file and the kernels stay the same.
#include <cmath>
#include <cstdio>
#include <lowbit/safetensors.hpp>

#include "weights.hpp"

namespace lb = lowbit;
using w3 = lb::format<lb::uniform<3>, lb::per_group<64>, lb::sparse<>>;

int main() {
  std::vector<float> weights = random_weights(256 * 1024);
  const lb::matrix_view<const float> matrix(weights.data(), 256, 1024);
  const auto show = [&](const char* how, const lb::quantized_matrix<w3>& q) {
    const lb::comparison c = lb::compare(matrix, q.view());
    std::printf("%-34s %.3f bits  %.2f dB\n", how, c.bits_per_weight, c.sqnr_db);
  };

  show("the largest 1 % apart", lb::quantize<w3>(matrix));
  show("0.3 % apart", lb::quantize<w3>(matrix, lb::top_fraction{0.003}));
  // Arguments are known by what they are, so their order is free.
  const auto best = lb::quantize<w3>(matrix, lb::mse_grid{}, lb::thread_pool{}, lb::n_sigma{5});
  show("beyond 5 sigma, ranges searched", best);

  lb::save("example.safetensors", "layer.weight", best);
  const lb::matrix_file file("example.safetensors");
  show("saved and loaded", file.load<w3>("layer.weight"));
  std::remove("example.safetensors");

  weights[5000] = std::nanf("");
  try {
    lb::quantize<w3>(matrix);
  } catch (const lb::error& e) {
    std::puts(e.what());
  }
}
