// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of int4_g32: compiled for other GPUs than the tests are (see CMakeLists.txt).
#define LOWBIT_TEST_PART 5
#define LOWBIT_TEST_PARTS 1000
#include "gpu/named_formats_test.cu"
