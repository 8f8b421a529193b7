// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/quantized_rows.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/device/lockstep_launcher.hpp>
#include <lowbit/quantize.hpp>
#include <vector>

#include "support/random_matrix.hpp"

using namespace lowbit;

TEST_CASE("levels, scales and values are those of quantize, of short last groups too") {
  constexpr index_t tokens = 3, cols = 75;
  const test::random_matrix x(tokens, cols, 5);
  const auto host = quantize<a8>(x.view());
  std::vector<std::uint64_t> memory(4096);
  detail::carver carver(memory.data());
  const kernels::quantized_rows<a8> rows(cols, tokens, carver);
  std::vector<float> values(tokens * 80, -1.f);
  rows.run(lockstep_launcher{}, kernels::device_int8<a8, float>{x.view()}, values.data(),
           80);
  CHECK(rows.rows().groups == 3);
  CHECK(rows.rows().stride == 76);
  for (index_t t = 0; t < tokens; ++t) {
    for (index_t c = 0; c < cols; ++c) {
      CHECK(values[std::size_t(t * 80 + c)] == host.view().at(t, c));
      CHECK(rows.rows().scales[t * 3 + c / 32] * float(rows.rows().levels[t * 76 + c]) ==
            host.view().at(t, c));
    }
    CHECK(rows.rows().levels[t * 76 + 75] == 0);
    CHECK(values[std::size_t(t * 80 + 75)] == -1);
  }
}
