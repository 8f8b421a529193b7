// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/tensor_path.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>

using namespace lowbit;

TEST_CASE("tensor cores take real values of up to 8 bits, one for each code") {
  CHECK(kernels::has_tensor_path<format<uniform<4>, per_group<32>>>);
  CHECK(kernels::has_tensor_path<format<normal_float<4>, per_group<64>>>);
  CHECK(!kernels::has_tensor_path<format<complex_unit, per_group<64>>>);
  CHECK(kernels::has_tensor_axes<format<complex_unit, per_group<64>>>);
  CHECK(!kernels::has_tensor_axes<format<uniform<4>, per_group<64>>>);
  CHECK(kernels::has_tensor_path<format<vector_codebook<4, 8>, per_row>>);
  CHECK(!kernels::has_tensor_path<format<f16, unscaled>>);
}
