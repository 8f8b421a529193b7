// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What compiled_kernels.hpp declares but for real products.
#define COMPILED_KERNELS template
#include "compiled_kernels.hpp"
