// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same beside CUDA's global names: those that nvcc brings into every file, and its number
// types.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>

#include "support/compiled_kernels.hpp"
#include "support/use_names.hpp"

TEST_CASE("public names mean lowbit's things beside CUDA's") {
  use_public_names();
  CHECK(double(__half2float(__float2half(1.5f))) == 1.5);
}
