// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled several times with different flags; each build exports use_lowbit under its own name.
#include "use_lowbit.hpp"

extern "C" void BUILD_NAME(answer* a) { *a = use_lowbit(); }
