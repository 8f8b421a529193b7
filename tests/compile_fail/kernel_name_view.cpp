// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The name of a host's kernel for a view of device memory.
// expect: lowbit::kernel_name: W is neither a format nor a quantized matrix or a view
#include <lowbit/lowbit.hpp>

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;
#ifdef LOWBIT_MUST_FAIL
using view = lb::quantized_view<w4, lb::canonical, lb::device>;
#else
using view = lb::quantized_view<w4>;
#endif

int main() { static_cast<void>(lb::kernel_name<view>()); }
