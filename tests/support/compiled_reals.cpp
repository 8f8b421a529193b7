// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The real products that compiled_kernels.hpp declares: a file of their own, for compilers with
// sanitizers need gigabytes for each half.
#define COMPILED_REALS template
#include "compiled_kernels.hpp"
