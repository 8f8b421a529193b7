// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/exec/spmd.hpp>

#include "kernels/device/quantize_runs.hpp"

using namespace lowbit;

namespace {

template <class F>
void check() {
  constexpr index_t rows = 2, cols = 300;
  std::vector<float> x(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = philox{8}.normal(i);
  const auto expected = test::planes_of<F>(matrix_view<const float>(x.data(), rows, cols));
  test::stored_planes out = expected;
  std::fill(out.codes.begin(), out.codes.end(), 0xa5);
  std::fill(out.scales.begin(), out.scales.end(), 0xa5);
  const quantize_task<float> task{x.data(),         cols, {rows, cols}, out.codes.data(),
                                  out.scales.data(), &out.tensor_scale};
  test::launch_quantize<F>(
      task, 2, 2,
      [](const auto& kernel, int blocks, std::size_t shared, const auto&... arguments) {
        run_spmd(blocks, 2, shared, kernel, arguments...);
      });
  CHECK(out == expected);
}

}  // namespace

TEST_CASE("quantization by threads: groups in a warp, whole rows, a tensor scale first") {
  check<a8>();
  check<format<uniform<8>, per_row::with<f32>>>();
  check<format<fp4_e2m1, microscaling<16, e4m3>>>();
}
