// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A format is composed of up to three parts: how a value becomes a code, where the scales live, and
// what is kept apart. Any such type can be quantized to, saved, compared and multiplied.
#include <cstdio>

#include "weights.hpp"

namespace lb = lowbit;

using w4 = lb::format<lb::uniform<4>, lb::per_group<128>>;
using nvfp4 = lb::format<lb::fp4_e2m1, lb::microscaling<16, lb::e4m3>>;
using post4 = lb::format<lb::post<4>, lb::per_row>;
using w3_apart = lb::format<lb::uniform<3>, lb::per_group<64>, lb::sparse<>>;
using spqr3 =
    lb::format<lb::uniform<3, lb::asymmetric>, lb::two_level<16, 16, lb::uniform<3>>, lb::sparse<>>;
using vq2 = lb::format<lb::vector_codebook<4, 8>, lb::per_row>;

template <class F>
void show(const std::vector<float>& weights) {
  const lb::matrix_view<const float> matrix(weights.data(), 256, 1024);
  const auto q = lb::quantize<F>(matrix);
  const lb::comparison c = lb::compare(matrix, q.view());
  std::printf("%6.3f bits  %5.2f dB  %s\n", c.bits_per_weight, c.sqnr_db,
              std::string(lb::format_name<F>).c_str());
}

int main() {
  const std::vector<float> weights = random_weights(256 * 1024);
  show<w4>(weights);
  show<nvfp4>(weights);
  show<post4>(weights);
  show<w3_apart>(weights);
  show<spqr3>(weights);
  show<vq2>(weights);
}
