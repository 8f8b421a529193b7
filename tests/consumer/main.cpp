// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "use_lowbit.hpp"

int main() { return use_lowbit().right ? 0 : 1; }
