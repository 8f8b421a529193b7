// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "one_build.cpp"
